use std::collections::BTreeMap;

use mesh_testkit::{large, odd, seed};
use serde_json::{Value, json};

use super::super::keep::{Texts, items};
use super::super::paths::Text;
use super::super::test_pages::kept;
use super::super::{Contents, List, read, write};
use super::{Redactor, parts};
use crate::model::{Identity, ResourceRef};
use crate::policy::{Caller, Decision, Judgement, Mesh, Resolution, Target, Verdict, evaluate};
use crate::snapshot::{Extent, MeshSnapshot, NotRead, Resource, SettingsOverride, Silent, Why};

fn redacted(contents: &Contents, redactor: &mut Redactor) -> Contents {
    let mut one = |list: &List| {
        let resource = Resource::named(&list.resource).unwrap();
        let items = items(resource, &list.text, redactor).unwrap();
        let text = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, items.join(","));
        List { text, ..list.clone() }
    };
    Contents { lists: contents.lists.iter().map(&mut one).collect(), ..contents.clone() }
}

fn snapshot(contents: &Contents) -> MeshSnapshot {
    MeshSnapshot::build(contents.objects(), &SettingsOverride::default())
}

fn names(redactor: &mut Redactor, text: &str) -> String {
    redactor.text(text, Text::Names).into_owned()
}

/// A mesh, and whether its names are hashed already.
struct Asked<'a> {
    snapshot: &'a MeshSnapshot,
    redactor: &'a mut Redactor,
    is_hashed: bool,
}

impl Asked<'_> {
    fn reference(&mut self, of: &ResourceRef) -> String {
        format!("{}/{}", of.kind.printed(), self.label(&of.key()))
    }

    /// What something of the mesh is called with hashed names.
    fn label(&mut self, name: &str) -> String {
        if self.is_hashed { name.to_owned() } else { names(self.redactor, name) }
    }

    /// What a person types who means this.
    fn typed(&mut self, name: &str) -> String {
        if self.is_hashed { names(self.redactor, name) } else { name.to_owned() }
    }

    fn callers(&mut self) -> Vec<(String, Caller)> {
        let mut callers = vec![("outside".to_owned(), Caller::Outside)];
        for index in self.snapshot.indexes() {
            let name = self.reference(&self.snapshot.workload(index).unwrap().reference);
            callers.push((name, Caller::Workload(index)));
        }
        for address in ["10.0.0.77", "203.0.113.9", "fd00::5", "10.0.0.3"] {
            callers.push((address.to_owned(), Caller::Address(address.parse().unwrap())));
        }
        for (namespace, account) in
            [("a", "web"), ("ab", "we"), ("ghost", "ghost"), ("zb", "zweb"), ("a", "b")]
        {
            for domain in ["cluster.local", "other.td"] {
                let identity = Identity::new(self.typed(domain), self.typed(namespace), self.typed(account));
                callers.push((format!("{domain}/{namespace}/{account}"), Caller::Identity(identity)));
            }
        }
        callers
    }

    fn targets(&mut self) -> Vec<(String, Target)> {
        let snapshot = self.snapshot;
        let workloads = snapshot.workloads.iter().map(|workload| &workload.reference);
        let workloads = workloads.zip(snapshot.indexes().map(|index| Target::Workloads(vec![index])));
        let services = snapshot.services.iter().map(|service| &service.reference);
        let all = workloads.chain(services.zip((0..).map(Target::Service)));
        all.map(|(of, target)| (self.reference(of), target)).collect()
    }

    /// The verdicts of everybody at everything, by their hashed names.
    fn verdicts(mut self) -> BTreeMap<String, String> {
        let mesh = Mesh::new(self.snapshot);
        let callers = self.callers();
        let mut verdicts = BTreeMap::new();
        for (target_name, target) in self.targets() {
            for dialled in target.ports(&mesh) {
                let resolution = target.resolve(&mesh, &dialled);
                let port = self.label(&dialled.to_string());
                for (name, caller) in &callers {
                    let decision = evaluate(&mesh, caller, &resolution);
                    let is_one = matches!(&resolution, Resolution::Destinations(of) if of.len() == 1);
                    let answer = brief(&decision, is_one);
                    verdicts.insert(format!("{name} -> {target_name}:{port}"), answer);
                }
            }
        }
        verdicts
    }
}

/// What an answer comes down to. Of a certain one from one destination, what every gate said; of others that
/// depends on the order in which answers were put together, which is that of names.
fn brief(decision: &Decision, is_one: bool) -> String {
    let reason = |gate: &Judgement| format!("{:?} {:?} {:?}", gate.gate, gate.outcome, gate.reason);
    let reasons: Vec<String> = decision.gates.iter().map(reason).collect();
    let attributes: Vec<&str> = decision.conditions.iter().map(|condition| &*condition.attribute).collect();
    match decision.verdict() {
        verdict @ (Verdict::Allowed | Verdict::Denied) if is_one => format!("{verdict:?} {reasons:?}"),
        verdict => format!("{verdict:?} {attributes:?}"),
    }
}

/// How many certain verdicts are the same on a mesh and on its hashed self.
fn same_verdicts(objects: &[Value], context: &str) -> usize {
    let contents = kept(objects);
    let redactor = &mut Redactor::learn(&contents).unwrap();
    let hidden = redacted(&contents, redactor);
    let (before, after) = (snapshot(&contents), snapshot(&hidden));
    let expected = Asked { snapshot: &before, redactor, is_hashed: false }.verdicts();
    let found = Asked { snapshot: &after, redactor, is_hashed: true }.verdicts();
    for (connection, verdict) in &expected {
        assert_eq!(Some(verdict), found.get(connection), "{context}: {connection}");
    }
    assert_eq!(expected.len(), found.len(), "{context}");
    assert_eq!(before.gaps.len(), after.gaps.len(), "{context}");
    expected.values().filter(|verdict| !verdict.starts_with("Unknown")).count()
}

#[test]
fn verdicts_are_the_same_with_hashed_names() {
    let mut verdicts = same_verdicts(&large::mesh(seed(), large::Size::percent(1)), "large");
    for seed in seed()..seed() + 200 {
        verdicts += same_verdicts(&odd::cluster(seed), &format!("seed {seed}"));
    }
    println!("certain verdicts compared: {verdicts}");
    assert!(verdicts > 50_000);
}

fn policy(principals: &[&str]) -> Value {
    json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": "payments-only", "namespace": "shop"},
        "spec": {"rules": [{"from": [{"source": {"principals": principals}}]}]}})
}

fn learnt(objects: &[Value]) -> Redactor {
    Redactor::learn(&kept(objects)).unwrap()
}

#[test]
fn what_stands_between_words_stays_and_so_do_words_of_kubernetes_and_istio() {
    let mut redactor = learnt(&[]);
    let hashed = names(&mut redactor, "cluster.local/ns/shop/sa/web-7d9f-0_x");
    let parts: Vec<&str> = parts(&hashed).collect();
    assert_eq!(parts[..5], ["cluster", ".", "local", "/", "ns"]);
    assert_eq!((parts[7], parts[9], parts[11], parts[14], parts[15]), ("/", "/", "-", "0", "_"), "{hashed}");
    assert_eq!(names(&mut redactor, "shop"), parts[6]);
    assert_eq!(names(&mut redactor, "ns/shop/sa"), format!("ns/{}/sa", parts[6]));
    assert_ne!(parts[6], "shop");
    for stays in [
        // What the engine looks for by name.
        "istio-cni-config",
        "istio-cni-node",
        "istio-proxy",
        "istiod",
        "ztunnel",
        "istio",
        "pending",
        "none",
        "workload",
        "service",
        "http",
        "None",
        "Ready",
        "istio-system",
        "kube-system",
        "default",
        "spiffe://cluster.local/ns/default/sa/default",
        "10.0.0.0/8",
        "fd00::/16",
        "web.svc.cluster.local",
        "v1beta1",
        "1.28.2-distroless",
        "*",
        "",
        "security.istio.io/v1",
        "system:serviceaccount",
        "AuthorizationPolicy",
        "ambient",
        "enabled",
        "true",
    ] {
        assert_eq!(names(&mut redactor, stays), stays);
    }
    // Behind an address anything may stand.
    for (text, start) in [("10.1.2.3/acme/payments:v7", "10.1.2.3/"), ("fd00::1%secret", "fd00::1%")] {
        let hidden = names(&mut redactor, text);
        assert!(hidden.starts_with(start) || start == "10.1.2.3/", "{hidden}");
        assert!(!["acme", "payments", "secret"].iter().any(|word| hidden.contains(word)), "{hidden}");
    }
    for key in
        ["app", "istio.io/rev", "topology.istio.io/network", "app.kubernetes.io/name", "pod-template-hash"]
    {
        assert_eq!(redactor.text(key, Text::LabelKey), key);
    }
    for key in ["acme", "acme.com/team", "node-role.kubernetes.io/acme", "acme-istio.io.com/x"] {
        assert!(!redactor.text(key, Text::LabelKey).contains("acme"), "{key}");
    }
}

#[test]
fn two_words_have_two_hashes_and_two_bundles_have_nothing_in_common() {
    let (mut one, mut other) = (learnt(&[]), learnt(&[]));
    let mut hashes = std::collections::HashSet::new();
    for number in 0..20_000 {
        let word = format!("word{number}x");
        let hash = names(&mut one, &word);
        assert_eq!(hash, names(&mut one, &word));
        assert!(hash.len() == 8 && hash.starts_with(|c: char| c.is_ascii_lowercase()), "{hash}");
        assert!(hashes.insert(hash), "{word}");
    }
    assert_ne!(names(&mut one, "shop"), names(&mut other, "shop"));
}

#[test]
fn a_wildcard_that_ends_inside_a_word_still_matches_and_is_told() {
    let prefix = "cluster.local/ns/pay*";
    let mut redactor = learnt(&[policy(&[prefix, "*end/sa/web", "cluster.local/ns/team-*", "*/sa/x", "*"])]);
    for (name, stays) in [
        ("payments", true),
        ("pay", true),
        ("repay", false),
        ("backend", true),
        ("end", true),
        ("ending", false),
        ("team", false),
    ] {
        assert_eq!(names(&mut redactor, name) == name, stays, "{name}");
    }
    for number in 0..5_000 {
        let hash = names(&mut redactor, &format!("w{number}"));
        assert!(!hash.starts_with("pay") && !hash.ends_with("end"), "{hash}");
    }
    assert_eq!(redactor.unhidden(), ["*end/sa/web", prefix]);
}

#[test]
fn where_no_hash_can_be_told_from_a_wildcard_the_word_stays_and_is_told() {
    let every_letter: Vec<String> = ('a'..='z').map(|letter| format!("{letter}*")).collect();
    let principals: Vec<&str> = every_letter.iter().map(String::as_str).collect();
    let mut redactor = learnt(&[policy(&principals)]);
    assert_eq!(names(&mut redactor, "Shop"), "Shop");
    let told = redactor.unhidden();
    assert!(told.contains(&"Shop".to_owned()) && told.contains(&"q*".to_owned()), "{told:?}");
}

#[test]
fn revisions_of_istiod_stay() {
    let env = json!([{"name": "REVISION", "value": "blue-1"}]);
    let mut redactor = learnt(&[json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "istiod-x", "namespace": "istio-system", "labels": {"app": "istiod"}},
        "spec": {"containers": [{"name": "discovery", "env": env}]}})]);
    assert_eq!(names(&mut redactor, "istio-blue-1"), "istio-blue-1");
    assert_ne!(names(&mut redactor, "green"), "green");
}

#[test]
fn a_file_with_hashed_names_has_no_other() {
    let objects = [
        policy(&["acme.com/ns/shop/sa/cashier"]),
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "cashier-0", "namespace": "shop", "uid": "cafe-babe-u",
                "labels": {"acme.com/team": "tills", "app": "cashier"},
                "ownerReferences": [{"kind": "Till", "apiVersion": "acme.com/v1", "name": "cashier"}]},
            "spec": {"serviceAccountName": "cashier", "nodeName": "ip-10-0-0-1.acme.com",
                "containers": [{"name": "cashier", "image": "acme.com/cashier:2", "ports": [{"name": "till", "containerPort": 80}]}]},
            "status": {"podIP": "10.0.0.1"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
            "data": {"mesh": "trustDomain: acme.com\ndiscoverySelectors: [{matchLabels: {acme.com/team: tills}}]"}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "cashiers"},
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "User", "name": "alice@acme.com"}]}),
    ];
    let mut contents = kept(&objects);
    contents.source = "acme-prod".to_owned();
    let why = Why::Failed("alice@acme.com cannot".to_owned());
    contents.not_read.push(NotRead { resource: "pods".to_owned(), extent: Extent::one("tills"), why });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    let written = write(&path, &contents, true).unwrap();
    assert!(written.unhidden.is_empty());
    let bundle = read(&path, &Silent).unwrap();
    assert!(bundle.redacted);
    let said = format!("{bundle:?}");
    for name in ["acme", "shop", "cashier", "tills", "Till", "till\"", "alice", "babe"] {
        assert!(!said.contains(name), "`{name}` in {said}");
    }
    let objects = bundle.objects();
    let pod = &objects.pods[0];
    let team = pod.meta.labels.iter().find(|(key, _)| key.contains('/')).unwrap();
    let Extent::Only(missing) = &bundle.contents.not_read[0].extent else { panic!("{said}") };
    assert_eq!(missing.first().map(|name| &**name), Some(team.1), "one word, one hash");
    assert_eq!(pod.spec.status.as_ref().unwrap().pod_ip.as_deref(), Some("10.0.0.1"));
    let selectors = snapshot(&bundle.contents).settings.mesh.discovery_selectors;
    assert_eq!(selectors[0].match_labels.iter().collect::<Vec<_>>(), [team]);
}

#[test]
fn who_may_create_pods_is_the_same_with_hashed_names() {
    let contents = kept(&crate::bundle::tests::corners::rbac());
    let redactor = &mut Redactor::learn(&contents).unwrap();
    let hidden = redacted(&contents, redactor);
    let creators = |contents: &Contents, namespace: &str| {
        let creators = snapshot(contents).pod_creators.unwrap();
        let of: Vec<String> = creators.of(&namespace.into()).iter().map(ToString::to_string).collect();
        (of, creators.roles_not_read.len())
    };
    let (real, unclear) = creators(&contents, "shop");
    assert_eq!((real.len(), unclear), (3, 1), "{real:?}");
    let shop = names(redactor, "shop");
    let (mut hashed, still_unclear) = creators(&hidden, &shop);
    let mut expected: Vec<String> = real.iter().map(|creator| after_kind(redactor, creator)).collect();
    expected.sort();
    hashed.sort();
    assert_eq!((hashed, still_unclear), (expected, unclear));
}

/// What is printed of somebody: of `user/x`, `x` is a name.
fn after_kind(redactor: &mut Redactor, creator: &str) -> String {
    match creator.split_once('/') {
        Some((kind, name)) => format!("{kind}/{}", names(redactor, name)),
        None => names(redactor, creator),
    }
}
