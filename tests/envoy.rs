//! What the engine compiles for an Envoy is what istiod sends it: tests/oracle/envoy, recorded from istiod's own code.
//!
//! `make record-envoy` records anew; the live test `envoy` asks about other questions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use mesh_common::policy::Verdict;
use mesh_common::policy::envoy::{Attribute, Known, OnePeer, Request, Token, Tunnel, decide};
use mesh_testkit::Random;
use mesh_tests::{rbac, read_json_lines};
use serde_json::{Value, json};

/// Values that the generated policies ask for, and others.
const PATHS: [&str; 6] = ["/", "/api", "/api/x", "/api/x.json", "/a/x/b", "/x.html?q"];
const HOSTS: [&str; 4] = ["shop.example", "a.EXAMPLE", "shop.example:8080", "other"];
const TEXTS: [&str; 4] = ["v", "vv", "", "other"];
const ADDRESSES: [&str; 3] = ["10.0.0.1", "11.0.0.1", "fd00::1"];
const IDENTITIES: [Option<&str>; 4] = [
    None,
    Some("spiffe://cluster.local/ns/shop/sa/web"),
    Some("spiffe://td2/ns/ns/sa/default"),
    Some("spiffe://other/ns/sa/sa/web"),
];

/// A request of which everything is known.
fn request(random: &mut Random) -> Request {
    let text = |random: &mut Random, of: &[&str]| Known::Is(random.pick(of).into());
    let address = |random: &mut Random| Known::Is(random.pick(&ADDRESSES).parse().unwrap());
    let mut header = |name: &str| {
        let value = if random.chance(30) { Known::Absent } else { text(random, &TEXTS) };
        (name.into(), value)
    };
    let headers = ["x-id", "[a]", "", "a"].map(&mut header).into();
    let claims = json!({"iss": "https://iss.example", "sub": random.pick(&["sub", "x"]), "aud": ["v"], "a": {"b": {"c": "v"}}});
    let token = match random.below(2) {
        0 => Token::Absent,
        _ => Token::Claims { claims: claims.as_object().unwrap().clone(), complete: true },
    };
    Request {
        is_http: None,
        method: text(random, &["GET", "POST", "PUT"]),
        path: text(random, &PATHS),
        host: text(random, &HOSTS),
        headers,
        server_name: text(random, &TEXTS),
        token,
        remote_ip: address(random),
        destination_ip: address(random),
        destination_port: Known::Is(if random.chance(50) { 80 } else { 8080 }),
        tunnel: [Tunnel::None, Tunnel::OfWaypoint, Tunnel::OfSidecar][random.below(3)],
        identity_is_hidden: false,
        is_connection: false,
    }
}

/// The same request, with less known of it.
fn less(random: &mut Random, request: &Request) -> Request {
    let mut less = request.clone();
    let mut forget = || random.chance(50);
    if forget() {
        less.method = Known::Unknown;
    }
    if forget() {
        less.path = Known::Unknown;
    }
    if forget() {
        less.host = Known::Unknown;
    }
    if forget() {
        less.server_name = Known::Unknown;
    }
    if forget() {
        less.token = Token::Unknown;
    }
    if forget() {
        less.remote_ip = Known::Unknown;
    }
    if forget() {
        less.destination_port = Known::Unknown;
    }
    less.headers.retain(|_, _| forget());
    less
}

/// A few policies that all apply: with more of them one denies nearly everything.
fn enforced(random: &mut Random, seed: u64) -> Value {
    let mut question = mesh_testkit::envoy::question(seed);
    question["chain"] = json!("http");
    question["workload"] = json!({"namespace": "shop", "labels": {}, "waypoint": false, "service": null});
    let policies = question["policies"].as_array_mut().unwrap();
    policies.truncate(1 + random.below(3));
    for policy in policies {
        policy["metadata"]["namespace"] = json!("shop");
        for field in ["selector", "targetRef", "targetRefs"] {
            policy["spec"].as_object_mut().unwrap().remove(field);
        }
    }
    question
}

/// Whatever is answered of a request that is known in part holds for each request that it may be.
#[test]
fn what_is_decided_without_an_attribute_is_decided_with_it() {
    let (mut decided, mut open) = (0, 0);
    for seed in 1..2000 {
        let seed = seed + mesh_testkit::seed() * 10_000;
        let mut random = Random::new(seed);
        let filters = rbac::filters(&enforced(&mut random, seed));
        let whole = request(&mut random);
        let part = less(&mut random, &whole);
        let identity = IDENTITIES[random.below(IDENTITIES.len())];
        let address = Some(random.pick(&ADDRESSES).parse().unwrap());
        let of = |request: &Request, address| {
            let mut cells = decide(&OnePeer { identity, address }, request, &filters);
            assert_eq!(cells.len(), 1, "seed {seed}");
            cells.pop().unwrap().1
        };
        let known = of(&whole, address);
        // What is not known of the mesh may be left, nothing of the request.
        let left: Vec<_> =
            known.allowed_when.attributes().into_iter().filter(|one| !is_of_the_mesh(one)).collect();
        assert_eq!(left, [], "seed {seed}");
        for partly in [of(&part, address), of(&part, None), of(&whole, None)] {
            match partly.verdict {
                Verdict::Conditional => {
                    open += 1;
                    let now = partly.allowed_when.given(&whole);
                    let by_address = partly.allowed_when.attributes().contains(&Attribute::SourceIp);
                    let of_custom = !filters.custom.is_empty();
                    assert!(
                        by_address || of_custom || now == known.allowed_when,
                        "seed {seed}: {now:?} {known:?}"
                    );
                }
                verdict => {
                    decided += 1;
                    assert_eq!(verdict, known.verdict, "seed {seed}: {partly:#?}\n{known:#?}");
                }
            }
        }
    }
    println!("{decided} decided, {open} left open");
    assert!(decided > 500 && open > 300);
}

fn is_of_the_mesh(attribute: &Attribute) -> bool {
    matches!(attribute, Attribute::Authorizer(_) | Attribute::IstiodVersion | Attribute::Metadata(..))
}

#[test]
fn every_rule_equals_istiods() {
    let (mut questions, mut rules, mut identities) = (0, 0, 0);
    let answers = read_json_lines("tests/oracle/envoy/answers.jsonl.gz");
    let asked = read_json_lines("tests/oracle/envoy/questions.jsonl.gz");
    assert_eq!(asked.len(), answers.len());
    for (question, answer) in asked.iter().zip(&answers) {
        let compared = rbac::compare(question, answer);
        if let Some(different) = compared.different {
            panic!("seed {}: {different}", question["seed"]);
        }
        questions += 1;
        rules += compared.rules;
        identities += compared.identities;
    }
    println!("{questions} proxies: {rules} rules equal, {identities} matchers of identities agree");
    assert!(questions >= 400 && rules >= 1000 && identities >= 1000, "too few to tell");
}
