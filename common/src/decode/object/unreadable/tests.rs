use crate::manifests::{Options, from_text};
use crate::snapshot::{Affects, Objects};

fn read(text: &str) -> Objects {
    from_text("m", text, &Options::default())
}

const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n";

#[test]
fn metadata_that_cannot_be_read_is_in_no_assumed_namespace() {
    for metadata in ["{name: 123}", "x", "[]", "{name: a, namespace: 5}", "{}", "{labels: 5}"] {
        let objects = read(&format!("{POLICY}metadata: {metadata}\n"));
        assert_eq!(objects.unreadable.len(), 0, "{metadata}");
        assert_eq!(objects.gaps[0].affects, Affects::Everything, "{metadata}");
    }
    let json =
        r#"{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"\ud800"}}"#;
    assert_eq!(read(json).gaps[0].affects, Affects::Everything);
}

#[test]
fn a_namespace_that_is_written_counts_beside_a_name_that_cannot_be_read() {
    for metadata in
        ["{name: 123, namespace: edp}", "{namespace: edp}", "{labels: 5, namespace: edp, name: a}"]
    {
        let objects = read(&format!("{POLICY}metadata: {metadata}\n"));
        assert_eq!(objects.unreadable[0].gap.affects, Affects::Policies("edp".into()), "{metadata}");
        assert_eq!(objects.gaps.len(), 0, "{metadata}");
    }
}

#[test]
fn a_config_map_whose_name_cannot_be_read_may_be_of_istio() {
    for metadata in ["{name: 5, namespace: a}", "{name: 5}", "x", "{namespace: a}"] {
        let objects = read(&format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n"));
        let gaps = objects.unreadable.iter().map(|u| &u.gap).chain(&objects.gaps);
        let affects: Vec<_> = gaps.map(|gap| gap.affects.clone()).collect();
        assert_eq!(affects, [Affects::Everything], "{metadata}");
    }
    let data = "metadata: {name: istio, namespace: istio-system}\ndata: {mesh: [1]}\n";
    let objects = read(&format!("apiVersion: v1\nkind: ConfigMap\n{data}"));
    assert_eq!(objects.unreadable[0].gap.affects, Affects::Everything);
}

#[test]
fn objects_of_the_cluster_have_no_namespace() {
    let policy = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: a}\n";
    let objects = read(policy);
    assert_eq!((objects.named_only.len(), objects.namespace_assumed.len()), (1, 0));
    let objects = read(&policy.replace("{name: a}", "{name: 5, namespace: edp}"));
    assert_eq!(objects.unreadable[0].gap.affects, Affects::Everything);
}

#[test]
fn ports_that_kubectl_reads_as_other_numbers_are_refused() {
    let text = |port: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: b}}\n\
             spec:\n  selector: {{matchLabels: {{app: x}}}}\n  portLevelMtls:\n    {port}: {{mode: STRICT}}\n"
        )
    };
    for port in ["0443", "00", "0x1bb", "0o17", "4_43", "+0443", "\"0443\""] {
        let objects = read(&text(port));
        let unreadable = &objects.unreadable[0];
        assert_eq!(unreadable.gap.location.as_ref().unwrap().line, 7, "{port}");
        let error = unreadable.gap.evidence.get("error").unwrap();
        assert!(error.ends_with("kubectl reads it as another port"), "{error}");
        assert!(unreadable.selector.is_some(), "whom it is about is known");
    }
    assert_eq!(read(&text("443")).peer_authentications.len(), 1);
}
