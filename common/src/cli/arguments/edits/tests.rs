use super::*;
use crate::snapshot::Topic;

fn parsed(arguments: &EditArguments) -> Result<Edits, String> {
    arguments.parse().map_err(|error| error.to_string())
}

fn istiod(flag: &str) -> EditArguments {
    EditArguments { assume_istiod: vec![flag.to_owned()], ..EditArguments::default() }
}

#[test]
fn only_flags_that_are_read_are_taken() {
    let edits = parsed(&istiod("PILOT_AUTO_ALLOW_WAYPOINT_POLICY=1")).unwrap();
    assert!(edits.istiod[0].1);
    for (flag, message) in [
        ("PILOT_ENABLE_AMBIENT", "--assume-istiod: `PILOT_ENABLE_AMBIENT` is not FLAG=VALUE"),
        ("PILOT_ENABLE_AMBIENTT=true", "--assume-istiod: `PILOT_ENABLE_AMBIENTT` decides nothing here"),
        ("PILOT_ENABLE_AMBIENT=yes", "--assume-istiod: `yes` is no value of `PILOT_ENABLE_AMBIENT`"),
    ] {
        assert_eq!(parsed(&istiod(flag)).unwrap_err(), message);
    }
}

#[test]
fn of_a_cluster_what_is_edited_is_read_too() {
    let yaml =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\nspec: {template: {}}\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n  namespace: shop\n  labels: \
                   {istio.io/use-waypoint: way, istio.io/use-waypoint-namespace: infra}\n";
    let yaml = format!("{yaml}---\n{service}");
    let overlay = crate::manifests::from_text("x", &yaml, &crate::manifests::Options::default());
    let typed = EditArguments {
        without: vec!["AuthorizationPolicy/edp/p".to_owned(), "deploy/web".to_owned(), "ns/old".to_owned()],
        assume_ambient: vec!["plain".to_owned()],
        ..EditArguments::default()
    };
    let edits = Edits { overlay, ..parsed(&typed).unwrap() };
    let needs = needs(&edits, "here");
    let of = |topic| needs.of(topic).to_string();
    assert_eq!(of(Topic::Policies), "namespaces `edp`, `infra`");
    assert_eq!(of(Topic::Templates), "namespaces `here`, `shop`");
    assert_eq!(of(Topic::Pods), "namespaces `edp`, `here`, `infra`, `old`, `plain`, `shop`");
    assert_eq!(of(Topic::Namespaces), "all namespaces");
}
