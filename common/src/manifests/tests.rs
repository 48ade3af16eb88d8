use proptest::prelude::*;

use super::*;
use crate::codes::Code;
use crate::model::Within;
use crate::snapshot::Affects;

fn read(text: &str) -> Objects {
    from_text("m", text, &Options::default())
}

const YAML: &str = "
apiVersion: v1
kind: Service
metadata: {name: pg, namespace: edp}
spec: {ports: [{port: 5432}]}
";

const JSON: &str = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"pg","namespace":"edp"},
"spec":{"ports":[{"port":5432}]}}"#;

#[test]
fn both_formats_say_the_same() {
    for text in [YAML, JSON] {
        let objects = read(text);
        assert_eq!(objects.services.len(), 1);
        assert_eq!(objects.services[0].spec.ports[0].port, 5432);
        assert_eq!(objects.gaps, []);
    }
}

#[test]
fn lists_of_both_formats_are_read_item_by_item() {
    let item = |name| format!("- {}\n", YAML.trim().replace('\n', "\n  ").replace("pg", name));
    let twice = format!("apiVersion: v1\nkind: List\nitems:\n{}{}", item("pg"), item("api"));
    let json = format!(r#"{{"kind":"ServiceList","items":[{JSON},{}]}}"#, JSON.replace("pg", "api"));
    for text in [twice.as_str(), json.as_str()] {
        let objects = read(text);
        assert_eq!(objects.services.len(), 2, "{text}");
        for service in &objects.services {
            let at = objects.sources.locate(&service.origin, &crate::model::FieldPath::spec()).unwrap();
            let line = text.lines().nth(at.line - 1).unwrap();
            assert!(line.contains("spec"), "{at} {line}");
        }
    }
    assert!(matches!(read(&twice).services[0].origin.within, Within::OnlyItem));
}

#[test]
fn documents_that_cannot_be_read_lose_nothing_else() {
    let text = format!("{YAML}---\na: [1,\n---{}---\nkind: x\n\tbad: 1\n", YAML.replace("pg", "api"));
    let objects = read(&text);
    assert_eq!(objects.services.len(), 2);
    let places: Vec<String> = objects.gaps.iter().map(|g| g.location.as_ref().unwrap().to_string()).collect();
    assert_eq!(objects.gaps.len(), 2, "{places:?}");
    assert!(places[0].starts_with("m:7:"), "{places:?}");
    assert_eq!(objects.gaps[0].evidence.get("snippet"), Some("a: [1,"));
}

#[test]
fn a_truncated_list_keeps_what_was_whole() {
    let json = format!(r#"{{"kind":"List","items":[{JSON},{JSON},{{"apiVersion":"v1","kin"#);
    let objects = from_text("m", &json, &Options::default());
    // Names tell duplicates apart only later.
    assert_eq!(objects.services.len(), 2);
    assert_eq!(objects.gaps.len(), 1);
    assert_eq!(objects.gaps[0].location.as_ref().unwrap().line, 3);
}

#[test]
fn an_object_with_a_wrong_type_stands_at_its_field() {
    let yaml = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: edp}
spec:
  selector: {matchLabels: {app: pg}}
  rules:
  - from:
    - source:
        principals: cluster.local/ns/edp/sa/api
";
    let json = r#"{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
"metadata":{"name":"deny","namespace":"edp"},
"spec":{"selector":{"matchLabels":{"app":"pg"}},
"rules":[{"from":[{"source":{
"principals":"cluster.local/ns/edp/sa/api"}}]}]}}"#;
    for (text, line) in [(yaml, 10), (json, 5)] {
        let objects = read(text);
        let unreadable = &objects.unreadable[0];
        assert_eq!(unreadable.reference.key(), "edp/deny");
        assert_eq!(unreadable.gap.location.as_ref().unwrap().line, line);
        assert!(unreadable.gap.evidence.get("error").unwrap().contains("invalid type: string"));
        let selector = unreadable.selector.clone().unwrap().unwrap();
        assert_eq!(selector.get("app"), Some("pg"), "the selector is known");
    }
}

#[test]
fn names_and_namespaces_that_are_not_there_are_told() {
    let objects = read(&YAML.replace(", namespace: edp", ""));
    assert_eq!(objects.services[0].meta.namespace.as_deref(), Some("default"));
    assert_eq!(objects.namespace_assumed[0].0.to_string(), "svc/default/pg");
    let given = Options { namespace: Some("here".into()), ..Options::default() };
    let objects = from_text("m", &YAML.replace(", namespace: edp", ""), &given);
    assert_eq!(objects.services[0].meta.namespace.as_deref(), Some("here"));
    let objects = read(&YAML.replace("name: pg, ", ""));
    assert_eq!(objects.unreadable[0].gap.evidence.get("error"), Some("it has no metadata.name"));
}

#[test]
fn what_does_not_matter_is_counted() {
    let text = "a: 1\n---\n{}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: x}\n---\n\
                apiVersion: v1\nkind: ConfigMap\nmetadata: {name: grafana}\ndata: {x: [1]}\n";
    let objects = read(text);
    assert_eq!((objects.skipped, objects.gaps.len(), objects.is_empty()), (4, 0, true));
}

#[test]
fn a_text_that_begins_with_a_brace_may_be_yaml() {
    let objects = read("{apiVersion: v1, kind: Service, metadata: {name: pg}}");
    assert_eq!(objects.services.len(), 1);
    let objects = read("{{- if .Values.on }}\napiVersion: v1\nkind: Secret\n{{- end }}\n");
    assert_eq!(objects.gaps.len(), 1);
    assert_eq!(objects.gaps[0].affects, Affects::Nothing, "a Secret decides nothing");
}

#[test]
fn versions_that_are_not_known_are_told() {
    let text =
        "apiVersion: security.istio.io/v2\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: b}\n";
    let objects = read(text);
    assert_eq!(objects.unreadable[0].gap.code, Code::VersionUnknown);
}

#[test]
fn kinds_of_other_networks_are_known_by_name() {
    let text = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: a}\n---\n\
                apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: b, namespace: edp}\n";
    let objects = read(text);
    let names: Vec<String> =
        objects.named_only.iter().map(|o| o.reference(o.spec.clone()).to_string()).collect();
    assert_eq!(names, ["CiliumClusterwideNetworkPolicy/a", "NetworkPolicy/edp/b"]);
}

#[test]
fn many_broken_objects_are_told_in_the_time_of_reading_them() {
    const MANY: usize = 20_000;
    let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":5}}"#.to_owned() + "\n";
    let list = format!("kind: List\nitems:\n{}", format!("- {json}").repeat(MANY));
    let started = std::time::Instant::now();
    for (text, first) in [(json.repeat(MANY), 1), (list, 3), ("---\n{{ x }}: [\n".repeat(MANY), 2)] {
        let objects = read(&text);
        let lines = objects.gaps.iter().map(|gap| gap.location.as_ref().unwrap().line);
        assert_eq!(objects.gaps.len(), MANY);
        assert!(lines.clone().is_sorted() && lines.clone().next().unwrap() >= first);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn never_panics(text in "(apiVersion: v1\n|kind: List\n|items:\n|- |\\{|\\}|\"kind\":|\"Pod\"|,|\\[|\\]|[a-z:\n -]){0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn never_panics_on_bytes(bytes in any::<Vec<u8>>()) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }
}
