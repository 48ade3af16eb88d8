//! Everything that istiod sends, and which of it counts at a workload.
//!
//! ztunnel src/state.rs, `assert_rbac`: the policies of the workload's namespace, the global ones, and those
//! that istiod attached to the workload (workloads.go, `buildWorkloadPolicies`). Selectors are found by one of
//! their labels, so that the cost grows with the objects and not with their pairs.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{Kind, Labels, Name, Namespace};
use crate::snapshot::{MeshSnapshot, Unreadable};

use super::compile::{self, Context, Remark};
use super::ir::{Authorization, PolicyIndex, Scope};
use super::peer_authentication::{self, Effective, PeerAuthentications};

/// Everything that istiod sends to ztunnel, and what was remarked on the way.
#[derive(Clone, Debug)]
pub struct PolicySet {
    authorizations: Vec<Arc<Authorization>>,
    peer_authentications: PeerAuthentications,
    /// What a reader of the objects should know.
    pub remarks: Vec<Remark>,
    global: Vec<PolicyIndex>,
    by_namespace: FxHashMap<Namespace, Vec<PolicyIndex>>,
    attached: FxHashMap<Namespace, Attached>,
    unreadable: Vec<Unreadable>,
    root: Namespace,
}

/// What counts at a workload.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// AuthorizationPolicies: of the namespace, global, attached; in the order of their names.
    pub policies: Vec<PolicyIndex>,
    /// What holds for plaintext: one answer, or one for each way in which ties may fall.
    pub peer_authentication: Vec<Effective>,
    /// AuthorizationPolicies that may count and cannot be read.
    pub unreadable: Vec<usize>,
    /// PeerAuthentications that may count and cannot be read.
    pub unreadable_authentication: Vec<usize>,
}

/// Policies of one namespace that are attached by labels.
#[derive(Clone, Debug, Default)]
struct Attached {
    /// Under one of the labels that they ask for.
    by_label: FxHashMap<Name, FxHashMap<Name, Vec<PolicyIndex>>>,
    /// Those that ask for no label.
    everywhere: Vec<PolicyIndex>,
    /// All of them: what a pod without any label gets.
    all: Vec<PolicyIndex>,
}

impl PolicySet {
    /// istiod's conversion of everything that it looks at.
    #[must_use]
    pub fn compile(snapshot: &MeshSnapshot) -> Self {
        let root = snapshot.settings.mesh.root_namespace.clone();
        let context = Context { settings: &snapshot.settings };
        let mut remarks = Vec::new();
        let mut authorizations: Vec<Arc<Authorization>> = snapshot
            .authorization_policies
            .iter()
            .filter_map(|policy| compile::authorization_policy(&context, policy, &mut remarks))
            .map(Arc::new)
            .collect();
        authorizations.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let peer_authentications = PeerAuthentications::new(&snapshot.peer_authentications, &root);
        peer_authentication::remarks(
            &context,
            &snapshot.peer_authentications,
            &peer_authentications,
            &mut remarks,
        );
        remarks.sort();
        let mut set = Self {
            authorizations,
            peer_authentications,
            remarks,
            global: Vec::new(),
            by_namespace: FxHashMap::default(),
            attached: FxHashMap::default(),
            unreadable: snapshot.unreadable.clone(),
            root,
        };
        set.index();
        set
    }

    fn index(&mut self) {
        let mut uses: FxHashMap<(Name, Name), usize> = FxHashMap::default();
        for (key, value) in
            self.authorizations.iter().filter_map(|p| p.selector.as_ref()).flat_map(Labels::iter)
        {
            *uses.entry((key.into(), value.into())).or_default() += 1;
        }
        for (at, policy) in self.authorizations.iter().enumerate() {
            let index = PolicyIndex(at);
            match policy.scope {
                Scope::Global => self.global.push(index),
                Scope::Namespace => {
                    self.by_namespace.entry(policy.namespace.clone()).or_default().push(index);
                }
                Scope::WorkloadSelector => {
                    if let Some(labels) = &policy.selector {
                        self.attached.entry(policy.namespace.clone()).or_default().add(index, labels, &uses);
                    }
                }
            }
        }
    }

    /// A policy by its position.
    #[must_use]
    pub fn get(&self, index: PolicyIndex) -> Option<&Arc<Authorization>> {
        self.authorizations.get(index.0)
    }

    /// The converted AuthorizationPolicies, in the order of their names.
    #[must_use]
    pub fn authorizations(&self) -> &[Arc<Authorization>] {
        &self.authorizations
    }

    /// The PeerAuthentications.
    #[must_use]
    pub fn peer_authentications(&self) -> &PeerAuthentications {
        &self.peer_authentications
    }

    /// An object that may count and cannot be read.
    #[must_use]
    pub fn unreadable(&self, index: usize) -> Option<&Unreadable> {
        self.unreadable.get(index)
    }

    /// The objects that may count and cannot be read, with their positions.
    pub fn unreadables(&self) -> impl Iterator<Item = (usize, &Unreadable)> {
        self.unreadable.iter().enumerate()
    }

    /// What counts at a workload with these labels.
    #[must_use]
    pub fn applied(&self, namespace: &Namespace, labels: &Labels) -> Applied {
        let mut policies: Vec<PolicyIndex> = self.by_namespace.get(namespace).cloned().unwrap_or_default();
        policies.extend(&self.global);
        policies.extend(self.attached(namespace, labels));
        policies.sort_unstable();
        Applied {
            policies,
            peer_authentication: self.peer_authentications.effective(namespace, labels),
            unreadable: self.may_count(&Kind::AuthorizationPolicy, namespace, labels),
            unreadable_authentication: self.may_count(&Kind::PeerAuthentication, namespace, labels),
        }
    }

    /// The policies that istiod attaches to a workload by its labels, in the order of their names.
    #[must_use]
    pub fn attached(&self, namespace: &Namespace, labels: &Labels) -> Vec<PolicyIndex> {
        let root = (*namespace != self.root).then_some(&self.root);
        let mut found = Vec::new();
        for attached in [Some(namespace), root].into_iter().flatten().filter_map(|n| self.attached.get(n)) {
            if labels.is_empty() {
                // krt's FilterSelects of a nil map filters nothing (pkg/kube/krt/filter.go).
                found.extend(&attached.all);
                continue;
            }
            found.extend(&attached.everywhere);
            let candidates =
                labels.iter().filter_map(|(key, value)| attached.by_label.get(key)?.get(value)).flatten();
            found.extend(candidates.filter(|index| {
                let wanted = self.get(**index).and_then(|policy| policy.selector.as_ref());
                wanted.is_some_and(|wanted| labels.contains_all(wanted))
            }));
        }
        found.sort_unstable();
        found
    }

    fn may_count(&self, kind: &Kind, namespace: &Namespace, labels: &Labels) -> Vec<usize> {
        let may = |unreadable: &Unreadable| {
            let in_reach = unreadable.may_stand_in(namespace) || unreadable.may_stand_in(&self.root);
            let selects = match &unreadable.selector {
                Some(Some(wanted)) => labels.is_empty() || labels.contains_all(wanted),
                None | Some(None) => true,
            };
            unreadable.is(kind) && in_reach && selects
        };
        self.unreadable.iter().enumerate().filter(|(_, u)| may(u)).map(|(at, _)| at).collect()
    }
}

impl Attached {
    /// Files a policy under the label that the fewest others ask for.
    fn add(&mut self, index: PolicyIndex, labels: &Labels, uses: &FxHashMap<(Name, Name), usize>) {
        self.all.push(index);
        let pairs = labels.iter().map(|(key, value)| (Name::from(key), Name::from(value)));
        match pairs.min_by_key(|pair| uses.get(pair).copied().unwrap_or_default()) {
            Some((key, value)) => self.by_label.entry(key).or_default().entry(value).or_default().push(index),
            None => self.everywhere.push(index),
        }
    }
}
