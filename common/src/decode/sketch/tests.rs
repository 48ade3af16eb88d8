use super::*;

const HEAD: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n";

fn affects(text: &str) -> Affects {
    Sketch::of(text).affects
}

fn of_policy(rest: &str) -> Affects {
    affects(&format!("{HEAD}{rest}"))
}

#[test]
fn a_namespace_is_found_in_every_style() {
    let edp = Affects::Policies("edp".into());
    for metadata in [
        "metadata:\n  name: a\n  namespace: edp\n",
        "metadata: # of it\n    namespace: \"edp\" # here\n    name: a\nspec: [\n",
        "metadata:\n namespace: 'edp'\n labels:\n    namespace: other\n",
        "metadata: {name: a, namespace: edp}\nspec: [\n",
        "metadata: {\"namespace\": \"edp\"}\n",
        "\"metadata\":\n  'namespace': edp\n",
        "metadata:\r\n  namespace: edp\r\n",
        "metadata:\n  name: {{ .Release.Name }}\n  namespace: edp\n  {{- with .Values.x }}\n  labels:\n  {{- end }}\n",
    ] {
        assert_eq!(of_policy(metadata), edp, "{metadata}");
    }
    let sketch = Sketch::of(&format!("{HEAD}metadata:\n  name: a\n  namespace: edp\n"));
    assert_eq!(sketch.reference.unwrap().key(), "edp/a");
}

#[test]
fn a_namespace_in_doubt_is_any() {
    for metadata in [
        "",
        "metadata:\n  name: a\n",
        "metadata: {name: a}\n",
        "metadata: {name: a,\n  namespace: edp}\n",
        "metadata: {namespace: edp}\n  namespace: other\n",
        "metadata:\n  namespace: edp\n  namespace: other\n",
        "metadata:\n  labels:\n    namespace: edp\n",
        "metadata:\n  namespace: null\n",
        "metadata:\n  namespace: 5\n",
        "metadata:\n  namespace:\n",
        "metadata:\n  namespace: {{ .Release.Namespace }}\n",
        "metadata:\n  {{- if .Values.on }}\n  namespace: edp\n  {{- end }}\n",
        "metadata:\n{{- if .Values.on }}\n  namespace: edp\n{{- end }}\n",
        "metadata:\n  namespace: edp\nmetadata:\n  namespace: other\n",
        "metadata:\n  name: a\n  namespace: ed",
        "spec:\n  template:\n    metadata:\n      namespace: edp\n",
        "  namespace: edp\n",
    ] {
        assert_eq!(of_policy(metadata), Affects::Everything, "{metadata}");
    }
}

#[test]
fn a_kind_in_doubt_is_any() {
    let metadata = "metadata:\n  name: a\n  namespace: edp\n";
    for head in [
        "",
        "kind: Secret\nkind: AuthorizationPolicy\n",
        "kind: Secret\n\"kind\": AuthorizationPolicy\n",
        "kind: Secret\nkind : AuthorizationPolicy\n",
        "apiVersion: v1\nkind: Secret\n apiVersion: security.istio.io/v1\n kind: AuthorizationPolicy\n",
        "kind: Secret\n{kind: AuthorizationPolicy}\n",
        "kind: Secret\n? kind\n: AuthorizationPolicy\n",
        "kind: Secret\n\"\\u006bind\": AuthorizationPolicy\n",
        "kind: Secret\n{{ include \"policy\" . }}\n",
        "kind: Secret\n{{ if .a }}kind: AuthorizationPolicy{{ end }}\n",
        "kind: {{ .Values.kind }}\n",
        "kind: *kind\n",
        "  kind: Secret\n",
        "kind: Secret\nitems:\n- kind: AuthorizationPolicy\n",
        "kind: SecretList\n",
        "kind: List\n",
        "kind: Namespace\n",
        "kind: GlobalNetworkPolicy\n",
    ] {
        assert_eq!(affects(&format!("{head}{metadata}")), Affects::Everything, "{head}");
    }
    assert_eq!(affects("kind: Secret"), Affects::Everything, "it may go on: SecretList");
}

#[test]
fn what_decides_nothing_is_harmless_in_any_namespace() {
    let secret = "---\n# a\n{{- if .Values.on }}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .x }}\n{{- end }}\n";
    assert_eq!(affects(secret), Affects::Nothing);
    assert_eq!(affects("apiVersion: v1\nkind: RoleBinding\nsubjects:\n- kind: User\n"), Affects::Nothing);
}

#[test]
fn of_config_maps_only_those_of_istio_count() {
    let map = |name: &str| affects(&format!("kind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: a\n"));
    assert_eq!(map("grafana"), Affects::Nothing);
    for name in ["istio", "istio-canary", "istio-cni-config", "{{ .x }}", ""] {
        assert_eq!(map(name), Affects::Everything, "{name}");
    }
}
