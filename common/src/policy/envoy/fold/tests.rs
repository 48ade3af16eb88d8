use super::*;
use crate::model::connection::Sender;
use crate::model::{
    Identity, Kind, Name, Namespace, Origin, Peer, ResourceRef, SourceId, Within, WorkloadIndex,
};
use crate::policy::Mesh;
use crate::policy::envoy::ir::{Action, Filter, Rbac, RuleName, Rules, Shadow};
use crate::policy::ir::{Action as L4Action, Authorization, Clause, Provenance, Rule, Scope};
use crate::policy::peer_set::{AllPeers, Universe};
use crate::snapshot::test_objects::snapshot;

/// Filters that look at nothing but this.
fn filters(expression: Expression) -> Filters {
    let name =
        RuleName { namespace: "n".into(), policy: "p".into(), rule: 0, provider: None, bad_custom: false };
    let policy = Policy { permissions: vec![Expression::Any], principals: vec![expression] };
    let rules = Rules { action: Action::Deny, policies: [(name, policy)].into(), compiled_from: Vec::new() };
    let rbac = Rbac { rules: Some(rules), shadow_rules: None, shadow: Shadow::None };
    Filters { local: vec![Filter::Rbac(rbac)], ..Filters::default() }
}

const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, annotations: {ambient.istio.io/redirection: enabled}}
spec: {serviceAccountName: web, containers: []}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: ns, annotations: {ambient.istio.io/redirection: enabled}}
spec: {serviceAccountName: a, containers: []}
status: {podIP: 10.0.0.2}
";

fn universe(told: Match) -> Universe {
    let policy = Authorization {
        namespace: "n".into(),
        name: "p".into(),
        scope: Scope::Global,
        action: L4Action::Deny,
        rules: vec![Rule { clauses: vec![Clause { matches: vec![told] }], index: None }],
        dry_run: false,
        selector: None,
        provenance: Provenance::Resource {
            reference: ResourceRef::new(Kind::AuthorizationPolicy, "n", "p"),
            origin: Origin { source: SourceId(0), start: 0, len: 0, within: Within::Whole },
        },
    };
    let snapshot = snapshot(PODS);
    let mesh = Mesh::new(&snapshot);
    Universe::new(mesh.senders(), policy.matches(), std::iter::empty()).unwrap()
}

/// A peer as it arrives; two of them are the pods above, in the order of their names.
fn peer(namespace: &str, account: &str) -> Peer {
    let sender = match (namespace, account) {
        ("ns", "a") => Sender::Workload(WorkloadIndex(0)),
        ("shop", "web") => Sender::Workload(WorkloadIndex(1)),
        _ => Sender::Unread,
    };
    Peer { identity: Some(Identity::new("cluster.local", namespace, account)), address: None, sender }
}

const NAMES: [&str; 14] =
    ["shop", "ns", "sa", "a", "s", "sh", "shp", "shhop", "xa", "nsa", "saa", "web", "op", "sop"];
const GLOBS: [&str; 24] = [
    "shop", "ns", "sa", "", "*", "s*", "*p", "*a", "*sa", "*xsa", "sh*op", "sh*hop", "s*a", "n*", "n*a",
    "sa*", "s*sa", "*s", "*ns", "sh*p", "x*a", "op", "shop*", "*shop",
];

/// Everybody whom the set may hold gets the answer that they get alone.
fn agrees(wanted: &IdentityMatch) {
    let matcher = Matcher::Identity(wanted.clone());
    let universe = universe(told_apart(&filters(Expression::Is(matcher)), &Request::default()));
    let domain = AllPeers { universe: &universe, destination: None, port: None };
    let peers = Peers { domain: &domain, trust_domain: "cluster.local" };
    let split = peers.identity(wanted);
    for (namespace, account) in NAMES.iter().flat_map(|n| NAMES.iter().map(move |a| (n, a))) {
        let identity = Identity::new("cluster.local", *namespace, *account);
        let alone = OnePeer { identity: Some(&identity.to_string()), address: None }.identity(wanted);
        let peer = peer(namespace, account);
        let of = |set| universe.contains(set, &peer);
        assert_eq!(of(&split.holds), Some(alone.holds), "{wanted:?} {identity}");
        assert_eq!(of(&split.depends), Some(alone.depends), "{wanted:?} {identity}");
    }
    let plaintext = universe.contains(&split.holds, &Peer::default());
    assert_eq!(plaintext, Some(false), "{wanted:?}");
}

#[test]
fn a_set_of_peers_gets_what_each_gets_alone() {
    for glob in GLOBS {
        agrees(&IdentityMatch::Namespace(glob.into()));
        agrees(&IdentityMatch::principal(&format!("cluster.local/ns/{glob}")));
        agrees(&IdentityMatch::principal(&format!("cluster.local/ns/shop/sa/{glob}")));
        agrees(&IdentityMatch::principal(glob));
        agrees(&IdentityMatch::service_account(glob, &Namespace::from("shop")));
        agrees(&IdentityMatch::service_account(&format!("ns/{glob}"), &Namespace::from("shop")));
    }
    for trust_domain in ["*", "cluster.local", "cluster.*", "*local", "x", "c*x", "**"] {
        agrees(&IdentityMatch::TrustDomain(trust_domain.into()));
    }
}

#[test]
fn what_cannot_be_said_of_a_set_is_open() {
    for glob in ["s*h*p", "shop/sa", "**"] {
        let wanted = IdentityMatch::Namespace(Name::from(glob));
        let universe = universe(Match::default());
        let domain = AllPeers { universe: &universe, destination: None, port: None };
        let split = Peers { domain: &domain, trust_domain: "cluster.local" }.identity(&wanted);
        let web = peer("shop", "web");
        assert_eq!(universe.contains(&split.holds, &web), Some(false), "{glob}");
        assert_eq!(universe.contains(&split.depends, &web), Some(true), "{glob}");
        assert_eq!(universe.contains(&split.depends, &Peer::default()), Some(false), "{glob}");
    }
}

#[test]
fn a_rule_about_peers_and_requests_divides_peers_by_what_is_left() {
    let is = |written: &str| Expression::Is(Matcher::Identity(IdentityMatch::Namespace(written.into())));
    let get = Expression::Is(super::super::matcher::header(":method", "GET"));
    // From `shop`, or by GET from elsewhere; never from `ns`.
    let rule = Policy {
        permissions: vec![Expression::Any],
        principals: vec![Expression::All(vec![
            Expression::AnyOf(vec![is("shop"), get.clone()]),
            is("ns").negated(),
        ])],
    };
    let policy = rule.principals.first().cloned().unwrap();
    let universe = universe(told_apart(&filters(policy), &Request::default()));
    let domain = AllPeers { universe: &universe, destination: None, port: None };
    let peers = Peers { domain: &domain, trust_domain: "cluster.local" };
    let parts = super::policy(&peers, &Request::default(), &rule);
    let left = |namespace: &str| {
        let peer = peer(namespace, "x");
        let part = parts.iter().find(|(set, _)| universe.contains(set, &peer) == Some(true));
        part.map_or(Formula::False, |(_, formula)| formula.clone())
    };
    let Expression::Is(get) = get else { unreachable!() };
    assert_eq!(left("shop"), Formula::True);
    assert_eq!(left("other"), Formula::Is(Leaf::Matcher(get)));
    assert_eq!(left("ns"), Formula::False);
}

#[test]
fn an_address_that_is_not_known_is_open() {
    let block: IpNet = "10.0.0.0/8".parse().unwrap();
    let of = |address: Option<&str>| {
        let address = address.map(|text| text.parse().unwrap());
        let split = OnePeer { identity: None, address }.address(&block);
        (split.holds, split.depends)
    };
    assert_eq!(of(Some("10.1.1.1")), (true, false));
    assert_eq!(of(Some("11.1.1.1")), (false, false));
    assert_eq!(of(Some("::1")), (false, false));
    assert_eq!(of(None), (false, true));
}
