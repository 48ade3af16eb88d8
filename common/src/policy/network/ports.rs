//! The ports of a rule. Policies of the network are about the port that travels, at the pod that is called.

use crate::model::Name;

/// Which ports a rule is for, as far as TCP goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Ports {
    /// Every port.
    Every,
    /// Any of these; none when the rule names ports of other transports only.
    Any(Vec<Port>),
}

/// A port of a rule.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Port {
    /// Numbers from here to there.
    Range(u16, u16),
    /// A port that the pod declares.
    Named(Name),
}

/// The port that travels.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) enum Travelling<'a> {
    /// This one.
    Number(u16),
    /// Any but these.
    AnyBut(&'a [u16]),
}

/// Whether a port is one of a rule's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fits {
    Yes,
    No,
    /// That depends on the port: it is one of these that fit.
    Within(Vec<String>),
}

impl Ports {
    /// Whether no port of TCP is one of these.
    pub(super) fn is_never(&self) -> bool {
        matches!(self, Self::Any(ports) if ports.is_empty())
    }

    /// Whether the port that travels is one of these, at a pod that declares these names.
    pub(super) fn fit(&self, port: Travelling<'_>, declared: &[(Name, u16)]) -> Fits {
        let Self::Any(ports) = self else { return Fits::Yes };
        let mut within = Vec::new();
        for one in ports {
            match (one, port) {
                (Port::Range(first, last), Travelling::Number(number))
                    if (*first..=*last).contains(&number) =>
                {
                    return Fits::Yes;
                }
                (Port::Range(1 | 0, u16::MAX), Travelling::AnyBut(_)) => return Fits::Yes,
                (Port::Range(first, last), Travelling::AnyBut(others)) if first == last => {
                    if !others.contains(first) {
                        within.push(first.to_string());
                    }
                }
                (Port::Range(first, last), Travelling::AnyBut(_)) => within.push(format!("{first}-{last}")),
                (Port::Named(name), Travelling::Number(number)) => {
                    if declared.iter().any(|(of, at)| of == name && *at == number) {
                        return Fits::Yes;
                    }
                }
                // What a pod declares has a row of its own.
                (Port::Range(..), Travelling::Number(_)) | (Port::Named(_), Travelling::AnyBut(_)) => {}
            }
        }
        if within.is_empty() { Fits::No } else { Fits::Within(within) }
    }

    /// The single ports among them, at a pod that declares these names.
    pub(super) fn numbers(&self, declared: &[(Name, u16)]) -> Vec<u16> {
        let Self::Any(ports) = self else { return Vec::new() };
        let number = |port: &Port| match port {
            Port::Range(first, last) if first == last => Some(*first),
            Port::Named(name) => declared.iter().find(|(of, _)| of == name).map(|(_, at)| *at),
            Port::Range(..) => None,
        };
        ports.iter().filter_map(number).collect()
    }
}
