use super::*;
use crate::policy::Mesh;
use crate::snapshot::test_objects::snapshot;

/// `namespace/name age selector mode ports`, where age is a day or `-`, and the selector `-`, `{}` or labels.
fn objects(lines: &[&str]) -> String {
    let one = |line: &&str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (namespace, name) = words[0].split_once('/').unwrap();
        let created = match words[1] {
            "-" => String::new(),
            day => format!(", creationTimestamp: '2026-01-{day}T00:00:00Z'"),
        };
        let selector = match words[2] {
            "-" => String::new(),
            "{}" => ", selector: {}".to_owned(),
            labels => format!(", selector: {{matchLabels: {{{}}}}}", labels.replace('=', ": ")),
        };
        let ports = words.get(4).map(|ports| {
            let modes = ports.split(',').map(|of| {
                let (port, mode) = of.split_once('=').unwrap();
                format!("'{port}': {{mode: {mode}}}")
            });
            format!(", portLevelMtls: {{{}}}", modes.collect::<Vec<_>>().join(", "))
        });
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}, \
             namespace: {namespace}{created}}}\nspec: {{mtls: {{mode: {}}}{selector}{}}}\n",
            words[3],
            ports.unwrap_or_default()
        )
    };
    lines.iter().map(one).collect()
}

fn names(of: &crate::snapshot::MeshSnapshot, indexes: &[PeerAuthenticationIndex]) -> String {
    let name =
        |index: &PeerAuthenticationIndex| of.peer_authentications[index.0].object.meta.name.to_string();
    indexes.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// What holds at a port of `shop`'s pod `app=web`, and which object says so.
fn at(lines: &[&str], port: u16) -> String {
    let snapshot = snapshot(&objects(lines));
    let mesh = Mesh::new(&snapshot);
    let labels = [("app", "web")].into_iter().collect();
    match at_port(mesh.policies.peer_authentications(), &"shop".into(), &labels, Some(port)) {
        Enforced::Mode { mode, by } => {
            let by: Vec<PeerAuthenticationIndex> = by.into_iter().collect();
            format!("{mode:?} {}", names(&snapshot, &by)).trim_end().to_owned()
        }
        Enforced::Tied(tied) => format!("tied {}", names(&snapshot, &tied)),
    }
}

#[test]
fn the_narrowest_that_says_something_holds() {
    for (lines, expected) in [
        (vec![], "Permissive"),
        (vec!["istio-system/mesh 01 - STRICT"], "Strict mesh"),
        (vec!["istio-system/mesh 01 {} STRICT"], "Strict mesh"),
        (vec!["istio-system/mesh 01 - STRICT", "shop/all 02 - DISABLE"], "Disable all"),
        (vec!["istio-system/mesh 01 - STRICT", "shop/all 02 {} PERMISSIVE"], "Permissive all"),
        (vec!["istio-system/mesh 01 - STRICT", "shop/all 02 - UNSET"], "Strict mesh"),
        (vec!["shop/all 01 - STRICT", "shop/web 02 app=web PERMISSIVE"], "Permissive web"),
        (vec!["shop/all 01 - STRICT", "shop/web 02 app=api PERMISSIVE"], "Strict all"),
        (vec!["shop/web 02 app=web UNSET 80=STRICT"], "Strict web"),
        (vec!["shop/web 02 app=web STRICT 81=DISABLE"], "Strict web"),
        (vec!["shop/web 02 app=web STRICT 80=DISABLE"], "Disable web"),
        // A port that is UNSET has the workload's mode; that of the namespace, where this is UNSET too.
        (vec!["shop/web 02 app=web STRICT 80=UNSET"], "Strict web"),
        (vec!["shop/all 01 - STRICT", "shop/web 02 app=web UNSET 80=UNSET"], "Strict all"),
        // Ports count at workload level only, and labels not in root.
        (vec!["shop/all 01 - PERMISSIVE 80=STRICT"], "Permissive all"),
        (vec!["istio-system/web 01 app=web STRICT"], "Permissive"),
        (vec!["other/all 01 - STRICT"], "Permissive"),
    ] {
        assert_eq!(at(&lines, 80), expected, "{lines:?}");
    }
}

/// Where ztunnel gets an empty policy and lets plaintext in, a sidecar does what is written.
#[test]
fn what_fails_open_in_ambient_does_not_here() {
    for (lines, port, expected) in [
        (vec!["istio-system/mesh 01 - STRICT", "shop/web 02 app=web PERMISSIVE 80=STRICT"], 80, "Strict web"),
        (
            vec![
                "istio-system/mesh 01 - STRICT",
                "shop/all 01 - UNSET",
                "shop/web 02 app=web UNSET 80=PERMISSIVE",
            ],
            81,
            "Strict mesh",
        ),
        (vec!["shop/all 01 {} STRICT", "shop/web 02 app=web UNSET 80=PERMISSIVE"], 81, "Strict all"),
        // ztunnel does not see a DISABLE alone.
        (vec!["shop/all 01 - STRICT", "shop/web 02 app=web UNSET 80=DISABLE"], 80, "Disable web"),
    ] {
        assert_eq!(at(&lines, port), expected, "{lines:?}");
    }
}

#[test]
fn the_oldest_holds_and_of_one_age_any_may() {
    for (lines, expected) in [
        (vec!["shop/a 02 - STRICT", "shop/b 01 - DISABLE"], "Disable b"),
        // istiod goes by the name, which may be hashed.
        (vec!["shop/b 01 - DISABLE", "shop/a 01 - STRICT"], "tied b a"),
        (vec!["shop/a 02 app=web STRICT", "shop/b 01 app=web DISABLE"], "Disable b"),
        // An older one that says nothing still stands before the others of its level.
        (vec!["shop/a 01 - UNSET", "shop/b 02 - STRICT"], "Permissive"),
        (vec!["shop/a - - STRICT", "shop/b - - DISABLE"], "tied a b"),
        (vec!["shop/a - - STRICT", "shop/b 01 - DISABLE"], "tied a b"),
        (vec!["shop/a - - STRICT", "shop/b - - STRICT"], "Strict a"),
        (vec!["shop/a - - STRICT", "shop/b - - DISABLE", "shop/w 01 app=web PERMISSIVE"], "Permissive w"),
    ] {
        assert_eq!(at(&lines, 80), expected, "{lines:?}");
    }
}

#[test]
fn clients_go_by_what_the_namespace_says() {
    let lines = ["istio-system/mesh 01 - STRICT", "shop/web 02 app=web DISABLE"];
    let snapshot = snapshot(&objects(&lines));
    let mesh = Mesh::new(&snapshot);
    let modes = mesh.policies.peer_authentications();
    for namespace in ["shop", "istio-system", "other"] {
        assert_eq!(of_namespace(modes, &namespace.into()).mode(), Some(Mode::Strict), "{namespace}");
    }
}
