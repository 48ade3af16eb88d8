//! A real istiod converts policies on the cluster.

use mesh_testkit::test_cluster::{Istiod, IstiodOptions, NODE};
use serde_json::{Value, json};

use crate::{namespace, own, pod};

fn named<'a>(answer: &'a Value, list: &str, namespace: &str, name: &str) -> Option<&'a Value> {
    answer[list].as_array()?.iter().find(|item| item["namespace"] == namespace && item["name"] == name)
}

#[test]
fn istiod_tells_its_workloads_and_policies() {
    let cluster = &own();
    let mut enrolled = namespace("converted");
    enrolled["metadata"]["labels"] = json!({ "istio.io/dataplane-mode": "ambient" });
    cluster.create(&enrolled);
    cluster.create(&pod("converted", "web", NODE));
    cluster.apply_yaml(
        r#"
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { namespace: converted, name: only-a }
spec:
  selector: { matchLabels: { app: web } }
  rules: [{ from: [{ source: { serviceAccounts: ["a"] } }] }]
"#,
    );
    let istiod = Istiod::start(cluster, &IstiodOptions::default());
    let answer = istiod.ambientz_when("the pod and its policy", |answer| {
        named(answer, "workloads", "converted", "web").is_some()
            && named(answer, "policies", "converted", "only-a").is_some()
    });
    let workload = named(&answer, "workloads", "converted", "web").unwrap();
    assert_eq!(workload["authorizationPolicies"], json!(["converted/only-a"]), "{workload:#}");
}
