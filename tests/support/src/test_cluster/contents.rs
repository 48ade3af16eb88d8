//! What is on the cluster: creating, changing, waiting, installing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PATIENCE, TestCluster, objects};

/// The newest Istio whose CRDs there are.
pub const ISTIO: &str = "1.31.1";
/// Older ones: before `serviceAccounts` (1.25), and before `trustDomains` (1.30).
pub const OLD_ISTIO: [&str; 2] = ["1.24.2", "1.28.0"];
/// The last AdminNetworkPolicies of v1alpha1, with what is experimental in them.
pub const NETWORK_POLICIES: &str = "0.1.7";
/// The first ones, whose peers are written otherwise.
pub const OLD_NETWORK_POLICIES: &str = "0.1.1";

impl TestCluster {
    /// Creates an object, and its status when it has one (which is a second request).
    pub fn create(&self, object: &Value) -> Value {
        self.api.create(object)
    }

    /// Creates an object, unless the server refuses it: generated objects are not all valid.
    ///
    /// # Errors
    /// What the server says.
    pub fn try_create(&self, object: &Value) -> Result<Value, String> {
        self.api.try_create(object)
    }

    /// Creates thousands of objects, each with its status, in no order.
    pub fn create_all(&self, objects: Vec<Value>) {
        self.api.create_all(objects, |_| false);
    }

    /// The same, but for those that validation refuses: they are handed back.
    pub fn create_admitted(&self, objects: Vec<Value>) -> Vec<Value> {
        self.api.create_all(objects, objects::is_invalid)
    }

    /// Creates or changes every document of a YAML stream, in its order; `status` counts, `List`s are taken apart.
    ///
    /// # Panics
    /// When one cannot be read or is refused.
    pub fn apply_yaml(&self, text: &str) {
        for document in &documents(text) {
            match document.get("items").and_then(Value::as_array) {
                Some(items) => items.iter().for_each(|item| self.api.apply(item)),
                None => self.api.apply(document),
            }
        }
    }

    /// The object or list at a path of the API, `/api/v1/namespaces/N/pods/P`; none when there is none.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value> {
        self.api.get(path)
    }

    /// Deletes the object, or all objects of the list, at a path of the API.
    pub fn delete(&self, path: &str) {
        self.api.delete(path);
    }

    /// Merges a change into the object at a path of the API.
    pub fn patch(&self, path: &str, change: &Value) -> Value {
        self.api.patch(path, change)
    }

    /// Waits until what is at a path is so.
    ///
    /// # Panics
    /// When it is not within half a minute.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn wait_for(&self, path: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let now = self.get(path);
            if let Some(now) = now.as_ref().filter(|now| holds(now)) {
                return now.clone();
            }
            if Instant::now() > end {
                panic!(
                    "{path}: {what}: not within {} s; it is:\n{:#}",
                    PATIENCE.as_secs(),
                    now.unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until nothing is at a path.
    ///
    /// # Panics
    /// When something is still there after half a minute.
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn wait_gone(&self, path: &str) {
        let end = Instant::now() + PATIENCE;
        while let Some(left) = self.get(path) {
            if Instant::now() > end {
                panic!("{path}: still there after {} s:\n{left:#}", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Installs the CRDs of an Istio ([`ISTIO`] or one of [`OLD_ISTIO`]) and waits until they are served.
    pub fn install_istio_crds(&self, version: &str) {
        self.install(&format!("crds/istio-{version}.yaml"));
    }

    /// Installs the CRDs of Gateway API (the standard channel).
    pub fn install_gateway_crds(&self) {
        self.install("crds/gateway-api-1.6.3.yaml");
    }

    /// Installs the CRDs of AdminNetworkPolicy and BaselineAdminNetworkPolicy ([`NETWORK_POLICIES`] or
    /// [`OLD_NETWORK_POLICIES`]) and waits until they are served.
    pub fn install_network_policy_crds(&self, version: &str) {
        self.install(&format!("crds/network-policy-api-{version}.yaml"));
    }

    fn install(&self, manifest: &str) {
        self.apply_yaml(&self.assets.manifest(manifest));
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        self.wait_for(path, "every CRD established", |list| {
            let items = list.get("items").and_then(Value::as_array);
            items.is_some_and(|items| items.iter().all(|crd| has_condition(crd, "Established")))
        });
    }
}

/// The documents of a YAML stream.
///
/// # Panics
/// When it is none.
#[must_use]
#[expect(clippy::panic, reason = "a test that cannot run fails")]
pub fn documents(text: &str) -> Vec<Value> {
    let options = serde_saphyr::options! { budget: None };
    serde_saphyr::from_multiple_with_options(text, options).unwrap_or_else(|error| panic!("no YAML: {error}"))
}

/// Whether an object has a condition that is true.
#[must_use]
pub fn has_condition(object: &Value, name: &str) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions.is_some_and(|conditions| {
        conditions.iter().any(|condition| {
            condition.get("type") == Some(&json!(name)) && condition.get("status") == Some(&json!("True"))
        })
    })
}
