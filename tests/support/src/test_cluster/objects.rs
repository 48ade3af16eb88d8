//! Objects through the API: many at once, each with its status, which is a second request.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Requests under way at once.
const CONCURRENT: usize = 24;
/// How long a kind may take to be served after its definition was created, and an account after its namespace.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

/// How a kind is addressed.
#[derive(Clone, Debug)]
struct Kind {
    plural: String,
    namespaced: bool,
    has_status: bool,
}

/// An administrator's connection.
pub(super) struct Api {
    runtime: Runtime,
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    kinds: Mutex<HashMap<(String, String), Kind>>,
}

#[expect(clippy::expect_used, clippy::panic, reason = "a test that cannot run fails")]
impl Api {
    /// Connects as the kubeconfig says; nothing is sent yet.
    pub(super) fn new(kubeconfig: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let client = runtime.block_on(async {
            let read = Kubeconfig::read_from(kubeconfig).expect("our own kubeconfig");
            let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
            Client::try_from(config.expect("our own kubeconfig")).expect("a client")
        });
        Self { runtime, shared: Arc::new(Shared { client, kinds: Mutex::default() }) }
    }

    /// What a path answers as text; none when it does not answer 200.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.runtime.block_on(self.shared.text(path)).ok()
    }

    /// The object or list at a path; none when there is none.
    pub(super) fn get(&self, path: &str) -> Option<Value> {
        match self.runtime.block_on(self.shared.request("GET", path, JSON, None)) {
            Ok(value) => Some(value),
            Err(error) if code(&error) == 404 => None,
            Err(error) => panic!("GET {path}: {error}"),
        }
    }

    /// Deletes what is at a path.
    pub(super) fn delete(&self, path: &str) {
        if let Err(error) = self.runtime.block_on(self.shared.request("DELETE", path, JSON, None)) {
            panic!("DELETE {path}: {error}");
        }
    }

    /// Merges a change into what is at a path.
    pub(super) fn patch(&self, path: &str, change: &Value) -> Value {
        match self.runtime.block_on(self.shared.request("PATCH", path, MERGE, Some(change))) {
            Ok(value) => value,
            Err(error) => panic!("PATCH {path}: {error}"),
        }
    }

    /// Creates an object, and its status when it has one.
    pub(super) fn create(&self, object: &Value) -> Value {
        self.try_create(object).unwrap_or_else(|error| panic!("cannot create {}: {error}", name(object)))
    }

    /// Creates an object, and its status when it has one, or says why not.
    pub(super) fn try_create(&self, object: &Value) -> Result<Value, String> {
        self.runtime.block_on(self.shared.create(object)).map_err(|error| error.to_string())
    }

    /// Creates or changes an object, and its status when it has one.
    pub(super) fn apply(&self, object: &Value) {
        if let Err(error) = self.runtime.block_on(self.shared.apply(object)) {
            panic!("cannot apply {}: {error}", name(object));
        }
    }

    /// Creates objects, many at a time and in no order. Those are handed back that are not created, for a reason that
    /// `may_refuse` allows.
    pub(super) fn create_all(&self, objects: Vec<Value>, may_refuse: fn(&kube::Error) -> bool) -> Vec<Value> {
        let objects = Arc::new(objects);
        let next = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..CONCURRENT)
            .map(|_| {
                let (shared, objects, next) =
                    (Arc::clone(&self.shared), Arc::clone(&objects), Arc::clone(&next));
                self.runtime.spawn(async move {
                    let mut refused = Vec::new();
                    while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match shared.create(object).await {
                            Ok(_) => {}
                            Err(error) if may_refuse(&error) => refused.push(object.clone()),
                            Err(error) => return Err(format!("cannot create {}: {error}", name(object))),
                        }
                    }
                    Ok::<_, String>(refused)
                })
            })
            .collect();
        let mut refused = Vec::new();
        for task in tasks {
            match self.runtime.block_on(task) {
                Ok(Ok(more)) => refused.extend(more),
                Ok(Err(error)) => panic!("{error}"),
                Err(error) => panic!("{error}"),
            }
        }
        refused
    }
}

impl Shared {
    async fn text(&self, path: &str) -> kube::Result<String> {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.client.request_text(request).await
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        content: &str,
        body: Option<&Value>,
    ) -> kube::Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, content)
            .body(body)
            .map_err(kube::Error::HttpError)?;
        self.client.request(request).await
    }

    async fn create(&self, object: &Value) -> kube::Result<Value> {
        let kind = self.kind(object).await?;
        let collection = collection(object, &kind);
        let end = Instant::now() + PATIENCE;
        let created = loop {
            match self.request("POST", &collection, JSON, Some(object)).await {
                Err(error) if lacks_account(&error) && Instant::now() < end => {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => break answer?,
            }
        };
        let name = created.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        self.set_status(object, &kind, &format!("{collection}/{name}")).await?;
        Ok(created)
    }

    async fn apply(&self, object: &Value) -> kube::Result<()> {
        let kind = self.kind(object).await?;
        let path = format!("{}/{}", collection(object, &kind), text(object, "/metadata/name"));
        self.request("PATCH", &format!("{path}?fieldManager=test&force=true"), APPLY, Some(object)).await?;
        self.set_status(object, &kind, &path).await
    }

    async fn set_status(&self, object: &Value, kind: &Kind, path: &str) -> kube::Result<()> {
        match object.get("status") {
            Some(status) if kind.has_status => {
                let change = json!({ "status": status });
                self.request("PATCH", &format!("{path}/status"), MERGE, Some(&change)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn kind(&self, object: &Value) -> kube::Result<Kind> {
        let key = (text(object, "/apiVersion"), text(object, "/kind"));
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(kind) = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
                return Ok(kind.clone());
            }
            match self.discover(&key.0).await {
                Err(error) if Instant::now() > end => return Err(error),
                Ok(()) if Instant::now() > end => {
                    return Err(kube::Error::Service(format!("the server has no {key:?}").into()));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Reads which kinds a version of a group has.
    async fn discover(&self, version: &str) -> kube::Result<()> {
        let list = self.request("GET", &root(version), JSON, None).await?;
        let resources = list.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
        let plural = |resource: &Value| text(resource, "/name");
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in resources.iter().filter(|resource| !plural(resource).contains('/')) {
            let status = format!("{}/status", plural(resource));
            let kind = Kind {
                plural: plural(resource),
                namespaced: resource.get("namespaced") == Some(&Value::Bool(true)),
                has_status: resources.iter().any(|other| plural(other) == status),
            };
            kinds.insert((version.to_owned(), text(resource, "/kind")), kind);
        }
        Ok(())
    }
}

fn root(version: &str) -> String {
    if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") }
}

fn collection(object: &Value, kind: &Kind) -> String {
    let root = root(&text(object, "/apiVersion"));
    if !kind.namespaced {
        return format!("{root}/{}", kind.plural);
    }
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
    format!("{root}/namespaces/{namespace}/{}", kind.plural)
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn name(object: &Value) -> String {
    format!(
        "{} {}/{}",
        text(object, "/kind"),
        text(object, "/metadata/namespace"),
        text(object, "/metadata/name")
    )
}

fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

/// Validation refuses the object.
pub(super) fn is_invalid(error: &kube::Error) -> bool {
    code(error) == 422
}

/// Admission refuses a pod until the controllers have made its namespace's account.
fn lacks_account(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code == 403 && status.message.contains("serviceaccount \"default\" not found"))
}
