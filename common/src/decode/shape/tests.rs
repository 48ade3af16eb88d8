use crate::manifests::{Options, from_text};
use crate::snapshot::{Affects, Format, Objects};

const POLICY: &str = r#"{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
"metadata":{"name":"a","namespace":"edp"},"spec":{}}"#;
const BARE: &str = r#"{"metadata":{"name":"a","namespace":"edp"},"spec":{}}"#;

/// JSON as JSON and, behind a comment, as YAML.
fn both(json: &str) -> [(Format, Objects); 2] {
    let yaml = format!("# YAML\n{json}\n");
    [(Format::Json, json), (Format::Yaml, yaml.as_str())]
        .map(|(format, text)| (format, from_text("m", text, &Options::default())))
}

fn errors(objects: &Objects) -> Vec<&str> {
    objects.gaps.iter().filter_map(|gap| gap.evidence.get("error")).collect()
}

/// What is read: policies, what is only counted, and what is wrong, in both formats.
fn reads(json: &str, policies: usize, skipped: usize, wrong: &[&str]) {
    for (format, objects) in both(json) {
        assert_eq!(objects.authorization_policies.len(), policies, "{format:?} {json}");
        assert_eq!(objects.skipped, skipped, "{format:?} {json}");
        assert_eq!(errors(&objects), wrong, "{format:?} {json}");
        assert!(objects.gaps.iter().all(|gap| gap.affects == Affects::Everything), "{format:?} {json}");
    }
}

/// That a text is one gap and nothing else.
fn is_gap(json: &str) {
    for (format, objects) in both(json) {
        assert_eq!((objects.gaps.len(), objects.skipped), (1, 0), "{format:?} {json}");
        assert_eq!(objects.gaps[0].affects, Affects::Everything, "{format:?} {json}");
    }
}

#[test]
fn a_list_without_kind_is_read_and_may_be_cut_off() {
    let cut_off = "the list has no `kind`: it may be cut off";
    reads(&format!(r#"{{"apiVersion":"v1","items":[{POLICY}]}}"#), 1, 0, &[cut_off]);
    reads(&format!(r#"{{"items":[{POLICY}]}}"#), 1, 0, &[]);
    reads(&format!(r#"{{"kind":null,"items":[{POLICY}]}}"#), 1, 0, &["the `kind` of the list is no text"]);
    let yaml = "apiVersion: v1\nitems:\n- apiVersion: security.istio.io/v1\n  kind: AuthorizationPolicy\n  \
                metadata: {name: a, namespace: edp}\n- apiVer: x\n";
    let objects = from_text("m", yaml, &Options::default());
    assert_eq!(objects.authorization_policies.len(), 1);
    let cut_item = "an item of a list without `apiVersion` and `kind`";
    assert_eq!(errors(&objects), [cut_item, cut_off]);
}

#[test]
fn half_a_header_is_no_header() {
    reads(r#"{"apiVersion":"v1"}"#, 0, 0, &["it has no `kind`: it may be cut off"]);
    reads(r#"{"apiVersion":"v1","items":null}"#, 0, 0, &["it has no `kind`: it may be cut off"]);
    reads(r#"{"kind":"Pod"}"#, 0, 0, &["it has no `apiVersion`: it may be cut off"]);
    reads(r#"{"apiVersion":"v1","kind":null}"#, 0, 0, &["its `kind` is no text"]);
    reads(r#"{"apiVersion":"v1","kind":""}"#, 0, 0, &["its `kind` is no text"]);
    reads(r#"{"apiVersion":null,"kind":"Pod"}"#, 0, 0, &["its `apiVersion` is no text"]);
    is_gap(r#"{"apiVersion":"v1","kind":5}"#);
    is_gap(r#"{"apiVersion":1,"kind":"Pod"}"#);
    reads(r#"{"replicas":1}"#, 0, 1, &[]);
}

#[test]
fn typed_lists_say_what_their_items_are() {
    let list = |items: &str| {
        format!(
            r#"{{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicyList","items":[{items}]}}"#
        )
    };
    reads(&list(&format!("{POLICY},{BARE}")), 2, 0, &[]);
    reads(&list(&BARE.replacen('{', r#"{"kind":"AuthorizationPolicy","#, 1)), 1, 0, &[]);
    let other = BARE.replacen('{', r#"{"kind":"PeerAuthentication","#, 1);
    reads(&list(&other), 0, 0, &["it has no `apiVersion`: it may be cut off"]);
    let nameless = list(BARE).replace(r#""apiVersion":"security.istio.io/v1","#, "");
    reads(&nameless, 0, 0, &["an item of a list without `apiVersion` and `kind`"]);
}

#[test]
fn lists_in_lists_are_opened() {
    let inner = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{POLICY}]}}"#);
    reads(&format!(r#"{{"apiVersion":"v1","kind":"List","items":[{inner},{POLICY}]}}"#), 2, 0, &[]);
    let deep = format!("{}{POLICY}{}", r#"{"kind":"List","items":["#.repeat(5_000), "]}".repeat(5_000));
    let deep = format!(r#"{{"kind":"List","items":[{POLICY},{deep}]}}"#);
    let objects = from_text("m", &deep, &Options::default());
    assert_eq!(errors(&objects), ["lists in lists are nested too deeply"]);
}

#[test]
fn items_that_are_no_objects_are_told() {
    for item in ["null", "5", "[]", r#""x""#, "true"] {
        let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{item},{POLICY}]}}"#);
        for (format, objects) in both(&list) {
            assert_eq!(objects.authorization_policies.len(), 1, "{format:?} {item}");
            assert_eq!(objects.gaps.len(), 1, "{format:?} {item}");
        }
    }
}

#[test]
fn items_that_are_no_list_are_told() {
    for items in [r#""x""#, "{}", "5", "1.5", "-5", "true"] {
        let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":{items}}}"#);
        reads(&list, 0, 0, &["its `items` is no list"]);
    }
    reads(r#"{"apiVersion":"v1","kind":"List"}"#, 0, 0, &["a list without `items`"]);
    reads(r#"{"apiVersion":"v1","kind":"PodList","items":null}"#, 0, 0, &[]);
    reads(r#"{"apiVersion":"a.b/v1","kind":"AllowList","spec":{}}"#, 0, 1, &[]);
    reads(r#"{"items":{"a":1}}"#, 0, 1, &[]);
}

#[test]
fn documents_that_are_no_objects_are_told() {
    for text in [format!("[{POLICY}]"), "5".into(), "text".into(), "- a\n- b\n".into(), "\"x\"".into()] {
        let objects = from_text("m", &text, &Options::default());
        assert_eq!(errors(&objects), ["it is no object"], "{text}");
        assert_eq!(objects.gaps[0].affects, Affects::Everything);
    }
    for text in ["", "\n", "# only\n", "---\n---\n", "null\n", "~"] {
        let objects = from_text("m", text, &Options::default());
        assert_eq!(errors(&objects), [""; 0], "{text}");
    }
}

#[test]
fn keys_that_are_given_twice_are_refused() {
    for key in ["apiVersion", "kind", "metadata", "spec", "status", "data", "items"] {
        let value = if key.len() == 4 && key != "spec" || key == "apiVersion" { "\"x\"" } else { "{}" };
        let value = if key == "items" { "[]" } else { value };
        let json = format!(r#"{{"{key}":{value},"{key}":{value}}}"#);
        for (format, objects) in both(&json) {
            assert_eq!(errors(&objects), [format!("the key `{key}` is given twice")], "{format:?}");
        }
    }
    let escaped = r#"{"apiVersion":"v1","kind":"Secret","\u006bind":"Pod"}"#;
    assert_eq!(errors(&from_text("m", escaped, &Options::default())), ["the key `kind` is given twice"]);
}
