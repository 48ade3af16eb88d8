use super::test_objects::snapshot;
use super::*;
use crate::codes::Code;

const POLICY: &str = "---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: edp}
spec: {action: DENY, rules: [RULE]}
";

fn with_rule(rule: &str) -> MeshSnapshot {
    snapshot(&POLICY.replace("RULE", rule))
}

#[test]
fn policies_that_cannot_be_understood_are_known_by_name() {
    for (rule, code, line) in [
        ("{from: [{}]}", Code::ObjectInvalid, 5),
        ("{to: [{}]}", Code::ObjectInvalid, 5),
        ("{from: [{source: {}, other: 1}]}", Code::UnknownField, 5),
        ("{from: [{source: {principal: [a]}}]}", Code::UnknownField, 5),
        ("{when: [{key: source.ip, vals: [a]}]}", Code::UnknownField, 5),
        ("{form: [{source: {}}]}", Code::UnknownField, 5),
        ("{from: [{source: {principals: a}}]}", Code::ObjectInvalid, 5),
    ] {
        let snapshot = with_rule(rule);
        assert_eq!(snapshot.authorization_policies.len(), 0, "{rule}");
        let unreadable = &snapshot.unreadable[0];
        assert_eq!(unreadable.reference.to_string(), "AuthorizationPolicy/edp/deny", "{rule}");
        assert_eq!(
            (unreadable.gap.code, unreadable.gap.location.as_ref().unwrap().line),
            (code, line),
            "{rule}"
        );
        assert_eq!(unreadable.gap.affects, Affects::Policies("edp".into()));
        assert_eq!(snapshot.gaps.len(), 1);
    }
    assert_eq!(with_rule("{}").unreadable.len(), 0);
}

#[test]
fn what_is_wrong_in_root_concerns_the_whole_mesh() {
    let yaml = POLICY.replace("RULE", "{from: [{}]}").replace("edp", "istio-system");
    assert_eq!(snapshot(&yaml).unreadable[0].gap.affects, Affects::Everything);
}

#[test]
fn istiod_does_not_look_at_other_revisions_and_namespaces() {
    let yaml =
        POLICY.replace("name: deny", "labels: {istio.io/rev: canary}, name: deny").replace("RULE", "{}");
    let hidden = &snapshot(&yaml).authorization_policies[0].hidden;
    assert_eq!(*hidden, Some(Hidden::Revision("canary".into())));
    let mesh = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'discoverySelectors: [{matchLabels: {mesh: in}}]'}
";
    let yaml = POLICY.replace("RULE", "{}") + mesh;
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: edp, labels: {LABELS}}\n";
    let labelled = |labels: &str| snapshot(&format!("{yaml}{}", namespace.replace("LABELS", labels)));
    assert_eq!(labelled("mesh: out").authorization_policies[0].hidden, Some(Hidden::Namespace));
    assert_eq!(labelled("mesh: in").authorization_policies[0].hidden, None);
    // Without the Namespace nobody knows.
    let unread = snapshot(&yaml);
    assert_eq!((unread.authorization_policies.len(), unread.unreadable.len()), (0, 1));
    assert_eq!(unread.unreadable[0].gap.code, Code::NamespaceNotRead);
    // Its name is among its labels, written or not.
    let by_name = yaml.replace("mesh: in", "kubernetes.io/metadata.name: edp");
    let named = snapshot(&format!("{by_name}{}", namespace.replace("{LABELS}", "{}")));
    assert_eq!(named.authorization_policies[0].hidden, None);
}

#[test]
fn of_several_istiods_the_objects_of_the_others_are_doubtful() {
    let istiod = |name: &str, revision: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: istio-system}}\n\
             spec: {{template: {{metadata: {{labels: {{app: istiod}}}}, spec: {{containers: \
             [{{name: discovery, env: [{{name: REVISION, value: {revision}}}]}}]}}}}}}\n"
        )
    };
    let policy =
        POLICY.replace("name: deny", "labels: {istio.io/rev: new}, name: deny").replace("RULE", "{}");
    for revision in ["rev: new", "rev: old"] {
        let policy = policy.replace("rev: new", revision);
        let both = snapshot(&format!("{policy}{}{}", istiod("a", "old"), istiod("b", "new")));
        assert_eq!(both.unreadable[0].gap.code, Code::RevisionUnclear);
    }
    let one = snapshot(&format!("{policy}{}", istiod("b", "new")));
    assert_eq!((one.unreadable.len(), one.authorization_policies.len()), (0, 1));
}

#[test]
fn of_two_objects_of_one_name_the_later_stays() {
    let twice = POLICY.replace("RULE", "{}") + &POLICY.replace("RULE", "");
    let snapshot_of_both = snapshot(&twice);
    assert_eq!(snapshot_of_both.authorization_policies.len(), 1);
    assert_eq!(snapshot_of_both.authorization_policies[0].object.spec.rules.len(), 0);
    let gap = &snapshot_of_both.gaps[0];
    assert_eq!((gap.code, gap.evidence.get("first")), (Code::DuplicateObject, Some("test.yaml:2")));
    assert_eq!(gap.location.as_ref().unwrap().line, 7);
    let same = POLICY.replace("RULE", "{}");
    assert_eq!(snapshot(&format!("{same}{same}")).gaps.len(), 0, "the same twice says nothing new");
}

#[test]
fn addresses_belong_to_pods_that_have_their_own() {
    let yaml = "
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: edp}
spec: {nodeName: n1}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: edp}
spec: {hostNetwork: true, nodeName: n2}
status: {podIP: 192.0.2.1}
";
    let snapshot = snapshot(yaml);
    assert_eq!(snapshot.at_address("10.0.0.1".parse().unwrap()), Some(WorkloadIndex(0)));
    assert_eq!(snapshot.at_address("192.0.2.1".parse().unwrap()), None);
    assert_eq!(snapshot.nodes.iter().map(|n| &**n).collect::<Vec<_>>(), ["n1", "n2"]);
    assert_eq!(snapshot.in_namespace("edp").len(), 2);
}
