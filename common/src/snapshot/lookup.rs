//! What a person means by `svc/edp/pg:5432`: reading the words, then finding the object.
//!
//! Names never cross namespaces: one that is not where it was looked for is an error that says where it is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::model::{Identity, Kind, Name, PortRef, ResourceRef, WorkloadIndex};

use super::MeshSnapshot;

mod not_found;
#[cfg(test)]
mod tests;

pub(super) use not_found::nearest;
pub use not_found::{NotFound, alike, by_likeness};

/// What a person typed, taken apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Locator {
    /// As it was typed.
    pub typed: Name,
    /// What is meant.
    pub subject: Subject,
    /// The port behind the last colon.
    pub port: Option<PortRef>,
}

/// What a [`Locator`] names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// `KIND/NAME` or `KIND/NAMESPACE/NAME`.
    Object {
        /// The kind.
        kind: Kind,
        /// The namespace, when it was given.
        namespace: Option<Name>,
        /// The name.
        name: Name,
    },
    /// A bare name: a pod.
    Bare(Name),
    /// `ip/ADDRESS`.
    Address(IpAddr),
    /// `outside`: no identity, and no address that is known.
    Outside,
    /// `spiffe://…`
    Identity(Identity),
}

/// A text that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocatorError {
    /// It is empty.
    #[error("an empty name names nothing")]
    Empty,
    /// The part before the first slash is no kind.
    #[error("`{0}` is not a kind that can be asked about")]
    Kind(String),
    /// There are too many slashes or an empty part.
    #[error("`{0}` is not KIND/NAME or KIND/NAMESPACE/NAME")]
    Form(String),
    /// Not an address.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// Not an identity.
    #[error(transparent)]
    Identity(#[from] crate::model::identity::InvalidIdentity),
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// Pods or templates: of an owner, of an account, of a namespace.
    Workloads(Vec<WorkloadIndex>),
    /// A Service, by its position in the snapshot.
    Service(usize),
    /// An address that belongs to nothing that was read.
    Address(IpAddr),
    /// A node's own network; with the address of the node that was asked for.
    Node(Name, Option<IpAddr>),
    /// No identity, and no address that is known.
    Outside,
    /// An identity that nothing runs as.
    Identity(Identity),
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let text = typed.trim();
        let (subject, port) = if text.starts_with(crate::model::identity::SCHEME) {
            (Subject::Identity(text.parse()?), None)
        } else if let Some(address) = text.strip_prefix("ip/") {
            address_and_port(address)?
        } else {
            let (name, port) = match text.rsplit_once(':') {
                Some((name, port)) => (name, Some(PortRef::of(port))),
                None => (text, None),
            };
            (subject(name)?, port)
        };
        Ok(Self { typed: text.into(), subject, port })
    }
}

fn subject(text: &str) -> Result<Subject, LocatorError> {
    if text.is_empty() {
        return Err(LocatorError::Empty);
    }
    if text == "outside" {
        return Ok(Subject::Outside);
    }
    let parts: Vec<&str> = text.split('/').collect();
    let kind = |typed: &str| Kind::from_typed(typed).ok_or_else(|| LocatorError::Kind(typed.to_owned()));
    match *parts.as_slice() {
        [name] => Ok(Subject::Bare(name.into())),
        _ if parts.iter().any(|part| part.is_empty()) => Err(LocatorError::Form(text.to_owned())),
        [typed, name] => Ok(Subject::Object { kind: kind(typed)?, namespace: None, name: name.into() }),
        [typed, namespace, name] => {
            Ok(Subject::Object { kind: kind(typed)?, namespace: Some(namespace.into()), name: name.into() })
        }
        _ => Err(LocatorError::Form(text.to_owned())),
    }
}

/// `10.0.0.7:80`, `[fd00::7]:80`, `fd00::7`. An IPv4-mapped address is one of IPv4.
fn address_and_port(text: &str) -> Result<(Subject, Option<PortRef>), LocatorError> {
    let invalid = || LocatorError::Address(text.to_owned());
    let address = |text: &str| {
        let parsed: Result<IpAddr, _> = text.parse();
        parsed.map(|address| Subject::Address(address.to_canonical())).map_err(|_| invalid())
    };
    if let Ok(address) = address(text) {
        return Ok((address, None));
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (inside, rest) = bracketed.split_once(']').ok_or_else(invalid)?;
        let port = match rest {
            "" => None,
            _ => Some(PortRef::of(rest.strip_prefix(':').ok_or_else(invalid)?)),
        };
        return Ok((address(inside)?, port));
    }
    let (inside, port) = text.rsplit_once(':').ok_or_else(invalid)?;
    Ok((address(inside)?, Some(PortRef::of(port))))
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl MeshSnapshot {
    /// Finds what a person means; names without a namespace are looked for in `namespace`.
    ///
    /// # Errors
    /// When nothing has that name there, with what has it elsewhere.
    pub fn find(&self, locator: &Locator, namespace: &str) -> Result<Place, NotFound> {
        match &locator.subject {
            Subject::Outside => Ok(Place::Outside),
            Subject::Address(address) => Ok(self.at(*address)),
            Subject::Identity(identity) => Ok(self.running_as(identity)),
            Subject::Bare(name) => self.named(&Kind::Pod, namespace, name, true),
            Subject::Object { kind: Kind::Namespace, name, .. } => {
                self.all_of(name).map(|workloads| Place::Workloads(workloads.to_vec()))
            }
            Subject::Object { kind: Kind::Node, name, .. } => self.node(name),
            Subject::Object { kind, namespace: Some(namespace), name } => {
                self.named(kind, namespace, name, false)
            }
            Subject::Object { kind, namespace: None, name } => self.named(kind, namespace, name, false),
        }
    }

    /// An object by its whole name, then `NAME.NAMESPACE`, istioctl's habit.
    fn named(&self, kind: &Kind, namespace: &str, name: &str, bare: bool) -> Result<Place, NotFound> {
        let whole = || self.object(kind, namespace, name);
        let split = || {
            let (name, namespace) = name.rsplit_once('.')?;
            self.object(kind, namespace, name)
        };
        whole().or_else(split).ok_or_else(|| match kind {
            Kind::Gateway => NotFound::gateway(self, namespace, name),
            _ => NotFound::object(self, kind, namespace, name, bare),
        })
    }

    fn object(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Place> {
        match kind {
            Kind::Service => {
                // They are in the order of their names.
                let wanted = ResourceRef::new(Kind::Service, namespace, name);
                self.services.binary_search_by(|s| s.reference.cmp(&wanted)).ok().map(Place::Service)
            }
            Kind::ServiceAccount => self.account(namespace, name),
            _ => {
                let found = self.matching(namespace, |workload| {
                    [&workload.reference, &workload.owner].iter().any(|r| r.kind == *kind && &*r.name == name)
                        || *kind == Kind::ReplicaSet && is_of_replica_set(workload, name)
                });
                (!found.is_empty()).then_some(Place::Workloads(found))
            }
        }
    }

    fn account(&self, namespace: &str, name: &str) -> Option<Place> {
        let found = self.matching(namespace, |workload| workload.service_account.as_str() == name);
        if !found.is_empty() {
            return Some(Place::Workloads(found));
        }
        let exists = self.service_accounts.contains_key(&(namespace.into(), name.into()))
            || name == "default" && self.namespaces.contains_key(namespace);
        let trust_domain = self.settings.mesh.trust_domain.clone();
        exists.then(|| Place::Identity(Identity::new(trust_domain, namespace, name)))
    }

    fn matching(
        &self,
        namespace: &str,
        is_it: impl Fn(&crate::model::Workload) -> bool,
    ) -> Vec<WorkloadIndex> {
        let candidates = self.in_namespace(namespace).iter().copied();
        candidates.filter(|index| self.workload(*index).is_some_and(&is_it)).collect()
    }

    /// Those whose traffic carries the identity; the others that run as the account do not have it.
    fn running_as(&self, identity: &Identity) -> Place {
        let found = self.matching(identity.namespace.as_str(), |workload| {
            workload.identity == *identity && workload.capture.data_plane != crate::model::DataPlane::None
        });
        if found.is_empty() { Place::Identity(identity.clone()) } else { Place::Workloads(found) }
    }

    fn at(&self, address: IpAddr) -> Place {
        if let Some(index) = self.at_address(address) {
            return Place::Workloads(vec![index]);
        }
        if let Some(node) = self.node_at(address) {
            return Place::Node(node.clone(), Some(address));
        }
        match self.services.iter().position(|service| service.addresses.contains(&address)) {
            Some(service) => Place::Service(service),
            None => Place::Address(address),
        }
    }

    /// The workloads of a namespace, in the order of their names.
    ///
    /// # Errors
    /// When nothing is known of such a namespace.
    pub fn all_of(&self, namespace: &str) -> Result<&[WorkloadIndex], NotFound> {
        let found = self.in_namespace(namespace);
        if found.is_empty() && !self.namespaces.contains_key(namespace) {
            return Err(NotFound::namespace(self, namespace));
        }
        Ok(found)
    }

    fn node(&self, name: &str) -> Result<Place, NotFound> {
        match self.nodes.get(name) {
            Some(node) => Ok(Place::Node(node.clone(), None)),
            None => Err(NotFound::node(self, name)),
        }
    }
}

/// A pod's ReplicaSet is seen through: its Deployment is the owner.
fn is_of_replica_set(workload: &crate::model::Workload, name: &str) -> bool {
    let hash = workload.labels.get("pod-template-hash").unwrap_or_default();
    !hash.is_empty()
        && name.strip_suffix(hash).and_then(|n| n.strip_suffix('-')) == Some(&*workload.owner.name)
}
