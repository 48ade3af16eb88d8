use super::*;
use crate::snapshot::{MeshSnapshot, Objects, SettingsOverride};

fn not_read(resource: &str, extent: Extent, why: Why) -> NotRead {
    NotRead { resource: resource.to_owned(), extent, why }
}

const POLICIES: &str = "authorizationpolicies.security.istio.io";

#[test]
fn the_gap_names_the_rule_that_would_cure_it() {
    let gap = not_read(POLICIES, Extent::one("edp"), Why::Forbidden).gap();
    assert_eq!(gap.kind, GapKind::Forbidden);
    assert_eq!(gap.subject, "authorizationpolicies.security.istio.io in namespace `edp`");
    assert_eq!(
        gap.evidence.get("rbac"),
        Some(
            "{apiGroups: [\"security.istio.io\"], resources: [\"authorizationpolicies\"], verbs: [\"list\"]} in a Role of `edp`"
        )
    );
    let gap = not_read("pods", Extent::one("edp").complement(), Why::Forbidden).gap();
    assert_eq!(gap.subject, "pods in namespaces other than `edp`");
    assert!(gap.evidence.get("rbac").unwrap().ends_with("in a ClusterRole"));
}

#[test]
fn what_decides_may_be_anything() {
    let unreadable =
        not_read(POLICIES, Extent::one("edp").complement(), Why::TimedOut("late".into())).unreadable();
    let unreadable = unreadable.unwrap();
    assert!(unreadable.is(&Kind::AuthorizationPolicy));
    assert!(unreadable.may_stand_in(&"other".into()) && !unreadable.may_stand_in(&"edp".into()));
    assert_eq!(unreadable.reference.to_string(), "AuthorizationPolicy/*");
    assert!(not_read("pods", Extent::all(), Why::Forbidden).unreadable().is_none());
    assert!(not_read(POLICIES, Extent::all(), Why::Missing).unreadable().is_none());
}

#[test]
fn what_nobody_asked_for_is_not_told_and_not_known() {
    let objects = Objects {
        not_read: vec![not_read(POLICIES, Extent::one("edp").complement(), Why::NotAsked)],
        ..Objects::default()
    };
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    assert!(snapshot.gaps.is_empty());
    assert_eq!(snapshot.unreadable.len(), 1);
}

#[test]
fn unread_policies_of_the_root_namespace_affect_everything() {
    let of = |namespace: &str| {
        let objects = Objects {
            not_read: vec![not_read(POLICIES, Extent::one(namespace), Why::Forbidden)],
            ..Objects::default()
        };
        MeshSnapshot::build(objects, &SettingsOverride::default()).gaps.remove(0).affects
    };
    assert_eq!(of("istio-system"), Affects::Everything);
    assert_eq!(of("edp"), Affects::Policies("edp".into()));
}

#[test]
fn settings_that_may_not_be_read_are_assumptions_and_change_no_answer() {
    assert_eq!(
        not_read("configmaps", Extent::one("istio-system"), Why::Forbidden).gap().affects,
        Affects::Nothing
    );
    // What failed may be there the next time, and say something else.
    for why in [Why::TimedOut("late".into()), Why::Failed("500".into())] {
        let gap = not_read("configmaps", Extent::one("istio-system"), why).gap();
        assert_eq!(gap.affects, Affects::Everything);
    }
    assert_eq!(not_read("pods", Extent::all(), Why::Missing).gap().affects, Affects::Nothing);
    assert_eq!(
        not_read("globalnetworkpolicies.projectcalico.org", Extent::all(), Why::Forbidden).gap().affects,
        Affects::Everything
    );
}
