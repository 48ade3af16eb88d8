//! What of the process's surroundings connecting depends on, as values: tests give their own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The variables that are looked at; a plugin that logs in inherits all.
const VARIABLES: [&str; 11] = [
    "KUBECONFIG",
    "KUBERNETES_MASTER",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "POD_NAMESPACE",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Variables, folders and the terminal of a process.
#[derive(Clone, Default, Debug)]
pub struct Environment {
    /// The variables that are set.
    pub variables: BTreeMap<String, OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Where a pod finds its service account.
    pub service_account: PathBuf,
    /// Whether a person can type on standard input.
    pub interactive: bool,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let found = VARIABLES.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
        Self {
            variables: found.collect(),
            home: std::env::home_dir(),
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
            interactive: std::io::stdin().is_terminal(),
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn raw(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable that is set, not empty, and a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).and_then(OsStr::to_str)
    }

    /// The kubeconfigs to read, without any flag: client-go clientcmd/loader.go, NewDefaultClientConfigLoadingRules.
    pub(super) fn kubeconfigs(&self) -> Vec<PathBuf> {
        match self.raw("KUBECONFIG") {
            Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
            None => self.home.iter().map(|home| home.join(Path::new(".kube/config"))).collect(),
        }
    }
}
