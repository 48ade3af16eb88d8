//! Ports: of containers, by name or number, and the protocol that they carry.

use std::fmt;

use serde::Deserialize;

use super::Name;

/// The transport of a port. Policies of the mesh are about TCP; the others pass it by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Protocol {
    /// Also what an absent field means.
    #[default]
    Tcp,
    /// Never redirected.
    Udp,
    /// Never redirected.
    Sctp,
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*Name::deserialize(deserializer)? {
            "TCP" | "" => Ok(Self::Tcp),
            "UDP" => Ok(Self::Udp),
            "SCTP" => Ok(Self::Sctp),
            other => Err(serde::de::Error::unknown_variant(other, &["TCP", "UDP", "SCTP"])),
        }
    }
}

/// A port that a container declares.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ContainerPort {
    /// Its name, which Services may use instead of the number.
    pub name: Option<Name>,
    /// Its number.
    pub number: u16,
    /// Its transport.
    pub protocol: Protocol,
}

/// A port as a person or a Service names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PortRef {
    /// By number.
    Number(u16),
    /// By name.
    Name(Name),
}

impl PortRef {
    /// The reference in a text: a number where it is one.
    #[must_use]
    pub fn of(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.into()), Self::Number)
    }
}

/// Whether a port can be called so (Kubernetes staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go,
/// `IsValidPortName`): a name of digits only is none.
#[must_use]
pub fn is_port_name(text: &str) -> bool {
    const LONGEST: usize = 15;
    text.len() <= LONGEST
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for PortRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = PortRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number or name")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<PortRef, E> {
                u16::try_from(number)
                    .map(PortRef::Number)
                    .map_err(|_| E::custom(format_args!("{number} is not a port number")))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<PortRef, E> {
                u64::try_from(number).map_or_else(
                    |_| Err(E::custom(format_args!("{number} is not a port number"))),
                    |number| self.visit_u64(number),
                )
            }

            // A text is a name, also one of digits only: no port can be called so.
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PortRef, E> {
                Ok(PortRef::Name(text.into()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}
