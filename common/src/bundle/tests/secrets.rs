//! What must not get into a file: secrets of objects, and what servers and plugins said.

use serde_json::{Value, json};

use super::corners::corners;
use super::{not_read, unpacked};
use crate::bundle::test_pages::{kept, raw, uncut};
use crate::bundle::{Contents, anonymous, read, write};
use crate::snapshot::{NotRead, RESOURCES, Silent};

const SECRET: &str = "s3cr3t";

/// Puts a secret wherever a person or a controller might.
fn plant(object: &mut Value) {
    let secret = json!(format!("{SECRET}-value"));
    let meta = &mut object["metadata"];
    meta["managedFields"] = json!([{"manager": secret, "fieldsV1": {"f:x": secret}}]);
    for key in [
        "kubectl.kubernetes.io/last-applied-configuration",
        "proxy.istio.io/config",
        "proxy.istio.io/overrides",
        "sidecar.istio.io/status",
        "sidecar.istio.io/userVolume",
        "kubectl-mesh/note",
        "s3cr3t-key",
    ] {
        meta["annotations"][key] = secret.clone();
    }
    meta["finalizers"] = json!([secret]);
    let probe = json!({"httpGet": {"httpHeaders": [{"name": "Authorization", "value": secret}]}, "exec": {"command": [secret]}});
    let pods = match object["kind"].as_str().unwrap() {
        "Pod" => vec![&mut object["spec"]],
        "CronJob" => vec![&mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"]],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
            object["spec"]["template"]["metadata"]["annotations"]["x.istio.io/y"] = secret.clone();
            vec![&mut object["spec"]["template"]["spec"]]
        }
        "ConfigMap" => {
            object["data"]["s3cr3t"] = secret.clone();
            object["binaryData"] = json!({"x": secret});
            vec![]
        }
        "ServiceAccount" => {
            object["secrets"] = json!([{"name": secret}]);
            object["imagePullSecrets"] = json!([{"name": secret}]);
            vec![]
        }
        "Service" => {
            object["status"] = json!({"conditions": [{"message": secret}]});
            vec![]
        }
        _ => vec![],
    };
    for spec in pods {
        spec["volumes"] = json!([{"name": secret, "secret": {"secretName": secret}}]);
        spec["imagePullSecrets"] = json!([{"name": secret}]);
        spec["hostAliases"] = json!([{"hostnames": [secret]}]);
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            if spec[list].is_null() {
                spec[list] = json!([{"name": "c"}]);
            }
            for container in spec[list].as_array_mut().unwrap() {
                let mut env = container["env"].as_array().cloned().unwrap_or_default();
                env.push(json!({"name": "PASSWORD", "value": secret}));
                env.push(
                    json!({"name": "s3cr3t", "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}}),
                );
                env.push(json!({"name": "REVISION", "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}}));
                container["env"] = json!(env);
                container["envFrom"] = json!([{"secretRef": {"name": secret}}]);
                container["args"] = json!([secret]);
                container["command"] = json!(["sh", "-c", secret]);
                container["livenessProbe"] = probe.clone();
                container["lifecycle"] = json!({"postStart": probe});
            }
        }
    }
}

#[test]
fn no_secret_gets_into_a_file() {
    let mut objects = corners();
    objects.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "shop"}, "data": {}}));
    objects.push(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-x", "namespace": "shop"},
        "data": {"mesh": "broken: [s3cr3t"}}),
    );
    objects.iter_mut().for_each(plant);
    // An environment is kept of istiod only.
    let of_app =
        &mut objects.iter_mut().find(|object| object["metadata"]["name"] == "web-1").unwrap()["spec"];
    of_app["containers"][0]["env"] = json!([{"name": "REVISION", "value": SECRET}]);
    let folder = tempfile::tempdir().unwrap();
    // Whatever is given to be written, cut or not.
    for (name, contents) in [("kept", kept(&objects)), ("uncut", uncut(&objects))] {
        for redact in [false, true] {
            let path = folder.path().join(format!("{name}-{redact}.tar.gz"));
            write(&path, &contents, redact).unwrap();
            let files = unpacked(&path);
            assert!(files.len() > RESOURCES.len());
            for (file, text) in files {
                assert!(!text.contains(SECRET), "{name}: {file}: {text}");
                assert!(file != "lists/pods.json" || text.contains("canary"), "{text}");
            }
        }
    }
    for list in kept(&objects).lists {
        assert!(!list.text.contains(SECRET), "{}", list.text);
    }
    assert!(raw(&objects).iter().any(|list| list.text.contains(SECRET)));
}

/// What is told to whoever saves is not told to whoever is sent the file.
#[test]
fn what_a_server_or_a_plugin_said_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    for redact in [false, true] {
        write(&path, &Contents { not_read: not_read(), ..Contents::default() }, redact).unwrap();
        let whys = |lists: &[NotRead]| lists.iter().map(|list| list.why.clone()).collect::<Vec<_>>();
        let read = whys(&read(&path, &Silent).unwrap().contents.not_read);
        let said = not_read();
        let anonymous: Vec<NotRead> = said.iter().map(anonymous).collect();
        assert_eq!(read, whys(&anonymous));
        let said = format!("{read:?}");
        assert!(!said.contains("alice") && !said.contains("10.0.0.1"), "{said}");
    }
}
