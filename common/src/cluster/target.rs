//! Which API server, as whom: a kubeconfig with the flags over it, and the checks that kubectl makes.
//!
//! client-go: clientcmd/client_config.go (getContext, getCluster, getAuthInfo, inClusterClientConfig),
//! clientcmd/validation.go, clientcmd/merged_client_builder.go. Nothing is sent and no credential is read here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::ConnectError;
use super::flags::{ConnectionFlags, Secret};
use super::kubeconfig::{Cluster, Context, Kubeconfig, User, read_list, read_one};

#[cfg(test)]
mod tests;
mod validate;

/// What to connect to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The context, when one was used.
    pub context: Option<String>,
    /// The namespace of names without one.
    pub namespace: String,
    /// The name of the user, for messages.
    pub user_name: String,
    pub cluster: Cluster,
    pub user: User,
}

/// The contexts of the kubeconfig, for completion.
///
/// # Errors
/// When a kubeconfig cannot be read.
pub fn contexts(flags: &ConnectionFlags) -> Result<Vec<String>, ConnectError> {
    contexts_in(&Environment::of_process(), flags)
}

/// The contexts of the kubeconfig in an environment.
///
/// # Errors
/// When a kubeconfig cannot be read.
pub fn contexts_in(environment: &Environment, flags: &ConnectionFlags) -> Result<Vec<String>, ConnectError> {
    let kubeconfig = load(environment, flags)?;
    Ok(sorted(kubeconfig.contexts.into_iter().map(|item| item.name)))
}

/// The clusters of the kubeconfig, for completion.
///
/// # Errors
/// When a kubeconfig cannot be read.
pub fn clusters(flags: &ConnectionFlags) -> Result<Vec<String>, ConnectError> {
    let kubeconfig = load(&Environment::of_process(), flags)?;
    Ok(sorted(kubeconfig.clusters.into_iter().map(|item| item.name)))
}

/// The users of the kubeconfig, for completion.
///
/// # Errors
/// When a kubeconfig cannot be read.
pub fn users(flags: &ConnectionFlags) -> Result<Vec<String>, ConnectError> {
    let kubeconfig = load(&Environment::of_process(), flags)?;
    Ok(sorted(kubeconfig.users.into_iter().map(|item| item.name)))
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

fn load(environment: &Environment, flags: &ConnectionFlags) -> Result<Kubeconfig, ConnectError> {
    match &flags.kubeconfig {
        Some(path) if !path.as_os_str().is_empty() => read_one(path),
        _ => read_list(environment.kubeconfigs()),
    }
}

/// A flag that is given.
fn given(flag: Option<&String>) -> Option<&str> {
    flag.map(String::as_str).filter(|text| !text.is_empty())
}

impl Target {
    pub(super) fn choose(environment: &Environment, flags: &ConnectionFlags) -> Result<Self, ConnectError> {
        let kubeconfig = load(environment, flags)?;
        let choice = Choice { kubeconfig: &kubeconfig, flags };
        let (context, named) = choice.context()?;
        let (user_name, user) = choice.user(&context)?;
        let mut target = Self {
            context: named.map(str::to_owned),
            namespace: namespace(&context, environment),
            user_name,
            cluster: choice.cluster(&context, named)?,
            user,
        };
        target.find_server(environment, &kubeconfig)?;
        validate::check(&target)?;
        Ok(target)
    }

    /// Without any server: the one that this pod belongs to, else none.
    fn find_server(
        &mut self,
        environment: &Environment,
        kubeconfig: &Kubeconfig,
    ) -> Result<(), ConnectError> {
        if !self.cluster.server.is_empty() {
            return Ok(());
        }
        if let Some(server) = environment.text("KUBERNETES_MASTER") {
            server.clone_into(&mut self.cluster.server);
        } else if let Some(server) = pod_server(environment) {
            self.cluster.server = server;
            let account = |file: &str| environment.service_account.join(file).to_string_lossy().into_owned();
            if self.cluster.certificate_authority.is_empty() && !self.cluster.insecure_skip_tls_verify {
                self.cluster.certificate_authority = account("ca.crt");
            }
            if self.user.token.is_empty() && self.user.token_file.is_empty() {
                self.user.token_file = account("token");
                "service account of this pod".clone_into(&mut self.user_name);
            }
        } else {
            return Err(no_cluster(kubeconfig, self.context.as_deref()));
        }
        Ok(())
    }
}

/// The address of the API server that a pod is told, when it has a token for it: client-go rest/config.go,
/// InClusterConfig; clientcmd/client_config.go, Possible.
fn pod_server(environment: &Environment) -> Option<String> {
    let host = environment.text("KUBERNETES_SERVICE_HOST")?;
    let port = environment.text("KUBERNETES_SERVICE_PORT")?;
    environment.service_account.join("token").is_file().then(|| match host.contains(':') {
        true => format!("https://[{host}]:{port}"),
        false => format!("https://{host}:{port}"),
    })
}

/// The context's namespace; in a pod that of its service account, whatever the kubeconfig points to, as
/// client-go's DeferredLoadingClientConfig.Namespace has it.
fn namespace(context: &Context, environment: &Environment) -> String {
    if !context.namespace.is_empty() {
        return context.namespace.clone();
    }
    let of_pod = || {
        pod_server(environment)?;
        let told = environment.text("POD_NAMESPACE").map(str::to_owned);
        told.or_else(|| fs::read_to_string(environment.service_account.join("namespace")).ok())
    };
    let found = of_pod().map(|text| text.trim().to_owned()).filter(|name| !name.is_empty());
    found.unwrap_or_else(|| "default".to_owned())
}

struct Choice<'a> {
    kubeconfig: &'a Kubeconfig,
    flags: &'a ConnectionFlags,
}

impl<'a> Choice<'a> {
    fn context(&self) -> Result<(Context, Option<&'a str>), ConnectError> {
        let current = Some(self.kubeconfig.current_context.as_str()).filter(|name| !name.is_empty());
        let Some(name) = given(self.flags.context.as_ref()).or(current) else {
            return Ok((Context::default(), None));
        };
        match self.kubeconfig.context(name) {
            Some(context) => Ok((context.clone(), Some(name))),
            None => {
                Err(self.missing("context", name, self.kubeconfig.contexts.iter().map(|item| &item.name)))
            }
        }
    }

    fn cluster(&self, context: &Context, named: Option<&str>) -> Result<Cluster, ConnectError> {
        let flag = given(self.flags.cluster.as_ref());
        let name = flag.unwrap_or(&context.cluster);
        let found = self.kubeconfig.cluster(name).cloned();
        let replaced = flag.is_none() && given(self.flags.server.as_ref()).is_some();
        let mut cluster = match found {
            Some(cluster) => cluster,
            None if name.is_empty() || replaced => Cluster::default(),
            None => {
                let known = self.kubeconfig.clusters.iter().map(|item| &item.name);
                return Err(self.missing("cluster", name, known).of_context(flag, named));
            }
        };
        if cluster.server.is_empty() && !name.is_empty() && given(self.flags.server.as_ref()).is_none() {
            return Err(ConnectError::new(format!("the cluster `{name}` of the kubeconfig has no server"))
                .hint("give its address with `--server`"));
        }
        self.over_cluster(&mut cluster);
        Ok(cluster)
    }

    /// client-go clientcmd/client_config.go, getCluster: a new address forgets the old one's name, a new
    /// authority or none at all the old authority.
    fn over_cluster(&self, cluster: &mut Cluster) {
        let flags = self.flags;
        let name = given(flags.tls_server_name.as_ref());
        if let Some(server) = given(flags.server.as_ref()) {
            server.clone_into(&mut cluster.server);
            cluster.tls_server_name.clear();
        }
        if let Some(name) = name {
            name.clone_into(&mut cluster.tls_server_name);
        }
        let authority = path(flags.certificate_authority.as_ref());
        if flags.insecure_skip_tls_verify || authority.is_some() {
            cluster.insecure_skip_tls_verify = flags.insecure_skip_tls_verify;
            cluster.certificate_authority = authority.unwrap_or_default();
            cluster.certificate_authority_data.clear();
        }
    }

    fn user(&self, context: &Context) -> Result<(String, User), ConnectError> {
        let flag = given(self.flags.user.as_ref());
        let name = flag.unwrap_or(&context.user);
        let mut user = match self.kubeconfig.user(name).cloned() {
            Some(user) => user,
            // kubectl asks for a name and a password here, which no API server takes any more.
            None if name.is_empty() || (flag.is_none() && self.brings_credentials()) => User::default(),
            None => {
                let known = self.kubeconfig.users.iter().map(|item| &item.name);
                let named = given(self.flags.context.as_ref()).unwrap_or(&self.kubeconfig.current_context);
                return Err(self.missing("user", name, known).of_context(flag, Some(named)));
            }
        };
        self.over_user(&mut user);
        Ok((name.to_owned(), user))
    }

    fn brings_credentials(&self) -> bool {
        self.flags.token.as_ref().is_some_and(|token| !token.is_empty())
            || path(self.flags.client_certificate.as_ref()).is_some()
    }

    /// client-go clientcmd/client_config.go, getAuthInfo. A token that is given is the one that is sent: the
    /// user's token file, provider and plugin are not asked. kubectl keeps the token file, whose content it then
    /// sends instead (rest/config.go, BearerTokenFile): whoever types a token means that one.
    fn over_user(&self, user: &mut User) {
        let flags = self.flags;
        if let Some(token) = flags.token.as_ref().filter(|token| !token.is_empty()) {
            user.token = token.clone();
            user.token_file.clear();
            user.auth_provider = None;
            user.exec = None;
        }
        if let Some(file) = path(flags.client_certificate.as_ref()) {
            user.client_certificate = file;
            user.client_certificate_data.clear();
        }
        if let Some(file) = path(flags.client_key.as_ref()) {
            user.client_key = file;
            user.client_key_data = Secret::default();
        }
        self.over_impersonation(user);
    }

    fn over_impersonation(&self, user: &mut User) {
        if let Some(name) = given(self.flags.as_user.as_ref()) {
            name.clone_into(&mut user.as_user);
        }
        if let Some(uid) = given(self.flags.as_uid.as_ref()) {
            uid.clone_into(&mut user.as_uid);
        }
        if !self.flags.as_groups.is_empty() {
            user.as_groups.clone_from(&self.flags.as_groups);
        }
    }

    fn missing<'n>(&self, kind: &str, name: &str, known: impl Iterator<Item = &'n String>) -> ConnectError {
        let mut known: Vec<&str> = known.map(String::as_str).collect();
        known.sort_unstable();
        let error = ConnectError::new(format!("no {kind} `{name}` in {}", files(self.kubeconfig)));
        error.hints(nearest(name, &known)).hints(what_exists(kind, &known))
    }
}

impl ConnectError {
    /// Says who asked for a name that does not exist, when no flag did.
    fn of_context(mut self, flag: Option<&str>, context: Option<&str>) -> Self {
        if flag.is_none()
            && let Some(context) = context
        {
            self.message = format!("{}, which the context `{context}` names", self.message);
        }
        self
    }
}

fn path(flag: Option<&PathBuf>) -> Option<String> {
    flag.map(|path| path.to_string_lossy().into_owned()).filter(|path| !path.is_empty())
}

fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let score = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
    let best = known.iter().map(|known| (score(known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score > 0.8).map(|(_, known)| format!("did you mean `{known}`?"))
}

fn what_exists(kind: &str, known: &[&str]) -> Option<String> {
    const SHOWN: usize = 10;
    let names = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match known.len() {
        0 => None,
        1 => Some(format!("it has the {kind} {names}")),
        count if count <= SHOWN => Some(format!("it has the {kind}s {names}")),
        count => Some(format!("it has {count} {kind}s: {names}, …")),
    }
}

/// The files that were read, or should have been.
fn files(kubeconfig: &Kubeconfig) -> String {
    let list = |paths: &[PathBuf]| {
        paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
    };
    match (kubeconfig.read.as_slice(), kubeconfig.missing.as_slice()) {
        ([], []) => "the kubeconfig: there is none".to_owned(),
        ([], [one]) => format!("the kubeconfig: `{}` does not exist", one.display()),
        ([], missing) => format!("the kubeconfig: none of {} exists", list(missing)),
        (read, _) => format!("the kubeconfig {}", list(read)),
    }
}

fn no_cluster(kubeconfig: &Kubeconfig, context: Option<&str>) -> ConnectError {
    let why = match (context, kubeconfig.read.is_empty()) {
        (Some(context), _) => format!("the context `{context}` names none"),
        (None, true) => files(kubeconfig).trim_start_matches("the kubeconfig: ").to_owned(),
        (None, false) if kubeconfig.contexts.is_empty() => format!("{} has no context", files(kubeconfig)),
        (None, false) => format!("{} has no current context", files(kubeconfig)),
    };
    let mut contexts: Vec<&str> = kubeconfig.contexts.iter().map(|item| item.name.as_str()).collect();
    contexts.sort_unstable();
    let error = ConnectError::new(format!("no cluster is configured: {why}"));
    match contexts.is_empty() {
        true => error.hint("name a kubeconfig with `--kubeconfig`, or read manifests with `-f`"),
        false => error.hint("choose one with `--context`").hints(what_exists("context", &contexts)),
    }
}

/// Whether a file is there at all, to be told before anything is sent.
pub(super) fn must_exist(what: &str, file: &str) -> Result<(), ConnectError> {
    match fs::File::open(Path::new(file)) {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(what, file, &error)),
    }
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(what: &str, file: &str, error: &std::io::Error) -> ConnectError {
    ConnectError::new(format!("{what} `{file}` cannot be read: {}", super::error::reason(error)))
}
