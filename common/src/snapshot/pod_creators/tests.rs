use crate::snapshot::test_objects::objects;

use super::*;

fn creators(yaml: &str) -> PodCreators {
    pod_creators(&objects(yaml)).unwrap()
}

fn of(creators: &PodCreators, namespace: &str) -> Vec<String> {
    creators.of(&namespace.into()).into_iter().map(ToString::to_string).collect()
}

/// A Role with one rule in namespace a, and ada who has it.
fn with_rule(rule: &str) -> Vec<String> {
    let yaml = format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: r, namespace: a}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: a}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}
subjects: [{{kind: User, name: ada}}]
"
    );
    of(&creators(&yaml), "a")
}

#[test]
fn rules_that_let_pods_be_created() {
    for rule in [
        "{apiGroups: [\"\"], resources: [pods], verbs: [create]}",
        "{apiGroups: [\"\"], resources: [pods], verbs: [create], resourceNames: [x]}",
        "{apiGroups: [\"*\"], resources: [\"*\"], verbs: [\"*\"]}",
        "{apiGroups: [apps], resources: [\"*\"], verbs: [get, create]}",
        "{apiGroups: [apps], resources: [deployments], verbs: [create]}",
        "{apiGroups: [apps], resources: [statefulsets], verbs: [create]}",
        "{apiGroups: [apps], resources: [daemonsets], verbs: [create]}",
        "{apiGroups: [apps], resources: [replicasets], verbs: [create]}",
        "{apiGroups: [\"\"], resources: [replicationcontrollers], verbs: [create]}",
        "{apiGroups: [batch], resources: [jobs], verbs: [create]}",
        "{apiGroups: [batch], resources: [cronjobs], verbs: [\"*\"]}",
    ] {
        assert_eq!(with_rule(rule), ["User/ada"], "{rule}");
    }
}

#[test]
fn rules_that_do_not() {
    for rule in [
        "{apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}",
        "{apiGroups: [\"\"], resources: [pods/log, pods/exec], verbs: [create]}",
        "{apiGroups: [\"\"], resources: [deployments], verbs: [create]}",
        "{apiGroups: [apps], resources: [pods], verbs: [create]}",
        "{apiGroups: [\"\"], resources: [\"*/log\"], verbs: [\"*\"]}",
        "{nonResourceURLs: [\"*\"], verbs: [\"*\"]}",
    ] {
        assert_eq!(with_rule(rule), Vec::<String>::new(), "{rule}");
    }
}

const BINDINGS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: deployer}
rules: [{apiGroups: [apps], resources: [deployments], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: same-name, namespace: b}
rules: [{apiGroups: [\"\"], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: same-name, namespace: a}
rules: [{apiGroups: [\"\"], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everywhere}
roleRef: {kind: ClusterRole, name: deployer}
subjects: [{kind: Group, name: devs}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: here, namespace: a}
roleRef: {kind: ClusterRole, name: deployer}
subjects: [{kind: ServiceAccount, name: ci, namespace: tools}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads, namespace: a}
roleRef: {kind: Role, name: same-name}
subjects: [{kind: User, name: reader}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writes, namespace: b}
roleRef: {kind: Role, name: same-name}
subjects: [{kind: User, name: writer}]
";

#[test]
fn bindings_reach_their_namespace_or_all() {
    let creators = creators(BINDINGS);
    assert_eq!(of(&creators, "a"), ["Group/devs", "sa/tools/ci"]);
    assert_eq!(of(&creators, "b"), ["Group/devs", "User/writer"]);
    assert_eq!(of(&creators, "c"), ["Group/devs"]);
    assert!(creators.roles_not_read.is_empty());
}

#[test]
fn roles_that_were_not_read() {
    let binding = |role: &str| {
        format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: a}}
roleRef: {{kind: ClusterRole, name: {role}}}
subjects: [{{kind: User, name: ada}}]
"
        )
    };
    for (role, may, unknown) in
        [("edit", true, false), ("view", false, false), ("team", false, true), ("admin", true, false)]
    {
        let creators = creators(&binding(role));
        assert_eq!(!of(&creators, "a").is_empty(), may, "{role}");
        assert_eq!(!creators.roles_not_read.is_empty(), unknown, "{role}");
    }
}

#[test]
fn an_aggregated_role_as_written_is_not_known() {
    let yaml = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: team}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: team}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: ClusterRole, name: team}
subjects: [{kind: User, name: ada}]
";
    let creators = creators(yaml);
    assert!(of(&creators, "a").is_empty());
    assert_eq!(creators.roles_not_read.len(), 1);
}

#[test]
fn without_rbac_nothing_is_known() {
    assert_eq!(pod_creators(&objects("{apiVersion: v1, kind: Namespace, metadata: {name: a}}")), None);
}

#[test]
fn a_list_that_was_not_read_leaves_everything_unknown() {
    let mut objects = objects(BINDINGS);
    let forbidden = |resource: &str| NotRead {
        resource: resource.to_owned(),
        extent: crate::snapshot::Extent::one("a"),
        why: crate::snapshot::Why::Forbidden,
    };
    objects.not_read.push(forbidden("pods"));
    assert!(pod_creators(&objects).is_some());
    objects.not_read.push(forbidden("rolebindings.rbac.authorization.k8s.io"));
    assert_eq!(pod_creators(&objects), None);
}
