use super::*;
use crate::snapshot::{Extent, MeshSnapshot, NotRead, Objects, SettingsOverride, Why};

#[test]
fn nothing_is_told_of_no_documents() {
    assert_eq!(skipped(0), None);
    assert_eq!(skipped(1).unwrap(), "1 document is of no kind that matters here");
    assert_eq!(skipped(2).unwrap(), "2 documents are of no kind that matters here");
}

fn forbidden(resource: &str, extent: Extent) -> NotRead {
    NotRead { resource: resource.to_owned(), extent, why: Why::Forbidden }
}

#[test]
fn what_may_not_be_listed_is_one_warning_with_a_rule_for_each_role() {
    let not_read = vec![
        forbidden("pods", Extent::all()),
        forbidden("namespaces", Extent::all()),
        forbidden("services", Extent::one("edp")),
        forbidden("networkpolicies.networking.k8s.io", Extent::all()),
    ];
    let objects = Objects { not_read, ..Objects::default() };
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    let gaps: Vec<GapEntry> = snapshot.gaps.iter().map(GapEntry::of).collect();
    let style = Notes { theme: Theme { color: false }, verbose: false };
    let told = notes(style, &Evidenced { gaps: gaps.clone(), ..Evidenced::default() });
    let rules = [
        r#"  hint: ask for {apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["list"]} in a ClusterRole"#,
        r#"  hint: ask for {apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list"]} in a ClusterRole"#,
        r#"  hint: ask for {apiGroups: [""], resources: ["services"], verbs: ["list"]} in a Role of `edp`"#,
    ];
    assert!(
        told[0].ends_with("is missing from the answer; this may change the answer (MESH0963)"),
        "{told:#?}"
    );
    let mut hints: Vec<&str> = told[1..].iter().map(String::as_str).collect();
    let mut expected = rules.to_vec();
    // The order is that of the gaps.
    hints.sort_unstable();
    expected.sort_unstable();
    assert_eq!(hints, expected);
    // What changes nothing needs no rule.
    assert_eq!(notes(style, &Evidenced { elsewhere: gaps, ..Evidenced::default() }).len(), 1);
}
