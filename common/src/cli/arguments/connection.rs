//! kubectl's connection flags, in its letters and meaning.
//!
//! How they go together is not checked here: `--as-group` without `--as`, say, is right where the kubeconfig acts
//! as somebody already.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::cli::Takes;
use crate::cluster::{ConnectionFlags, InvalidTimeout, Secret, parse_timeout};

#[cfg(test)]
mod tests;

/// Which cluster is read, and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cluster")]
pub struct ConnectionArguments {
    /// Kubeconfig to read, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "CONTEXT", add = Takes::Context)]
    pub context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long, value_name = "CLUSTER", add = Takes::Cluster)]
    pub cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long, value_name = "USER", add = Takes::User)]
    pub user: Option<String>,
    /// User to act as: a name, or system:serviceaccount:NAMESPACE:NAME
    #[arg(long = "as", value_name = "USER")]
    pub as_user: Option<String>,
    /// Group to act as; repeatable
    #[arg(long = "as-group", value_name = "GROUP")]
    pub as_groups: Vec<String>,
    /// UID to act as
    #[arg(long, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Bearer token for the API server
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<Secret>,
    /// Address of the API server
    #[arg(short = 's', long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the certificates of the authority that signed the server's
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// File with the client's certificate
    #[arg(long, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// File with the key of the client's certificate
    #[arg(long, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Name that the server's certificate must have, instead of the host of its address
    #[arg(long, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    // pflag takes a value behind `=` only.
    /// Take any certificate of the server: connections are not safe
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true", hide_default_value = true,
          hide_possible_values = true)]
    pub insecure_skip_tls_verify: bool,
    /// Accepted for aliases: nothing is cached
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// How long one request may take, such as 30, 1s, 2m30s; 0 is as long as it takes
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    pub request_timeout: Timeout,
}

/// How long one request may take; none is as long as it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeout(pub Option<Duration>);

impl FromStr for Timeout {
    type Err = InvalidTimeout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_timeout(text).map(Self)
    }
}

impl From<&ConnectionArguments> for ConnectionFlags {
    fn from(arguments: &ConnectionArguments) -> Self {
        let arguments = arguments.clone();
        Self {
            kubeconfig: arguments.kubeconfig,
            context: arguments.context,
            cluster: arguments.cluster,
            user: arguments.user,
            as_user: arguments.as_user,
            as_groups: arguments.as_groups,
            as_uid: arguments.as_uid,
            token: arguments.token,
            server: arguments.server,
            certificate_authority: arguments.certificate_authority,
            client_certificate: arguments.client_certificate,
            client_key: arguments.client_key,
            tls_server_name: arguments.tls_server_name,
            insecure_skip_tls_verify: arguments.insecure_skip_tls_verify,
            cache_dir: arguments.cache_dir,
            request_timeout: arguments.request_timeout.0,
        }
    }
}
