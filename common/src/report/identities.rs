//! The answers of `identities`: which accounts there are, what runs as them, and which rules name them.

mod entry;
mod evidence;
mod findings;
mod selection;

use serde::Serialize;

use crate::codes::{Code, Finding, Severity};
use crate::policy::Mesh;

use super::GapEntry;
use super::reachability::Answer;

pub use selection::Selection;

use entry::Entries;

/// `IdentityReport`
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identities {
    /// The trust domain of the mesh.
    pub trust_domain: String,
    /// The accounts, in the order of their names; those of other trust domains last.
    pub identities: Vec<IdentityEntry>,
    /// What was found in policies and accounts; null when that was not asked for.
    pub findings: Option<Vec<Finding>>,
}

/// The same report, asked for what was found: its rows are the findings, not the accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lint(pub Identities);

impl AsRef<Identities> for Lint {
    fn as_ref(&self) -> &Identities {
        &self.0
    }
}

impl AsRef<Identities> for Identities {
    fn as_ref(&self) -> &Identities {
        self
    }
}

impl Identities {
    /// Whether something was found that is at least so bad.
    #[must_use]
    pub fn has_found(&self, least: Severity) -> bool {
        self.findings.iter().flatten().any(|finding| finding.severity >= least)
    }
}

/// An account of the mesh, or one that policies name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityEntry {
    /// `spiffe://…`
    pub identity: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// Its trust domain.
    pub trust_domain: String,
    /// What a person deployed that runs as it, as `kind/ns/name`.
    pub workloads: Vec<String>,
    /// Who handles the traffic of what runs as it; null when nothing does.
    pub data_plane: Option<DataPlaneWord>,
    /// Its certificate at the ztunnels.
    pub certificate: CertificateEntry,
    /// Every item of a rule that names it.
    pub policies: Vec<PolicyEntry>,
    /// Who may create pods in its namespace, and so run as it; null when no object of RBAC was read.
    pub may_create_pods: Option<Vec<String>>,
}

/// Who handles the traffic of several workloads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataPlaneWord {
    /// The nodes' ztunnels.
    Ambient,
    /// Envoys in the pods.
    Sidecar,
    /// Nothing.
    None,
    /// Not the same for all of them.
    Mixed,
    /// Their Namespace was not read.
    Unknown,
}

impl DataPlaneWord {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ambient => "ambient",
            Self::Sidecar => "sidecar",
            Self::None => "none",
            Self::Mixed => "mixed",
            Self::Unknown => "unknown",
        }
    }
}

/// A certificate at the ztunnels of the nodes where something runs as the account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateEntry {
    /// What became of it, at the worst of them.
    pub state: CertificateWord,
    /// When the first of them expires.
    pub not_after: Option<String>,
}

/// What became of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateWord {
    /// It is there.
    Available,
    /// It has been asked for.
    Initializing,
    /// It could not be had.
    Unavailable,
    /// A ztunnel has none, though something runs as the account on its node; or nothing does, on any.
    None,
    /// A ztunnel was not asked, or did not answer.
    Unknown,
}

impl CertificateWord {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Initializing => "initializing",
            Self::Unavailable => "unavailable",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// An item of a rule that names an account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEntry {
    /// `namespace/name`
    pub policy: String,
    /// ALLOW, DENY, AUDIT or CUSTOM.
    pub action: &'static str,
    /// The position in `spec.rules`.
    pub rule: usize,
    /// The item: `rules[0].from[0].source.principals[1]`.
    pub field: String,
    /// As it is written.
    pub value: String,
    /// Whether the rule is about the account, not about everybody else.
    pub positive: bool,
    /// How it names the account.
    #[serde(rename = "match")]
    pub way: Way,
    /// Whether ztunnel compares callers with the item: false where istiod drops the policy, the rule or the item,
    /// or where nobody can match it.
    pub at_ztunnel: bool,
    /// `file:line`, when it was read from a file.
    pub location: Option<String>,
}

/// How an item names an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// In full.
    Exact,
    /// By how it begins.
    Prefix,
    /// By how it ends.
    Suffix,
    /// As anybody who has an identity.
    Any,
    /// By its namespace.
    Namespace,
    /// By namespace and name, whatever the trust domain.
    ServiceAccount,
    /// By its trust domain.
    TrustDomain,
}

impl Way {
    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Any => "any",
            Self::Namespace => "namespace",
            Self::ServiceAccount => "serviceAccount",
            Self::TrustDomain => "trustDomain",
        }
    }
}

/// The accounts that are selected.
#[must_use]
pub fn identities(mesh: &Mesh<'_>, selection: &Selection) -> Answer<Identities> {
    let entries = Entries::new(mesh);
    let selected = selection.of(mesh, &entries);
    let identities = selected.iter().map(|identity| entries.entry(identity)).collect();
    let trust_domain = mesh.snapshot.settings.mesh.trust_domain.to_string();
    let evidence = evidence::of(mesh, &selected, selection);
    Answer { body: Identities { trust_domain, identities, findings: None }, evidence }
}

/// The accounts that are selected, with everything that was found in policies and accounts.
#[must_use]
pub fn lint(mesh: &Mesh<'_>, selection: &Selection) -> Answer<Identities> {
    let Answer { mut body, mut evidence } = identities(mesh, selection);
    let (findings, ignored) = findings::findings(mesh, selection, &body.identities);
    body.findings = Some(findings);
    evidence.ignored = ignored;
    // Which data plane an account has was not asked.
    let (asked, beside) =
        evidence.gaps.into_iter().partition(|gap: &GapEntry| gap.code != Code::NamespaceNotRead);
    evidence.gaps = asked;
    evidence.elsewhere.extend(beside);
    Answer { body, evidence }
}
