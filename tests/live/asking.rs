//! `kubectl mesh who-can-reach` as people call it, and little meshes to ask about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use mesh_testkit::test_cluster::{NODE, TestCluster, has_condition};
use serde_json::{Value, json};

/// What became of a call.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The exit status; none when a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Asks a cluster.
pub(crate) fn ask(kubeconfig: &Path, arguments: &[&str]) -> Asked {
    ask_with(kubeconfig, arguments, &[])
}

/// Asks a cluster, with more variables in the environment.
pub(crate) fn ask_with(kubeconfig: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Asked {
    let begin = Instant::now();
    let output = command(kubeconfig, arguments).envs(variables.iter().copied()).output().unwrap();
    Asked {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: begin.elapsed(),
    }
}

/// The call, for a test that does something while it runs. Nothing of this machine's environment counts.
pub(crate) fn command(kubeconfig: &Path, arguments: &[&str]) -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let binary = BINARY.get_or_init(|| mesh_testkit::binary::build("kubectl-mesh-who-can-reach"));
    let mut command = Command::new(binary);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("KUBECONFIG", kubeconfig)
        .stdin(Stdio::null());
    command
}

/// `KEY PORT` of a row → its verdict.
pub(crate) type Verdicts = BTreeMap<String, String>;

impl Asked {
    /// With this exit status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The answer of `-o json`.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// The rows of `-o json`: who, at which port, and the verdict; of identities and classes, not of addresses.
    #[track_caller]
    pub(crate) fn verdicts(&self) -> Verdicts {
        let rows = self.json()["rows"].as_array().unwrap().clone();
        let of = |row: Value| {
            let peer = &row["peer"];
            let who = peer["identity"].as_str().or(peer["class"].as_str()).unwrap().to_owned();
            (format!("{who} {}", row["port"].as_str().unwrap()), row["verdict"].as_str().unwrap().to_owned())
        };
        rows.into_iter().map(of).collect()
    }

    /// What became of the one connection that was asked about, and what decided, in the words of JSON:
    /// `denied authorization ExplicitDeny AuthorizationPolicy shop/nobody`. The exit status says the same.
    #[track_caller]
    pub(crate) fn decision(&self) -> String {
        let row = self.row();
        let status = match row["verdict"].as_str() {
            Some("allowed") => 0,
            Some("denied") => 1,
            _ => 3,
        };
        assert_eq!(self.status, Some(status), "{}\n{}", self.stdout, self.stderr);
        let by = &row["decidedBy"];
        let parts = [&row["verdict"], &by["gate"], &by["reason"], &by["kind"], &by["policy"]];
        parts.iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The one row that there is.
    #[track_caller]
    pub(crate) fn row(&self) -> Value {
        let answer = self.json();
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{}", self.stdout);
        rows[0].clone()
    }

    /// The workloads that any row names.
    #[track_caller]
    pub(crate) fn workloads(&self) -> Vec<String> {
        let answer = self.json();
        let rows = answer["rows"].as_array().unwrap();
        let of = |row: &Value| row["peer"]["workloads"].as_array().unwrap().clone();
        let mut names: Vec<String> =
            rows.iter().flat_map(of).map(|name| name.as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// What could not be read, by subject.
    #[track_caller]
    pub(crate) fn gaps(&self) -> BTreeMap<String, Value> {
        let gaps = self.json()["gaps"].as_array().unwrap().clone();
        gaps.into_iter().map(|gap| (gap["subject"].as_str().unwrap().to_owned(), gap)).collect()
    }

    /// That nothing was answered: exit 2, nothing on stdout, one line of error and perhaps hints. Gives the error.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        assert_eq!(self.status, Some(2), "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let mut lines = self.stderr.lines();
        let error = lines.next().unwrap_or_default().to_owned();
        assert!(error.starts_with("error: "), "{}", self.stderr);
        assert!(lines.all(|line| line.starts_with("hint: ")), "{}", self.stderr);
        error
    }
}

/// A namespace in the mesh.
pub(crate) fn enrolled(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": { "istio.io/dataplane-mode": "ambient" } },
    })
}

/// A pod in the mesh, on kwok's node, that runs as the account of its name and listens at 80.
pub(crate) fn member(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": namespace, "name": name, "labels": { "app": name },
            "annotations": { "ambient.istio.io/redirection": "enabled" },
        },
        "spec": {
            "nodeName": NODE, "serviceAccountName": name,
            "containers": [{ "name": "main", "image": "example.com/main", "ports": [{ "containerPort": 80 }] }],
        },
    })
}

/// A pod in the mesh without a node, with the status that it is given: pods by the thousand, or without kwok.
pub(crate) fn placed(namespace: &str, name: &str, address: &str) -> Value {
    let mut pod = member(namespace, name);
    pod["spec"].as_object_mut().unwrap().remove("nodeName");
    pod["status"] = json!({
        "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
        "conditions": [{ "type": "Ready", "status": "True" }],
    });
    pod
}

/// The same outside of the mesh.
pub(crate) fn plain(mut pod: Value) -> Value {
    pod["metadata"]["annotations"] = json!({});
    pod
}

/// A policy for the pods of an app.
pub(crate) fn policy(namespace: &str, name: &str, app: &str, more: &Value) -> Value {
    let mut spec = json!({ "selector": { "matchLabels": { "app": app } } });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": { "namespace": namespace, "name": name }, "spec": spec,
    })
}

/// Two namespaces: in `N`, `db` takes connections of `web` alone (`Service` and policy), `sealed` takes none, `open`
/// all; in `N-away`, `client`.
pub(crate) fn little_mesh(cluster: &TestCluster, namespace: &str) {
    let away = format!("{namespace}-away");
    cluster.create(&enrolled(namespace));
    cluster.create(&enrolled(&away));
    cluster.create(&json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "namespace": namespace, "name": "db" },
        "spec": { "selector": { "app": "db" }, "ports": [{ "port": 5432, "targetPort": 80 }] },
    }));
    let web = json!({ "source": { "principals": [principal(namespace, "web")] } });
    let allowed = json!({ "action": "ALLOW", "rules": [{ "from": [web] }] });
    cluster.create(&policy(namespace, "web-alone", "db", &allowed));
    cluster.create(&policy(namespace, "nobody", "sealed", &json!({ "action": "DENY", "rules": [{}] })));
    for name in ["db", "web", "sealed", "open"] {
        cluster.create(&member(namespace, name));
    }
    cluster.create(&member(&away, "client"));
    for (namespace, name) in
        [(namespace, "db"), (namespace, "web"), (namespace, "sealed"), (namespace, "open"), (&away, "client")]
    {
        ready(cluster, namespace, name);
    }
}

/// Waits until a pod is ready.
pub(crate) fn ready(cluster: &TestCluster, namespace: &str, name: &str) {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    cluster.wait_for(&path, "ready", |pod| has_condition(pod, "Ready"));
}

/// Waits until a Service has an endpoint that is ready.
pub(crate) fn endpoint(cluster: &TestCluster, namespace: &str, service: &str) {
    let path = format!(
        "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices\
         ?labelSelector=kubernetes.io/service-name%3D{service}"
    );
    cluster.wait_for(&path, "an endpoint", |list| {
        list.pointer("/items/0/endpoints/0/conditions/ready") == Some(&json!(true))
    });
}

/// `cluster.local/ns/N/sa/A`
pub(crate) fn principal(namespace: &str, account: &str) -> String {
    format!("cluster.local/ns/{namespace}/sa/{account}")
}

/// What a user may: rules of a ClusterRole, in one namespace or everywhere.
pub(crate) fn grant(cluster: &TestCluster, user: &str, namespace: Option<&str>, rules: &[Value]) {
    let name = format!("{user}-{}", namespace.unwrap_or("everywhere"));
    let kind = namespace.map_or("ClusterRole", |_| "Role");
    let of = |kind: &str| {
        let mut object = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": name },
        });
        if let Some(namespace) = namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object
    };
    let mut role = of(kind);
    role["rules"] = json!(rules);
    let mut binding = of(&format!("{kind}Binding"));
    binding["roleRef"] = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name });
    binding["subjects"] = json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }]);
    cluster.create(&role);
    cluster.create(&binding);
}

/// A rule of a role: resources of a group, to be read.
pub(crate) fn may_read(group: &str, resources: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list"] })
}
