//! PeerAuthentication, `security.istio.io` v1 and v1beta1 (the same fields).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::WorkloadSelector;
use crate::model::Name;
use crate::wire::wire;

wire! {
    /// `spec` of a PeerAuthentication.
    #[derive(Clone, Debug)]
    pub struct PeerAuthentication {
        /// The workloads that it is about.
        pub selector: Option<WorkloadSelector> = "selector",
        /// The mode of all their ports.
        pub mtls: MutualTls = "mtls",
        /// The mode of single ports.
        pub port_level_mtls: PortMtls = "portLevelMtls",
    }
    unknown
}

wire! {
    /// A mode.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct MutualTls {
        /// The mode; absent is UNSET.
        pub mode: MtlsMode = "mode",
    }
}

/// Whether plaintext is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MtlsMode {
    /// What the level above says.
    #[default]
    Unset,
    /// No mTLS.
    Disable,
    /// Both.
    Permissive,
    /// mTLS only.
    Strict,
}

impl MtlsMode {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }

    /// Whether plaintext is taken whatever the level above says.
    #[must_use]
    pub fn exempts(self) -> bool {
        matches!(self, Self::Permissive | Self::Disable)
    }
}

/// Modes by workload port, in the order of the ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortMtls(pub BTreeMap<u16, MtlsMode>);

impl<'de> Deserialize<'de> for PortMtls {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = BTreeMap::<Name, Option<MutualTls>>::deserialize(deserializer)?;
        let number = |(port, mtls): (Name, Option<MutualTls>)| match port.parse() {
            Ok(number) => Ok((number, mtls.unwrap_or_default().mode)),
            Err(_) => Err(serde::de::Error::custom(format_args!("`{port}` is not a port number"))),
        };
        written.into_iter().map(number).collect::<Result<_, _>>().map(Self)
    }
}
