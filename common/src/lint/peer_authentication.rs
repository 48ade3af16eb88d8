//! PeerAuthentications that hold nowhere because an older one stands in their place.

use crate::codes::{Code, Evidence};
use crate::model::{FieldPath, Kind};
use crate::policy::{PeerAuthenticationIndex, Remark, Remarks};

use super::survey::Survey;

/// Objects behind an older one of their level, for everything that they select.
pub(super) fn shadowed(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let all = &survey.snapshot.peer_authentications;
    let labels_of = |namespace: &_| {
        let workloads = survey.in_namespace(namespace);
        workloads.filter(|workload| !workload.labels.is_empty()).map(|workload| &workload.labels).collect()
    };
    for (at, policy) in all.iter().enumerate().filter(|(_, policy)| policy.hidden.is_none()) {
        let workloads: Vec<_> = labels_of(&policy.object.namespace());
        let older =
            survey.mesh.policies.peer_authentications().shadowing(PeerAuthenticationIndex(at), &workloads);
        if older.is_empty() {
            continue;
        }
        let key = |index: &PeerAuthenticationIndex| {
            let object = &all.get(index.0)?.object;
            Some(format!("`{}`", object.reference(Kind::PeerAuthentication).key()))
        };
        let others: Vec<String> = older.iter().filter_map(key).collect();
        let evidence = Evidence::none().with("others", others.join(", "));
        let mut remarks = Remarks::on(&policy.object, Kind::PeerAuthentication, into);
        remarks.add(Code::PeerAuthenticationShadowed, FieldPath::default(), evidence);
    }
}
