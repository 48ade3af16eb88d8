//! Settings that contradict one another: client-go clientcmd/validation.go, validateClusterInfo and
//! validateAuthInfo; transport/transport.go, TLSConfigFor.

use crate::cluster::error::ConnectError;
use crate::cluster::kubeconfig::{Cluster, Exec, User};

use super::{Target, must_exist};

/// The versions of the protocol with plugins that kubectl speaks.
const EXEC_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

pub(super) fn check(target: &Target) -> Result<(), ConnectError> {
    check_cluster(&target.cluster)?;
    let user = &target.user;
    check_methods(user, &target.user_name)?;
    check_certificate(user)?;
    if let Some(exec) = &user.exec {
        check_exec(exec, user, &target.user_name)?;
    }
    check_impersonation(user)
}

fn check_cluster(cluster: &Cluster) -> Result<(), ConnectError> {
    let has_file = !cluster.certificate_authority.is_empty();
    let has_data = !cluster.certificate_authority_data.is_empty();
    if cluster.insecure_skip_tls_verify && (has_file || has_data) {
        return Err(ConnectError::new(
            "a certificate authority and `insecure-skip-tls-verify` exclude each other",
        ));
    }
    if has_file && !has_data {
        must_exist("the certificate authority", &cluster.certificate_authority)?;
    }
    Ok(())
}

fn check_methods(user: &User, name: &str) -> Result<(), ConnectError> {
    let basic = !user.username.is_empty() || !user.password.is_empty();
    if !user.token.is_empty() && basic {
        return Err(ConnectError::new(format!(
            "the user `{name}` has a token and a password: only one can be sent"
        )));
    }
    Ok(())
}

fn check_certificate(user: &User) -> Result<(), ConnectError> {
    let certificate = !user.client_certificate.is_empty() || !user.client_certificate_data.is_empty();
    let key = !user.client_key.is_empty() || !user.client_key_data.is_empty();
    match (certificate, key) {
        (true, false) => Err(ConnectError::new("the client's certificate has no key")
            .hint("give the key's file with `--client-key`")),
        (false, true) if !user.client_key.is_empty() => {
            Err(ConnectError::new(format!("the client's key `{}` has no certificate", user.client_key))
                .hint("give the certificate's file with `--client-certificate`"))
        }
        _ => Ok(()),
    }
}

fn check_exec(exec: &Exec, user: &User, name: &str) -> Result<(), ConnectError> {
    let command = &exec.command;
    if user.auth_provider.is_some() {
        return Err(ConnectError::new(format!(
            "the user `{name}` has an auth provider and a plugin: only one can log in"
        )));
    }
    if command.is_empty() {
        return Err(ConnectError::new(format!("the plugin of the user `{name}` has no command")));
    }
    if !EXEC_VERSIONS.contains(&exec.api_version.as_str()) {
        let wrong = match exec.api_version.as_str() {
            "" => "no `apiVersion`".to_owned(),
            version => format!("the `apiVersion` `{version}`, which no client speaks any more"),
        };
        return Err(ConnectError::new(format!("the plugin `{command}` of the user `{name}` has {wrong}"))
            .hint(format!(
                "write the user's entry anew with the plugin's newest version: kubectl speaks {}",
                EXEC_VERSIONS.join(" and ")
            )));
    }
    match exec.interactive_mode.as_str() {
        "" | "Never" | "IfAvailable" | "Always" => Ok(()),
        other => Err(ConnectError::new(format!(
            "the plugin `{command}` of the user `{name}` has no interactive mode `{other}`"
        ))
        .hint("it is `Never`, `IfAvailable` or `Always`")),
    }
}

fn check_impersonation(user: &User) -> Result<(), ConnectError> {
    let more = !user.as_uid.is_empty() || !user.as_groups.is_empty() || !user.as_user_extra.is_empty();
    if more && user.as_user.is_empty() {
        return Err(
            ConnectError::new("acting as a group or UID needs a user to act as").hint("add `--as USER`")
        );
    }
    Ok(())
}
