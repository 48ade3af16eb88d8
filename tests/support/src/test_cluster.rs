//! A real control plane: etcd, kube-apiserver, kube-controller-manager, and where asked for kwok (which plays nodes)
//! and kube-scheduler, on free loopback ports in a temporary folder, RBAC on. No container, no root.
//!
//! ```text
//! let cluster = TestCluster::start(&Options::default());
//! cluster.apply_yaml("…");
//! let reader = cluster.kubeconfig("reader", &["readers"]);
//! ```
//!
//! `make test-env` builds the programs. Everything ends when the cluster is dropped, when a test panics, and when the
//! test process is killed (`server` says how), so a cluster may also live in a static. What fails panics: the message
//! names the program and ends with the end of its log.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

mod assets;
mod audit;
mod certificates;
mod contents;
mod faulty_proxy;
mod istiod;
mod kubeconfig;
mod objects;
mod ports;
mod programs;
mod server;

pub use assets::program;
pub use audit::AuditEvent;
pub use contents::{ISTIO, NETWORK_POLICIES, OLD_ISTIO, OLD_NETWORK_POLICIES, documents, has_condition};
pub use faulty_proxy::{Fault, FaultyProxy, Rule};
pub use istiod::{Istiod, IstiodOptions};
pub use kubeconfig::Unusual;

use assets::Assets;
use certificates::{Authority, TokenKeys};
use objects::Api;
use server::{Folder, Server};

/// The node that kwok plays; pods with this `spec.nodeName` become Running.
pub const NODE: &str = "node-1";

const START: Duration = Duration::from_secs(240);
const PATIENCE: Duration = Duration::from_secs(180);

/// What a cluster consists of.
#[derive(Clone, Debug)]
pub struct Options {
    /// kwok plays the nodes, and pods bound to them become Running with addresses. Without it there is no node, and
    /// objects keep the status that they are created with.
    pub kwok: bool,
    /// More documents of kwok's configuration: stages, logs, port-forwards.
    pub kwok_config: String,
    /// Pods without `spec.nodeName` are placed.
    pub scheduler: bool,
    /// Pods need their ServiceAccount, as everywhere; off, they may name one that does not exist.
    pub service_accounts: bool,
    /// More flags of kube-apiserver.
    pub api_server: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kwok: true,
            kwok_config: String::new(),
            scheduler: false,
            service_accounts: false,
            api_server: Vec::new(),
        }
    }
}

/// A running control plane. Servers end in the order of the fields.
pub struct TestCluster {
    api: Api,
    controllers: Vec<Server>,
    api_server: Mutex<Option<Server>>,
    _etcd: Server,
    authority: Authority,
    assets: Assets,
    options: Options,
    etcd_port: u16,
    port: u16,
    admin: PathBuf,
    written: AtomicUsize,
    folder: Folder,
}

impl TestCluster {
    /// Starts one and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn start(options: &Options) -> Self {
        let assets = Assets::find();
        let folder = Folder::new();
        let authority = Authority::new("mesh-test-cluster");
        programs::write_files(&folder, &authority, &TokenKeys::new());
        let (port, etcd_port) = (ports::free(), ports::free());
        let etcd = programs::etcd(&assets, &folder, etcd_port);
        let admin = write_admin(&folder, &authority, port);
        let mut cluster = Self {
            api: Api::new(&admin),
            controllers: Vec::new(),
            api_server: Mutex::default(),
            _etcd: etcd,
            authority,
            assets,
            options: options.clone(),
            etcd_port,
            port,
            admin,
            written: AtomicUsize::new(0),
            folder,
        };
        cluster.start_api_server();
        cluster.start_controllers();
        cluster
    }

    /// Where its files and logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `https://127.0.0.1:…`
    #[must_use]
    pub fn server(&self) -> String {
        server_url(self.port)
    }

    /// The kubeconfig of an administrator.
    #[must_use]
    pub fn admin(&self) -> &Path {
        &self.admin
    }

    /// A kubeconfig with a fresh certificate for this user in these groups (two at most); `system:masters` may do
    /// anything.
    #[must_use]
    pub fn kubeconfig(&self, user: &str, groups: &[&str]) -> PathBuf {
        self.kubeconfig_with(user, groups, &Unusual::default())
    }

    /// A kubeconfig with something unusual.
    #[must_use]
    pub fn kubeconfig_with(&self, user: &str, groups: &[&str], unusual: &Unusual) -> PathBuf {
        let own = || kubeconfig::with_certificate(&self.authority.client(user, groups, unusual.expired));
        let entry = unusual.user.clone().unwrap_or_else(own);
        let server = unusual.server.clone().unwrap_or_else(|| self.server());
        let other = unusual.other_authority.then(|| Authority::new("somebody else").pem);
        let authority = other.as_deref().unwrap_or(&self.authority.pem);
        let text = kubeconfig::text(user, &server, Some(authority), &entry, unusual.namespace.as_deref());
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        self.folder.write(&format!("{number}.kubeconfig"), &text)
    }

    /// Runs the built kubectl as this kubeconfig says.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn kubectl(&self, kubeconfig: &Path, arguments: &[&str]) -> Output {
        Command::new(self.kubectl_path())
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", self.folder())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("cannot start kubectl: {error}"))
    }

    /// The built kubectl, for a test that measures or traces it.
    #[must_use]
    pub fn kubectl_path(&self) -> PathBuf {
        self.assets.program("kubectl")
    }

    /// Ends the API server; etcd keeps what there is.
    pub fn stop_api_server(&self) {
        if let Some(server) = self.api_server().take() {
            server.stop();
        }
    }

    /// Starts the API server, on the port that it had, and waits until it is ready.
    pub fn start_api_server(&self) {
        let mut server =
            programs::api_server(&self.assets, &self.folder, &self.options, self.port, self.etcd_port);
        server.wait_until("ready", START, || self.api.text("/readyz").is_some());
        *self.api_server() = Some(server);
    }

    fn api_server(&self) -> std::sync::MutexGuard<'_, Option<Server>> {
        self.api_server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_controllers(&mut self) {
        let user = |name: &str| self.kubeconfig(name, &["system:masters"]);
        let mut manager = programs::controller_manager(
            &self.assets,
            &self.folder,
            &self.options,
            &user("system:kube-controller-manager"),
        );
        let scheduler = self
            .options
            .scheduler
            .then(|| programs::scheduler(&self.assets, &self.folder, &user("system:kube-scheduler")));
        let kwok = self
            .options
            .kwok
            .then(|| programs::kwok(&self.assets, &self.folder, &self.options, &user("kwok")));
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        manager.wait_until("the default account", START, || self.get(account).is_some());
        self.controllers.push(manager);
        self.controllers.extend(scheduler);
        if let Some(mut kwok) = kwok {
            self.create(&json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE } }));
            let node = format!("/api/v1/nodes/{NODE}");
            kwok.wait_until("the node is ready", START, || {
                self.get(&node).is_some_and(|node| has_condition(&node, "Ready"))
            });
            self.controllers.push(kwok);
        }
    }
}

fn server_url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn write_admin(folder: &Folder, authority: &Authority, port: u16) -> PathBuf {
    let user = kubeconfig::with_certificate(&authority.client("admin", &["system:masters"], false));
    folder.write(
        "admin.kubeconfig",
        &kubeconfig::text("admin", &server_url(port), Some(&authority.pem), &user, None),
    )
}
