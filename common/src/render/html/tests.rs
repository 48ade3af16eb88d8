use serde_json::Value;

use super::*;
use crate::render::test_rows::{denied, list};
use crate::report::reachability::{Names, PeerEntry, Row};
use crate::report::{Metadata, SourceDescription, Verdict};

fn page_of(body: Reachability) -> String {
    let source = SourceDescription { kind: "files", names: vec!["a & b".to_owned()] };
    let metadata = Metadata { generated_at: "now".to_owned(), source };
    let envelope =
        Envelope { api_version: "", kind: "", metadata, assumptions: Vec::new(), gaps: Vec::new(), body };
    let mut out = Vec::new();
    page(&mut out, &envelope, false).unwrap();
    String::from_utf8(out).unwrap()
}

fn data_of(page: &str) -> Value {
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(data).unwrap()
}

fn at(port: &str, account: &str, verdict: Verdict) -> Row {
    let workload = format!("deploy/web/{account}");
    Row { port: port.to_owned(), verdict, ..denied("web", account, &[&workload]) }
}

#[test]
fn data_stays_in_its_element() {
    let hostile = "</script><script>alert(1)</script><!-- & \u{2028}\u{2029}";
    let mut row = at("80", "ui", Verdict::Denied);
    row.peer.workloads = vec![hostile.to_owned()].into();
    let page = page_of(Reachability { target: Some(hostile.to_owned()), ..list(vec![row]) });
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<!-- ") && !page.contains('\u{2028}'));
    let data = data_of(&page);
    let seen = hostile.replace('\u{2028}', "\\u{2028}").replace('\u{2029}', "\\u{2029}");
    assert_eq!(data["names"][0], seen);
    assert_eq!(data["title"], format!("Who can reach {seen}"));
}

#[test]
fn json_means_the_same_behind_escapes() {
    let text = "<b>&amp;</b> \u{2028}\u{2029} \" \\ ü";
    let json = embedded(&serde_json::to_string(text).unwrap());
    assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
}

#[test]
fn the_policy_admits_this_style_and_this_script() {
    let page = page_of(list(vec![at("80", "ui", Verdict::Denied)]));
    let policy =
        page.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once("\">").unwrap().0;
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    assert!(page.contains(&format!("<script>{SCRIPT}</script>")));
    assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

/// What no page of ours may need, whatever the policy says.
#[test]
fn the_page_makes_no_markup_of_text_and_asks_for_nothing() {
    let own = [SCRIPT, STYLE, include_str!("page/body.html")].concat();
    let never = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "import(",
        "@import",
        "url(",
        "http://",
        "https://",
        " onclick",
        " style=",
        "<img",
        "<link",
        "src=",
    ];
    let svg = "http://www.w3.org/2000/svg";
    let own = own.replacen(svg, "", 1);
    for word in never {
        assert!(!own.contains(word), "{word}");
    }
}

#[test]
fn ports_where_everyone_gets_the_same_are_one_column() {
    let rows = vec![
        at("80,443,*", "ui", Verdict::Allowed),
        at("80,*", "api", Verdict::Denied),
        at("443", "api", Verdict::Allowed),
    ];
    let data = data_of(&page_of(list(rows)));
    let ports: Vec<&str> = data["targets"][0]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["port"].as_str().unwrap())
        .collect();
    assert_eq!(ports, ["80,*", "443"]);
}

#[test]
fn answers_that_are_equal_are_there_once() {
    let rows = ["a", "b", "c"].map(|account| at("80", account, Verdict::Denied)).to_vec();
    let data = data_of(&page_of(list(rows)));
    assert_eq!(data["answers"].as_array().unwrap().len(), 1);
    assert_eq!(data["targets"][0]["ports"][0]["a"], serde_json::json!([[0, [0, 1, 2]]]));
    let answer = &data["answers"][0];
    assert_eq!(answer["by"], "DENY shop/deny rules[0]");
    assert_eq!(answer["objects"], serde_json::json!(["AuthorizationPolicy/shop/deny"]));
    assert_eq!(data["lines"][0][1], "block");
}

#[test]
fn a_row_for_all_others_is_for_each_that_has_none() {
    let mut rest = at("80", "x", Verdict::Denied);
    rest.peer = PeerEntry { identity: None, identity_count: 2, workloads: Names::default(), ..rest.peer };
    let all = ["a", "b", "c"].map(|account| at("80", account, Verdict::Denied).peer).to_vec();
    let rows = vec![at("80", "c", Verdict::Allowed), rest];
    let data = data_of(&page_of(Reachability { identities: all, ..list(rows) }));
    let names: Vec<&str> =
        data["sources"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web/a", "web/b", "web/c"]);
    let column = &data["targets"][0]["ports"][0];
    let denied = data["answers"].as_array().unwrap().iter().position(|of| of["v"] == "denied").unwrap();
    assert_eq!(column["rest"], denied);
    assert_eq!(column["a"][0][1], serde_json::json!([2]));
}

#[test]
fn what_tells_parts_of_a_caller_apart_is_told() {
    let mut first = at("80", "a", Verdict::Allowed);
    first.peer.workloads = vec!["deploy/web/one".to_owned()].into();
    let mut second = at("80", "a", Verdict::Denied);
    second.peer.workloads = vec!["deploy/web/three".to_owned(), "deploy/web/two".to_owned()].into();
    let data = data_of(&page_of(list(vec![first, second])));
    assert_eq!(data["names"], serde_json::json!(["deploy/web/one", "deploy/web/three", "deploy/web/two"]));
    assert_eq!(data["sources"][0]["w"], serde_json::json!([0, 2]));
    let parts = &data["targets"][0]["ports"][0]["x"];
    assert_eq!(parts[0][2], serde_json::json!([0, 0]));
    assert_eq!(parts[1][2], serde_json::json!([1, 2]));
}
