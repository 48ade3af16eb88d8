//! Meshes to draw, in manifests; and the command that draws them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use mesh_testkit::Random;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Every second workload lets four accounts in, on one of its two ports; the others are open to everyone.
pub(crate) fn mesh(workloads: usize, namespaces: usize) -> String {
    let mut random = Random::new(7);
    let mut text = String::new();
    for index in 0..namespaces {
        let labels = json!({"istio.io/dataplane-mode": "ambient"});
        let metadata = json!({"name": format!("team-{index}"), "labels": labels});
        document(&mut text, &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
    }
    for index in 0..workloads {
        let (name, namespace) = (format!("app-{index}"), format!("team-{}", index % namespaces));
        document(&mut text, &deployment(&name, &namespace, &name));
        if index % 2 == 0 {
            let callers = (0..4).map(|_| {
                let caller = random.below(workloads);
                format!("cluster.local/ns/team-{}/sa/app-{caller}", caller % namespaces)
            });
            document(&mut text, &policy(&name, &namespace, &callers.collect::<Vec<_>>()));
        }
    }
    text
}

/// Names and text that no API server would take, as files may hold them.
pub(crate) const HOSTILE: &str = "x\"><img src=x onerror=alert(1)></script><script>alert(2)</script><!--\u{202e}'];--> %%{init}%% &lt;b&gt; \\";

/// A mesh whose names are hostile.
pub(crate) fn hostile() -> String {
    let mut text = String::new();
    let labels = json!({"istio.io/dataplane-mode": "ambient"});
    for name in [HOSTILE, "plain"] {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        document(&mut text, &namespace);
        document(&mut text, &deployment(HOSTILE, name, "app"));
        document(&mut text, &policy(HOSTILE, name, &[format!("cluster.local/ns/plain/sa/{HOSTILE}")]));
    }
    text
}

fn document(text: &mut String, object: &Value) {
    writeln!(text, "---\n{object}").unwrap();
}

fn deployment(name: &str, namespace: &str, app: &str) -> Value {
    let ports = json!([{"containerPort": 8080}, {"containerPort": 9090}]);
    let pod = json!({"serviceAccountName": name, "containers": [{"name": "main", "ports": ports}]});
    let template = json!({"metadata": {"labels": {"app": app}}, "spec": pod});
    let metadata = json!({"name": name, "namespace": namespace});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}})
}

fn policy(name: &str, namespace: &str, principals: &[String]) -> Value {
    let rule = json!({
        "from": [{"source": {"principals": principals}}],
        "to": [{"operation": {"ports": ["8080"]}}],
    });
    let metadata = json!({"name": name, "namespace": namespace});
    let app = if name == HOSTILE { "app" } else { name };
    let spec = json!({"selector": {"matchLabels": {"app": app}}, "rules": [rule]});
    json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})
}

/// A folder with manifests, and what the command makes of them.
pub(crate) struct Drawn {
    folder: TempDir,
    manifests: PathBuf,
}

impl Drawn {
    /// Of manifests in a text.
    pub(crate) fn of(manifests: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mesh.yaml");
        std::fs::write(&path, manifests).unwrap();
        Self { folder, manifests: path }
    }

    /// Of manifests in a folder of the repository.
    pub(crate) fn of_folder(path: &str) -> Self {
        Self { folder: TempDir::new().unwrap(), manifests: mesh_tests::root().join(path) }
    }

    /// What the command prints.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let binary = mesh_testkit::binary::build("kubectl-mesh-who-can-reach");
        let output = Command::new(binary)
            .args(arguments)
            .args(["-q", "-R", "-f"])
            .arg(&self.manifests)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the command prints, in a file.
    pub(crate) fn file(&self, arguments: &[&str], name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, self.ask(arguments)).unwrap();
        path
    }

    /// A file beside the pictures.
    pub(crate) fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
