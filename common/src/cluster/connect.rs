//! From flags to a client: what was chosen becomes kube's configuration, and someone logs in.
//!
//! kube's configuration is built here field by field. Its own `from_custom_kubeconfig` reads proxies from the
//! environment by other rules than kubectl's, and its defaults retry for minutes and send tokens in clear text.
//! Nothing is sent yet, except by a plugin that logs in: the first request tells whether the server answers.

use std::borrow::Cow;
use std::fs;

use base64::Engine as _;
use http::{HeaderName, HeaderValue, Uri, header::USER_AGENT};
use jiff::Timestamp;
use kube::client::ClientBuilder;
use kube::config::{AuthInfo, AuthProviderConfig, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::certificate;
use super::environment::Environment;
use super::error::ConnectError;
use super::exec::Plugin;
use super::explain::{Endpoint, explain};
use super::flags::ConnectionFlags;
use super::kubeconfig::{Cluster, Provider, User};
use super::proxy::{proxy_for, shown};
use super::target::{Target, unreadable};
use super::token::{Bearer, Source};

#[cfg(test)]
mod tests;

/// A client, and what it was made from.
#[derive(Clone)]
pub struct Connection {
    /// Sends requests. It retries nothing and waits as long as it is let: the caller sets the deadline of each
    /// request.
    pub client: kube::Client,
    /// The namespace of names without one: the context's, else `default`.
    pub namespace: String,
    /// The context, when one was used.
    pub context: Option<String>,
    /// The address of the API server, without anything secret.
    pub server: String,
    /// What explains a failure.
    pub endpoint: Endpoint,
}

impl Connection {
    /// What went wrong with a request.
    #[must_use]
    pub fn explain(&self, error: &kube::Error) -> ConnectError {
        explain(error, &self.endpoint, Timestamp::now())
    }

    /// An answer of 401.
    pub(super) fn unauthorized(&self) -> ConnectError {
        self.endpoint.unauthorized(Timestamp::now())
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Connects as the flags, the kubeconfig and the surroundings of this process say.
///
/// # Errors
/// When no cluster is chosen, a file cannot be read, or logging in fails.
pub async fn connect(flags: &ConnectionFlags) -> Result<Connection, ConnectError> {
    connect_in(&Environment::of_process(), flags).await
}

/// Connects in an environment. Needs a runtime, on which it blocks nothing.
///
/// # Errors
/// When no cluster is chosen, a file cannot be read, or logging in fails.
pub async fn connect_in(
    environment: &Environment,
    flags: &ConnectionFlags,
) -> Result<Connection, ConnectError> {
    let target = Target::choose(environment, flags)?;
    let (server, proxy) = addresses(&target.cluster, environment)?;
    let mut endpoint = Endpoint {
        server: shown(&server),
        proxy: proxy.as_ref().map(shown),
        user: target.user_name.clone(),
        certificate_expires: None,
        timeout: flags.request_timeout,
    };
    // client-go clientcmd/client_config.go, ClientConfig: credentials are for servers that can be told apart.
    let mut login = match server.scheme_str() {
        Some("https") => Login::of(&target, environment, flags).await?,
        _ => Login::default(),
    };
    endpoint.certificate_expires = login.expires;
    act_as(&target.user, &mut login.auth);
    let config = config(&target, server, proxy, login.auth, flags)?;
    let client =
        client(config, login.bearer).map_err(|error| explain(&error, &endpoint, Timestamp::now()))?;
    let Target { namespace, context, .. } = target;
    Ok(Connection { client, namespace, context, server: endpoint.server.clone(), endpoint })
}

fn client(config: Config, bearer: Option<Bearer>) -> Result<kube::Client, kube::Error> {
    let builder = ClientBuilder::try_from(config)?;
    Ok(match bearer {
        Some(bearer) => builder.with_layer(&bearer).build(),
        None => builder.build(),
    })
}

/// The addresses of the server and of the proxy on the way to it.
fn addresses(cluster: &Cluster, environment: &Environment) -> Result<(Uri, Option<Uri>), ConnectError> {
    let server = server(&cluster.server)?;
    let proxy = proxy_for(&server, &cluster.proxy_url, environment)?;
    // The tunnel through a proxy takes port 443 for granted.
    let port = matches!((&proxy, server.scheme_str(), server.port()), (Some(_), Some("http"), None));
    let server = if port { with_port_80(server) } else { server };
    Ok((server, proxy))
}

/// client-go rest/url_utils.go, DefaultServerURL: a host alone is reached by HTTP.
fn server(text: &str) -> Result<Uri, ConnectError> {
    let complete = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    };
    let parse = |text: &str| text.parse::<Uri>().ok().filter(complete);
    let found = if text.contains("://") { parse(text) } else { parse(&format!("http://{text}")) };
    found.ok_or_else(|| {
        let named = if text.contains('@') { String::new() } else { format!(" `{text}`") };
        ConnectError::new(format!("the server{named} is no address"))
            .hint("it looks like `https://host:6443`")
    })
}

fn with_port_80(uri: Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.authority = uri.authority().and_then(|authority| format!("{authority}:80").parse().ok());
    Uri::from_parts(parts).unwrap_or(uri)
}

fn config(
    target: &Target,
    server: Uri,
    proxy: Option<Uri>,
    auth: AuthInfo,
    flags: &ConnectionFlags,
) -> Result<Config, ConnectError> {
    let cluster = &target.cluster;
    let insecure = cluster.insecure_skip_tls_verify;
    // Without a list of authorities kube loads the system's: not where they are not asked.
    let unasked = server.scheme_str() != Some("https") || insecure;
    let mut config = Config::new(server);
    config.root_cert = if unasked { Some(Vec::new()) } else { authorities(cluster)? };
    config.default_namespace.clone_from(&target.namespace);
    config.accept_invalid_certs = insecure;
    config.tls_server_name = Some(cluster.tls_server_name.clone()).filter(|name| !name.is_empty());
    config.disable_compression = cluster.disable_compression;
    config.proxy_url = proxy;
    config.auth_info = auth;
    config.headers = vec![user_agent()];
    config.default_retry = false;
    config.connect_timeout = flags.request_timeout;
    config.read_timeout = None;
    config.write_timeout = None;
    Ok(config)
}

fn user_agent() -> (HeaderName, HeaderValue) {
    (USER_AGENT, HeaderValue::from_static(concat!("kubectl-mesh/", env!("CARGO_PKG_VERSION"))))
}

fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, ConnectError> {
    let Some(pem) = authority_pem(cluster)? else { return Ok(None) };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => {
            Ok(Some(certificates.into_iter().map(|certificate| certificate.to_vec()).collect()))
        }
        _ => Err(ConnectError::new("the certificate authority of the cluster holds no certificate in PEM")),
    }
}

/// The certificates that the server's must be signed by.
pub(super) fn authority_pem(cluster: &Cluster) -> Result<Option<Vec<u8>>, ConnectError> {
    data_or_file(
        "the certificate authority",
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    )
}

/// What a kubeconfig holds itself, in base64, or names the file of.
fn data_or_file(what: &str, data: &str, file: &str) -> Result<Option<Vec<u8>>, ConnectError> {
    if !data.is_empty() {
        let compact: Cow<'_, str> = match data.contains(char::is_whitespace) {
            true => data.split_whitespace().collect::<String>().into(),
            false => data.into(),
        };
        let decoded = base64::engine::general_purpose::STANDARD.decode(compact.as_bytes());
        let wrong = |_| ConnectError::new(format!("{what} of the kubeconfig is no base64"));
        return decoded.map(Some).map_err(wrong);
    }
    match file {
        "" => Ok(None),
        file => fs::read(file).map(Some).map_err(|error| unreadable(what, file, &error)),
    }
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// How someone is known to the server.
#[derive(Default)]
struct Login {
    auth: AuthInfo,
    bearer: Option<Bearer>,
    expires: Option<Timestamp>,
}

impl Login {
    /// A certificate is sent beside anything else; of the rest, the first that there is: a token file, a token,
    /// a password, a provider; a plugin when there is nothing of all that (client-go exec.go,
    /// UpdateTransportConfig).
    async fn of(
        target: &Target,
        environment: &Environment,
        flags: &ConnectionFlags,
    ) -> Result<Self, ConnectError> {
        let user = &target.user;
        let mut login = Self::default();
        login.certificate_of(user)?;
        let has_certificate = login.auth.client_certificate_data.is_some();
        login.bearer = Bearer::of(user, &target.user_name)?;
        if login.bearer.is_some() {
            return Ok(login);
        }
        if !user.username.is_empty() || !user.password.is_empty() {
            login.auth.username = Some(user.username.clone());
            login.auth.password = Some(user.password.reveal().into());
        } else if let Some(provider) = &user.auth_provider {
            login.auth.auth_provider = Some(of_provider(provider, &target.user_name)?);
        } else if let (Some(exec), false) = (&user.exec, has_certificate) {
            let limit = flags.request_timeout;
            let plugin = Plugin::new(exec.clone(), &target.cluster, environment.interactive, limit)?;
            login.by_plugin(plugin).await?;
        }
        Ok(login)
    }

    fn certificate_of(&mut self, user: &User) -> Result<(), ConnectError> {
        let what = "the client's certificate";
        let certificate = data_or_file(what, &user.client_certificate_data, &user.client_certificate)?;
        let Some(certificate) = certificate else { return Ok(()) };
        let key = data_or_file("the client's key", user.client_key_data.reveal(), &user.client_key)?;
        self.certificate(&certificate, &key.unwrap_or_default())
    }

    fn certificate(&mut self, certificate: &[u8], key: &[u8]) -> Result<(), ConnectError> {
        let first = CertificateDer::from_pem_slice(certificate)
            .map_err(|_| ConnectError::new("the client's certificate is no certificate in PEM"))?;
        self.expires = certificate::expires(&first);
        self.auth.client_certificate_data = Some(base64(certificate));
        self.auth.client_key_data = Some(base64(key).into());
        Ok(())
    }

    async fn by_plugin(&mut self, plugin: Plugin) -> Result<(), ConnectError> {
        let runs = plugin.clone();
        let ran = tokio::task::spawn_blocking(move || runs.run()).await;
        let credential = ran.unwrap_or_else(|_| Err(ConnectError::new("logging in was interrupted")))?;
        if let Some((certificate, key)) = credential.certificate {
            self.certificate(certificate.as_bytes(), key.reveal().as_bytes())?;
        }
        let source = Some(Source::Plugin(Box::new(plugin)));
        self.bearer = credential.token.map(|token| Bearer { token, source });
        Ok(())
    }
}

/// Providers that are built in: kubectl has had OIDC alone since 1.26, and says what replaces the others.
fn of_provider(provider: &Provider, user: &str) -> Result<AuthProviderConfig, ConnectError> {
    let name = &provider.name;
    let plugin = match name.as_str() {
        "oidc" => {
            let config = provider.config.iter().map(|(key, value)| (key.clone(), value.reveal().to_owned()));
            let (name, config) = (name.clone(), config.collect());
            return Ok(AuthProviderConfig { name, config, ..AuthProviderConfig::default() });
        }
        "gcp" => Some("gke-gcloud-auth-plugin"),
        "azure" => Some("kubelogin"),
        _ => None,
    };
    let hint = plugin.map(|plugin| format!("log in with the plugin `{plugin}` instead"));
    Err(ConnectError::new(format!(
        "the user `{user}` logs in with the auth provider `{name}`, which kubectl has no more"
    ))
    .hints(hint))
}

fn act_as(user: &User, auth: &mut AuthInfo) {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    auth.impersonate = given(&user.as_user);
    auth.impersonate_uid = given(&user.as_uid);
    auth.impersonate_groups = Some(user.as_groups.clone()).filter(|groups| !groups.is_empty());
    let extra = user.as_user_extra.clone().into_iter().collect();
    auth.impersonate_user_extra =
        Some(extra).filter(|extra: &std::collections::HashMap<_, _>| !extra.is_empty());
}
