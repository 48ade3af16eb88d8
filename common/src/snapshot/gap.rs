//! What is missing from a picture of the mesh, and what was taken for it.

use crate::codes::{Code, Evidence};
use crate::model::{Kind, Location, Namespace, ResourceRef};

use super::Extent;

/// Something about the mesh as a whole that was not there, and what was taken for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Assumption {
    /// What was assumed.
    pub code: Code,
    /// What was taken for it.
    pub values: Evidence,
}

/// Why something is missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GapKind {
    /// It was there and could not be understood.
    Invalid,
    /// It is understood to matter, and is not judged.
    Unsupported,
    /// It matters, and was not among the input.
    MissingKind,
    /// It is there and may not be read.
    Forbidden,
    /// It did not come in time.
    Timeout,
}

impl GapKind {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::MissingKind => "missingKind",
            Self::Forbidden => "forbidden",
            Self::Timeout => "timeout",
        }
    }
}

/// Which answers something that is missing could change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Affects {
    /// Any: it is not known what it was, or it holds for the whole mesh.
    Everything,
    /// Those about destinations in these namespaces, whose policies it may be.
    Policies(Extent),
    /// Those about workloads of these namespaces, as source or destination.
    Workloads(Extent),
    /// None that is given: it is told, and that is all.
    Nothing,
}

/// Something that could not be read or is not judged. A gap travels to every answer that it touches.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gap {
    /// What it is.
    pub code: Code,
    /// Why it is missing.
    pub kind: GapKind,
    /// The object or the file, as we print it.
    pub subject: String,
    /// Where it stands.
    pub location: Option<Location>,
    /// What it could change.
    pub affects: Affects,
    /// What was seen of it.
    pub evidence: Evidence,
}

/// An object of a kind that decides, of which only the name is known.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Which; `*` for any of a list that was not read.
    pub reference: ResourceRef,
    /// Where it stands, when the reference does not tell.
    pub extent: Option<Extent>,
    /// The labels that it selects by, when that much could be read: `None` is not known, `Some(None)` has no
    /// selector.
    pub selector: Option<Option<crate::model::Labels>>,
    /// The gap that says why.
    pub gap: Gap,
}

impl Affects {
    /// What an unreadable object of a kind could change.
    #[must_use]
    pub fn of(kind: &Kind, namespace: Option<Namespace>) -> Self {
        match (kind, namespace) {
            // The settings of the mesh are in one.
            (kind, _) if kind.wire() == "ConfigMap" => Self::Everything,
            (Kind::AuthorizationPolicy | Kind::PeerAuthentication, Some(namespace)) => {
                Self::Policies(namespace.into())
            }
            // Who may create pods decides no connection.
            (kind, _) if is_rbac(kind) => Self::Nothing,
            (_, Some(namespace)) => Self::Workloads(namespace.into()),
            (_, None) => Self::Everything,
        }
    }

    /// As in JSON: the namespaces that are meant, `*` for all.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Everything => vec!["*".to_owned()],
            Self::Policies(Extent::Only(only)) | Self::Workloads(Extent::Only(only)) => {
                only.iter().map(|namespace| format!("ns/{namespace}")).collect()
            }
            Self::Policies(_) | Self::Workloads(_) => vec!["*".to_owned()],
            Self::Nothing => Vec::new(),
        }
    }
}

fn is_rbac(kind: &Kind) -> bool {
    matches!(kind.wire(), "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding")
}

impl Unreadable {
    /// Whether it may stand in a namespace.
    #[must_use]
    pub fn may_stand_in(&self, namespace: &Namespace) -> bool {
        match &self.extent {
            Some(extent) => extent.covers(namespace.as_str()),
            None => self.reference.namespace.as_ref() == Some(namespace),
        }
    }

    /// Whether it is of a kind.
    #[must_use]
    pub fn is(&self, kind: &Kind) -> bool {
        self.reference.kind == *kind
    }
}
