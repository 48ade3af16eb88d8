//! Questions about the filters of an Envoy: a proxy, a mesh, and policies that say everything they can, right and wrong.
//!
//! `tests/env/istio/istio-rbac` answers them with istiod's own code; their form is its `question`.

use serde_json::{Value, json};

use crate::Random;

const NAMESPACES: [&str; 4] = ["istio-system", "shop", "ns", "auth"];
const APPS: [&str; 3] = ["cart", "web", ""];
const TRUST_DOMAINS: [&str; 6] = ["cluster.local", "td1", "old-td", "new-td", "td.example", "td2"];
const PROVIDERS: [&str; 6] = ["grpc", "http", "broken", "UPPER", "tracing", "-dash"];

/// Values of `principals`.
const PRINCIPALS: [&str; 29] = [
    "*",
    "**",
    "",
    "cluster.local/ns/shop/sa/web",
    "cluster.local/ns/shop/sa/*",
    "cluster.local/ns/*/sa/web",
    "cluster.local/ns/shop/*",
    "cluster.local/ns/sh*",
    "cluster*",
    "td1/ns/shop/sa/web",
    "td2/ns/ns/sa/default",
    "old-td/ns/shop/sa/web",
    "new-td/ns/shop/sa/web",
    "td.example/ns/shop/sa/web",
    "other/ns/shop/sa/web",
    "*-td/ns/shop/sa/web",
    "*local/ns/shop/sa/web",
    "td*/ns/shop/sa/web",
    "*/ns/shop/sa/web",
    "*/sa/web",
    "*web",
    "*w*b",
    "*.(x)+/sa/web",
    "web",
    "a/b/c/d/e/f",
    "/ns/shop/sa/web",
    "spiffe://cluster.local/ns/shop/sa/web",
    "spiffe:*",
    "cluster.local/ns/shop/sa/web*",
];

const NAMESPACE_VALUES: [&str; 17] = [
    "shop", "ns", "sa", "*", "**", "sh*", "*op", "*a", "*sa", "s*p", "s*h*p", "n*s", "shop/sa", "*p/sa",
    "sho.", "", "x*y",
];
const ACCOUNT_VALUES: [&str; 11] =
    ["web", "shop/web", "ns/default", "a/b/c", "/web", "shop/", "", "*", "shop/w*", "ns/w.b", "sa"];
const TRUST_DOMAIN_VALUES: [&str; 14] = [
    "cluster.local",
    "td1",
    "td2",
    "old-td",
    "*",
    "**",
    "td*",
    "*td",
    "t*1",
    "a*b*c",
    "td.*",
    "",
    "td1/ns",
    "*/ns",
];
const BLOCKS: [&str; 19] = [
    "10.0.0.1",
    "10.0.0.0/8",
    "10.1.2.3/8",
    "0.0.0.0/0",
    "::/0",
    "fd00::1",
    "FD00:0:0::0:1/64",
    "2001:db8:0:0:1:0:0:1",
    "::ffff:10.0.0.1",
    "::ffff:10.0.0.0/104",
    "::1.2.3.4",
    "1:0:0:2:0:0:0:3",
    "010.0.0.1",
    "10.0.0.0/08",
    "10.0.0.0/33",
    "10.0.0",
    "host",
    "",
    "10.0.0.1/",
];
const PORTS: [&str; 10] = ["80", "443", "0", "65535", "65536", "http", "-1", "080", "", "99999999999"];
const REQUEST_PRINCIPALS: [&str; 16] = [
    "*",
    "https://iss.example/sub",
    "https://iss.example/*",
    "*/sub",
    "*.example/sub",
    "*sub",
    "iss*",
    "iss/su*",
    "iss",
    "**",
    "*/",
    "/*",
    "**/x",
    "a/**",
    "",
    "*/*",
];
const HOSTS: [&str; 8] = ["shop.example", "*.example", "shop.*", "*", "Shop.Example:8080", "**", "", "a*b"];
const METHODS: [&str; 7] = ["GET", "POST", "get", "*", "P*", "*T", ""];
const PATHS: [&str; 18] = [
    "/",
    "/api",
    "/api/*",
    "*.html",
    "*",
    "/a*b",
    "/api/{*}",
    "/api/{**}",
    "/{*}/x/{**}",
    "/{**}/x",
    "/api/{*}.json",
    "{*}",
    "/a/{**}/{*}",
    "/a b/{*}",
    "/{*}*",
    "/{id}",
    "**",
    "",
];
const TEXTS: [&str; 8] = ["v", "*", "v*", "*v", "**", "", "[v]", "[*v]"];
const KEYS: [&str; 31] = [
    "destination.ip",
    "destination.port",
    "connection.sni",
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.trustDomain",
    "source.serviceAccount",
    "source.principal",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "request.auth.claims[iss]",
    "request.auth.claims[a][b][c]",
    "request.auth.claims[a]b]",
    "request.auth.claims[[a]]",
    "request.auth.claims[]",
    "request.auth.claims",
    "request.auth.claimsx",
    "request.headers[X-Id]",
    "request.headers[:path]",
    "request.headers[[a]]",
    "request.headers[]",
    "request.headers",
    "request.headers-x[a]",
    "experimental.envoy.filters.network.mysql_proxy[shop.cart]",
    "experimental.envoy.filters.a[]",
    "experimental.envoy.filters.a",
    "experimental.envoy.filters.a[b][c]",
    "source.labels[app]",
    "",
];

/// A question; the same for the same seed.
#[must_use]
pub fn question(seed: u64) -> Value {
    let mut random = Random::new(seed.wrapping_mul(0x9e37).wrapping_add(0x5eed));
    let random = &mut random;
    let gateway = random.chance(35);
    let service = random.chance(50).then(|| {
        json!({"name": random.pick(&["cart", "web"]), "namespace": random.pick(&NAMESPACES), "external": random.chance(40)})
    });
    let aliases = random.below(3);
    let mut trust_domains: Vec<&str> = TRUST_DOMAINS.to_vec();
    let first = usize::from(random.chance(70));
    random.shuffle(&mut trust_domains[first..]);
    let policies: Vec<Value> = (0..4 + random.below(6)).map(|at| policy(random, at)).collect();
    json!({
        "seed": seed,
        "trustDomain": trust_domains[0],
        "trustDomainAliases": trust_domains[1..=aliases],
        "rootNamespace": "istio-system",
        "chain": random.pick(&["http", "http", "tcp", "tcp", "tcpRulesAsHttp"]),
        "filterState": random.chance(40),
        "multipleProviders": random.chance(50),
        "selectorBasedGatewayPolicy": random.chance(70),
        "providers": PROVIDERS.map(|name| json!({"name": name, "kind": if name == "-dash" || name == "UPPER" { "grpc" } else { name }})),
        "workload": {
            "namespace": random.pick(&["shop", "shop", "shop", "istio-system", "ns"]),
            "labels": workload_labels(random, gateway),
            "waypoint": gateway && random.chance(70),
            "service": service,
        },
        "policies": policies,
        "identities": identities(),
    })
}

/// Identities that are compared with every matcher: canonical ones, and others that a certificate may hold.
fn identities() -> Vec<String> {
    let mut identities = Vec::new();
    for trust_domain in ["cluster.local", "td1", "old-td"] {
        for namespace in ["shop", "ns", "sa", "shox"] {
            for account in ["web", "default", "sa"] {
                identities.push(format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}"));
            }
        }
    }
    let odd = [
        "",
        "cluster.local/ns/shop/sa/web",
        "spiffe://cluster.local",
        "spiffe://td1/ns/shop/x/sa/web",
        "spiffe://td1/ns/shop/sa/web/more",
        "spiffe:///ns/shop/sa/web",
        "spiffe://td1/sa/web/ns/shop",
    ];
    identities.extend(odd.map(str::to_owned));
    identities
}

fn workload_labels(random: &mut Random, gateway: bool) -> Value {
    let mut labels =
        if random.chance(80) { json!({"app": random.pick(&APPS), "tier": "a"}) } else { json!({}) };
    if gateway {
        labels["gateway.networking.k8s.io/gateway-name"] = json!(random.pick(&["gw", "wp"]));
    }
    labels
}

fn policy(random: &mut Random, at: usize) -> Value {
    let mut spec = json!({});
    // Most must apply, or there is nothing to compare.
    match random.below(12) {
        0 => spec["selector"] = json!({}),
        1 => spec["selector"] = json!({"matchLabels": {}}),
        2..4 => spec["selector"] = json!({"matchLabels": {"app": random.pick(&APPS)}}),
        4 => spec["targetRef"] = target(random),
        5..7 => spec["targetRefs"] = json!((0..=random.below(3)).map(|_| target(random)).collect::<Vec<_>>()),
        7 => {
            spec["targetRefs"] = json!([]);
            spec["targetRef"] = target(random);
        }
        _ => {}
    }
    match random.below(10) {
        0..3 => spec["action"] = json!("DENY"),
        3 => spec["action"] = json!("AUDIT"),
        4..6 => {
            spec["action"] = json!("CUSTOM");
            if !random.chance(5) {
                let name =
                    if random.chance(60) { random.pick(&["grpc", "http"]) } else { random.pick(&PROVIDERS) };
                spec["provider"] = json!({"name": name});
            }
        }
        6 => {}
        _ => spec["action"] = json!("ALLOW"),
    }
    let rules: Vec<Value> = (0..random.below(4)).map(|_| rule(random)).collect();
    if random.chance(95) {
        spec["rules"] = json!(rules);
    }
    let namespace = random.pick(&["istio-system", "istio-system", "shop", "shop", "ns", "auth"]);
    let mut metadata = json!({"name": format!("p{at}"), "namespace": namespace});
    if random.chance(20) {
        let dry_run = random.pick(&["true", "T", "1", "false", "yes", "", "TRUE", "tRUE"]);
        metadata["annotations"] = json!({"istio.io/dry-run": dry_run});
    }
    json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})
}

fn target(random: &mut Random) -> Value {
    let (group, kind, name) = match random.below(6) {
        0 => ("", "Service", "cart"),
        1 => ("core", "Service", "web"),
        2 => ("networking.istio.io", "ServiceEntry", random.pick(&["cart", "web"])),
        3 => ("gateway.networking.k8s.io", "GatewayClass", random.pick(&["istio-waypoint", "istio"])),
        4 => ("", "Gateway", "gw"),
        _ => ("gateway.networking.k8s.io", "Gateway", random.pick(&["gw", "wp"])),
    };
    let mut target = json!({"kind": kind, "name": name});
    if !group.is_empty() || random.chance(50) {
        target["group"] = json!(group);
    }
    if random.chance(15) {
        target["namespace"] = json!(random.pick(&["shop", "ns"]));
    }
    target
}

fn rule(random: &mut Random) -> Value {
    let mut rule = json!({});
    if random.chance(65) {
        let from = (0..random.below(3)).map(|_| entry(random, "source", source));
        rule["from"] = json!(from.collect::<Vec<_>>());
    }
    if random.chance(60) {
        let to = (0..random.below(3)).map(|_| entry(random, "operation", operation));
        rule["to"] = json!(to.collect::<Vec<_>>());
    }
    if random.chance(50) {
        let when = (0..=random.below(2)).map(|_| condition(random));
        rule["when"] = json!(when.collect::<Vec<_>>());
    }
    rule
}

fn entry(random: &mut Random, field: &str, of: fn(&mut Random) -> Value) -> Value {
    if random.chance(4) { json!({}) } else { json!({ field: of(random) }) }
}

type Lists<'a> = &'a [(&'a str, &'a str, &'a [&'a str], usize)];

/// Sets some of the lists, positive and negative. A value that no list should hold is rare.
fn fill(random: &mut Random, object: &mut Value, lists: Lists<'_>) {
    for (positive, negative, values, percent) in lists {
        for (field, percent) in [(positive, *percent), (negative, percent / 3)] {
            if random.chance(percent) {
                object[*field] = json!(random.some(values, 3));
            }
        }
    }
}

fn source(random: &mut Random) -> Value {
    let mut source = json!({});
    let blocks = blocks(random);
    let lists: Lists<'_> = &[
        ("principals", "notPrincipals", &PRINCIPALS, 35),
        ("requestPrincipals", "notRequestPrincipals", &REQUEST_PRINCIPALS, 15),
        ("namespaces", "notNamespaces", &NAMESPACE_VALUES, 25),
        ("serviceAccounts", "notServiceAccounts", &ACCOUNT_VALUES, 20),
        ("trustDomains", "notTrustDomains", &TRUST_DOMAIN_VALUES, 20),
        ("ipBlocks", "notIpBlocks", blocks, 20),
        ("remoteIpBlocks", "notRemoteIpBlocks", blocks, 15),
    ];
    fill(random, &mut source, lists);
    source
}

fn operation(random: &mut Random) -> Value {
    let mut operation = json!({});
    let ports = if random.chance(70) { &PORTS[..4] } else { &PORTS[..] };
    let lists: Lists<'_> = &[
        ("hosts", "notHosts", &HOSTS, 25),
        ("ports", "notPorts", ports, 35),
        ("methods", "notMethods", &METHODS, 30),
        ("paths", "notPaths", &PATHS, 35),
    ];
    fill(random, &mut operation, lists);
    operation
}

fn blocks(random: &mut Random) -> &'static [&'static str] {
    if random.chance(70) { &BLOCKS[..12] } else { &BLOCKS }
}

fn condition(random: &mut Random) -> Value {
    let key = if random.chance(90) { random.pick(&KEYS[..20]) } else { random.pick(&KEYS) };
    let values: &[&str] = match key {
        "source.ip" | "remote.ip" | "destination.ip" => blocks(random),
        "destination.port" => &PORTS,
        "source.namespace" => &NAMESPACE_VALUES,
        "source.trustDomain" => &TRUST_DOMAIN_VALUES,
        "source.serviceAccount" => &ACCOUNT_VALUES,
        "source.principal" => &PRINCIPALS,
        "request.auth.principal" => &REQUEST_PRINCIPALS,
        _ => &TEXTS,
    };
    let mut condition = json!({"key": key});
    for (field, percent) in [("values", 85), ("notValues", 30)] {
        if random.chance(percent) {
            condition[field] = json!(random.some(values, 3));
        }
    }
    condition
}
