//! What could not be read or is not judged: what of it could change an answer, and what could not.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::codes::{Code, Evidence};
use crate::model::{Kind, Namespace, ResourceRef};
use crate::policy::Mesh;
use crate::report::GapEntry;
use crate::snapshot::{Affects, Gap, GapKind, Unreadable};

use super::Facts;

impl Facts {
    /// What could change the answer, and what could not.
    pub(in crate::report) fn gaps(&self, mesh: &Mesh<'_>) -> (Vec<GapEntry>, Vec<GapEntry>) {
        let destinations: FxHashSet<&Namespace> =
            self.of_destinations(mesh).map(|w| &w.identity.namespace).collect();
        let services = self.services.iter().filter_map(|at| mesh.snapshot.services.get(*at));
        let of_services = services.filter_map(|service| service.reference.namespace.as_ref());
        let ends = self.workloads(mesh).map(|w| &w.identity.namespace).chain(of_services);
        let ends: FxHashSet<&Namespace> = ends.collect();
        let policies = Policies::new(self, mesh);
        let touches = |gap: &&Gap| match &gap.affects {
            _ if policies.all.contains(gap) => policies.decisive.contains(gap),
            _ if self.lists.iter().any(|object| mesh.snapshot.tells_of_list(gap, object)) => true,
            _ if self.address_unclear && mesh.snapshot.addresses_hang_on(gap) => true,
            _ if mesh.snapshot.only_addresses_hang_on(gap) => false,
            Affects::Everything => true,
            Affects::Policies(extent) => destinations.iter().any(|n| extent.covers(n.as_str())),
            Affects::Workloads(extent) => self.all_callers || ends.iter().any(|n| extent.covers(n.as_str())),
            Affects::Nothing => false,
        };
        let (here, elsewhere): (Vec<&Gap>, Vec<&Gap>) = mesh.snapshot.gaps.iter().partition(touches);
        let mut here: BTreeSet<GapEntry> = here.into_iter().map(GapEntry::of).collect();
        here.extend(self.extra_gaps.iter().cloned());
        let is_unreadable =
            |object: &ResourceRef| mesh.snapshot.unreadable.iter().any(|u| u.reference == *object);
        let not_judged = self.objects.iter().filter(|(_, object)| !is_unreadable(object));
        here.extend(not_judged.map(|(code, object)| {
            let subject = object.to_string();
            GapEntry::of(&Gap {
                code: *code,
                kind: if *code == Code::NamespaceNotRead {
                    GapKind::MissingKind
                } else {
                    GapKind::Unsupported
                },
                location: None,
                affects: Affects::of(&object.kind, object.namespace.clone()),
                evidence: Evidence::none().with("subject", &subject),
                subject,
            })
        }));
        let elsewhere: BTreeSet<GapEntry> = elsewhere.into_iter().map(GapEntry::of).collect();
        (here.into_iter().collect(), elsewhere.into_iter().collect())
    }
}

/// The gaps of policies that cannot be read: of these it is known exactly whether an answer hangs on them.
#[derive(Default)]
struct Policies<'a> {
    all: FxHashSet<&'a Gap>,
    decisive: FxHashSet<&'a Gap>,
}

impl<'a> Policies<'a> {
    fn new(facts: &Facts, mesh: &'a Mesh<'_>) -> Self {
        let is_policy = |unreadable: &&Unreadable| {
            unreadable.is(&Kind::AuthorizationPolicy) || unreadable.is(&Kind::PeerAuthentication)
        };
        let all: FxHashSet<&Gap> =
            mesh.snapshot.unreadable.iter().filter(is_policy).map(|unreadable| &unreadable.gap).collect();
        if all.is_empty() || !facts.undecided {
            return Self { all, ..Self::default() };
        }
        let decisive = facts.of_destinations(mesh).flat_map(|workload| {
            let applied = mesh.applied(workload);
            applied.unreadable.into_iter().chain(applied.unreadable_authentication)
        });
        let decisive = decisive.filter_map(|at| Some(&mesh.snapshot.unreadable.get(at)?.gap)).collect();
        Self { all, decisive }
    }
}
