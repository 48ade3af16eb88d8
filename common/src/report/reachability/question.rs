//! From names to what is asked about: who calls, who is called, on which port.

use crate::model::{PortRef, WorkloadIndex};
use crate::policy::{Mesh, Target};
use crate::snapshot::{Locator, LocatorError, NotFound, Place};

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceQuestion {
    /// As we print it.
    pub name: String,
    /// What it stands for.
    pub place: Place,
}

/// A target, and the port if one was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetQuestion {
    /// As we print it.
    pub name: String,
    /// What is asked about.
    pub target: Target,
    /// The port; without, every port worth a row.
    pub port: Option<PortRef>,
}

impl SourceQuestion {
    /// Finds who is meant.
    ///
    /// # Errors
    /// When nothing has that name.
    pub fn find(mesh: &Mesh<'_>, text: &str, namespace: &str) -> Result<Self, NotFound> {
        let locator: Locator = text.parse().map_err(misspelt)?;
        if locator.port.is_some() {
            return Err(no_port_of_a_caller(text));
        }
        let place = mesh.snapshot.find(&locator, namespace)?;
        let name = super::names::of(mesh, &locator, &place, namespace);
        match &place {
            Place::Workloads(workloads) if workloads.is_empty() => Err(nothing_runs(&name)),
            Place::Service(at) => match mesh.snapshot.services.get(*at) {
                Some(service) if !service.endpoints_not_read && service.has_callers() => {
                    Ok(Self { name, place })
                }
                _ => Err(nothing_runs(&name)),
            },
            _ => Ok(Self { name, place }),
        }
    }
}

impl TargetQuestion {
    /// Finds what is meant.
    ///
    /// # Errors
    /// When nothing has that name, or when it only calls, or has no port of that name.
    pub fn find(mesh: &Mesh<'_>, text: &str, namespace: &str) -> Result<Self, NotFound> {
        let locator: Locator = text.parse().map_err(misspelt)?;
        let place = mesh.snapshot.find(&locator, namespace)?;
        let Some(target) = Target::of(&place) else {
            let message = format!("`{text}` can call, but nothing can be asked of it as a target");
            return Err(NotFound {
                message,
                hints: vec!["name a workload, a Service or an address".to_owned()],
            });
        };
        let name = super::names::of(mesh, &locator, &place, namespace);
        if matches!(&target, Target::Workloads(workloads) if workloads.is_empty()) {
            return Err(nothing_runs(&name));
        }
        Self { name, target, port: None }.at(mesh, locator.port)
    }

    /// The same on a port, if one is given.
    ///
    /// # Errors
    /// When the target has no port of that name: to ask about one that is misspelt must not be answered.
    pub(super) fn at(self, mesh: &Mesh<'_>, port: Option<PortRef>) -> Result<Self, NotFound> {
        let known = match &port {
            None => return Ok(self),
            Some(PortRef::Number(number)) => *number != 0,
            Some(PortRef::Name(wanted)) => {
                self.named_ports(mesh).iter().any(|(name, _)| name == wanted.as_ref())
            }
        };
        if known {
            return Ok(Self { port, ..self });
        }
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        let named = self.named_ports(mesh);
        let named: Vec<String> = named.iter().map(|(name, number)| format!("{name} ({number})")).collect();
        let hint = if named.is_empty() { Vec::new() } else { vec![format!("it has {}", named.join(", "))] };
        Err(NotFound { message: format!("`{}` has no port `{port}`", self.name), hints: hint })
    }

    /// The ports that have a name, with their numbers.
    fn named_ports(&self, mesh: &Mesh<'_>) -> Vec<(String, u16)> {
        let mut ports: Vec<(String, u16)> = match &self.target {
            Target::Service(at) => {
                let service = mesh.snapshot.services.get(*at);
                let ports = service.into_iter().flat_map(|s| s.ports.iter().chain(&s.other_ports));
                ports.filter_map(|port| Some((port.name.as_ref()?.to_string(), port.port))).collect()
            }
            Target::Workloads(workloads) => {
                let of = |index: &WorkloadIndex| {
                    mesh.workload(*index).map(|w| w.ports.as_slice()).unwrap_or_default()
                };
                let ports = workloads.iter().flat_map(of);
                ports.filter_map(|port| Some((port.name.as_ref()?.to_string(), port.number))).collect()
            }
            Target::Address(_) | Target::Node(_) => Vec::new(),
        };
        ports.sort();
        ports.dedup();
        ports
    }
}

fn nothing_runs(name: &str) -> NotFound {
    NotFound {
        message: format!("nothing that was read runs as `{name}` or stands behind it"),
        hints: Vec::new(),
    }
}

fn no_port_of_a_caller(text: &str) -> NotFound {
    NotFound {
        message: format!("`{text}` names a port, but who calls has none"),
        hints: vec!["give the port with the target: TARGET:PORT".to_owned()],
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn misspelt(error: LocatorError) -> NotFound {
    let hint = "write KIND/NAME, KIND/NAMESPACE/NAME, ip/ADDRESS, outside or spiffe://…".to_owned();
    NotFound { message: error.to_string(), hints: vec![hint] }
}
