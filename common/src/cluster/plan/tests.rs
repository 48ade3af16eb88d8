use super::*;
use crate::snapshot::Topic;

fn names(names: &[&str]) -> BTreeSet<Name> {
    names.iter().map(|name| Name::from(*name)).collect()
}

fn extent(needs: &Needs, resource: &str) -> Option<Extent> {
    let wanted = wanted(needs, &names(&["istio-system"]), &names(&["istio-system", "root"]));
    wanted.into_iter().find(|wanted| wanted.resource.name() == resource).map(|wanted| wanted.extent)
}

#[test]
fn policies_of_the_root_are_always_among_them_and_settings_never_of_the_whole_cluster() {
    let needs = Needs::basic().with(Topic::Policies, Extent::one("edp"));
    let policies = extent(&needs, "authorizationpolicies.security.istio.io");
    assert_eq!(policies, Some(Extent::Only(names(&["edp", "istio-system", "root"]))));
    assert_eq!(extent(&needs, "configmaps"), Some(Extent::Only(names(&["istio-system"]))));
    // Istio's own say which istiod counts.
    assert_eq!(extent(&needs, "pods"), Some(Extent::Only(names(&["istio-system"]))));
    assert_eq!(extent(&Needs::default().with(Topic::Policies, Extent::one("edp")), "pods"), None);
    assert_eq!(extent(&Needs::everything(), "configmaps"), Some(Extent::Only(names(&["istio-system"]))));
    assert_eq!(extent(&Needs::everything(), "peerauthentications.security.istio.io"), Some(Extent::all()));
}

#[test]
fn many_namespaces_are_one_list() {
    let resource = resource_of("Pod").unwrap();
    let of = |count: usize| {
        let only: BTreeSet<Name> = (0..count).map(|at| Name::from(format!("n{at}"))).collect();
        Wanted { resource, extent: Extent::Only(only) }.namespaces().map(|namespaces| namespaces.len())
    };
    assert_eq!(of(2), Some(2));
    assert_eq!(of(9), None);
    let node = resource_of("Node").unwrap();
    assert_eq!(Wanted { resource: node, extent: Extent::one("x") }.namespaces(), None);
}
