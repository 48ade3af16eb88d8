//! Which accounts are asked about: by name, by namespace, by the labels of their ServiceAccounts.

use std::collections::BTreeSet;

use crate::model::identity::SCHEME;
use crate::model::{Identity, Kind, LabelSelector, Name, Namespace, ResourceRef};
use crate::policy::Mesh;
use crate::snapshot::{Locator, NotFound, Place, Subject};

use super::entry::Entries;

/// Which accounts are asked about. What is not given does not restrict.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These.
    pub only: Option<BTreeSet<Identity>>,
    /// Those of a namespace.
    pub namespace: Option<Namespace>,
    /// Those whose ServiceAccounts have these labels.
    pub labels: Option<LabelSelector>,
}

impl Selection {
    /// The accounts that names stand for: of an account, of a workload, of everything in a namespace. Names
    /// without a namespace are looked for in `namespace`.
    ///
    /// # Errors
    /// When nothing has one of the names.
    pub fn named(mesh: &Mesh<'_>, names: &[String], namespace: &str) -> Result<Self, NotFound> {
        let entries = Entries::new(mesh);
        let mut only = BTreeSet::new();
        for name in names {
            only.extend(find(mesh, &entries, name, namespace)?);
        }
        Ok(Self { only: Some(only), ..Self::default() })
    }

    /// The accounts that are meant.
    #[must_use]
    pub fn identities(&self, mesh: &Mesh<'_>) -> BTreeSet<Identity> {
        self.of(mesh, &Entries::new(mesh)).into_iter().collect()
    }

    /// Whether an account is asked about.
    fn has(&self, mesh: &Mesh<'_>, identity: &Identity) -> bool {
        let has_labels = |selector: &LabelSelector| {
            let key = (identity.namespace.clone(), identity.service_account.clone());
            let own = identity.trust_domain == mesh.snapshot.settings.mesh.trust_domain;
            let account = mesh.snapshot.service_accounts.get(&key).filter(|_| own);
            account.is_some_and(|account| selector.matches(&account.labels))
        };
        self.namespace.as_ref().is_none_or(|namespace| *namespace == identity.namespace)
            && self.labels.as_ref().is_none_or(has_labels)
    }

    /// The accounts, those of other trust domains last.
    pub(super) fn of(&self, mesh: &Mesh<'_>, entries: &Entries<'_>) -> Vec<Identity> {
        let known: BTreeSet<Identity> = match &self.only {
            Some(only) => only.clone(),
            None => entries.running.keys().copied().chain(&entries.named).cloned().collect(),
        };
        let mut selected: Vec<Identity> =
            known.into_iter().filter(|identity| self.has(mesh, identity)).collect();
        let own = &mesh.snapshot.settings.mesh.trust_domain;
        selected.sort_by(|a, b| {
            let place =
                |of: &Identity| (of.trust_domain != *own, of.namespace.clone(), of.service_account.clone());
            place(a).cmp(&place(b)).then_with(|| a.cmp(b))
        });
        selected
    }
}

/// The accounts that a name stands for.
fn find(
    mesh: &Mesh<'_>,
    entries: &Entries<'_>,
    text: &str,
    namespace: &str,
) -> Result<BTreeSet<Identity>, NotFound> {
    let locator: Locator = text.parse().map_err(|error| misspelt(&error))?;
    if locator.port.is_some() {
        return Err(not_found(format!("`{text}` names a port, but accounts have none"), Vec::new()));
    }
    match &locator.subject {
        Subject::Identity(identity) => Ok([identity.clone()].into()),
        Subject::Bare(name) => account(mesh, entries, namespace, name),
        Subject::Object { kind: Kind::ServiceAccount, namespace: given, name } => {
            account(mesh, entries, given.as_deref().unwrap_or(namespace), name)
        }
        Subject::Object { kind: Kind::Namespace, name, .. } => of_namespace(mesh, entries, name),
        Subject::Object { .. } => match mesh.snapshot.find(&locator, namespace)? {
            Place::Workloads(found) => {
                let of = found.iter().filter_map(|index| mesh.workload(*index));
                Ok(of.map(|workload| workload.identity.clone()).collect())
            }
            _ => Err(no_account(text)),
        },
        Subject::Address(_) | Subject::Outside => Err(no_account(text)),
    }
}

/// An account by its whole name, then `NAME.NAMESPACE`, istioctl's habit.
fn account(
    mesh: &Mesh<'_>,
    entries: &Entries<'_>,
    namespace: &str,
    name: &str,
) -> Result<BTreeSet<Identity>, NotFound> {
    let trust_domain = &mesh.snapshot.settings.mesh.trust_domain;
    let known = |namespace: &str, name: &str| {
        let identity = Identity::new(trust_domain.clone(), namespace, name);
        let key = (identity.namespace.clone(), identity.service_account.clone());
        let is_known = entries.running.contains_key(&identity)
            || entries.named.contains(&identity)
            || mesh.snapshot.service_accounts.contains_key(&key)
            || name == "default" && mesh.snapshot.namespaces.contains_key(namespace);
        is_known.then_some(identity)
    };
    let split = || name.rsplit_once('.').and_then(|(name, namespace)| known(namespace, name));
    let found = known(namespace, name).or_else(split);
    found.map(|identity| [identity].into()).ok_or_else(|| unknown(mesh, entries, namespace, name))
}

fn of_namespace(mesh: &Mesh<'_>, entries: &Entries<'_>, name: &Name) -> Result<BTreeSet<Identity>, NotFound> {
    let running = entries.running.keys().copied().chain(&entries.named);
    let found: BTreeSet<Identity> =
        running.filter(|identity| *identity.namespace.as_str() == **name).cloned().collect();
    if found.is_empty() {
        // Which names what there is, or that nothing is there.
        mesh.snapshot.all_of(name)?;
    }
    Ok(found)
}

fn unknown(mesh: &Mesh<'_>, entries: &Entries<'_>, namespace: &str, name: &str) -> NotFound {
    let read = mesh.snapshot.service_accounts.keys();
    let read = read.map(|(namespace, account)| (namespace.clone(), account.as_str().into()));
    let used = entries.running.keys().copied().chain(&entries.named);
    let used = used.map(|of| (of.namespace.clone(), Name::from(of.service_account.as_str())));
    let known: BTreeSet<ResourceRef> = read
        .chain(used)
        .map(|(namespace, account)| ResourceRef::new(Kind::ServiceAccount, namespace, account))
        .collect();
    NotFound::among(mesh.snapshot, &known, &ResourceRef::new(Kind::ServiceAccount, namespace, name))
}

fn no_account(text: &str) -> NotFound {
    let hint = format!("name an account (sa/NAMESPACE/NAME), a workload or {SCHEME}…");
    not_found(format!("`{text}` runs as no account"), vec![hint])
}

fn misspelt(error: &crate::snapshot::LocatorError) -> NotFound {
    not_found(error.to_string(), vec![format!("write NAME, sa/NAME, sa/NAMESPACE/NAME or {SCHEME}…")])
}

fn not_found(message: String, hints: Vec<String>) -> NotFound {
    NotFound { message, hints }
}
