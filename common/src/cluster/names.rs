//! Names for completion: one short list, by metadata alone.
//!
//! Asks for nothing twice, discovers nothing, and never asks a person: a plugin that logs in gets no terminal.

use serde::Deserialize;

use crate::kubernetes::{ServicePort, ServiceSpec};
use crate::snapshot::Resource;

use super::api::{Api, METADATA, Trouble};
use super::{ConnectError, ConnectionFlags, Environment, block_on, connect_in};

#[cfg(test)]
mod tests;

/// The names of a resource: of a namespace, else of the context's; `limit` of them at most.
///
/// # Errors
/// When there is no connection, or the list may not be read.
pub fn names(
    flags: &ConnectionFlags,
    resource: &Resource,
    namespace: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, ConnectError> {
    let version = resource.versions.first().copied().unwrap_or_default();
    let path = |namespace: &str| {
        let namespace = resource.namespaced.then_some(namespace);
        format!("{}?limit={limit}", resource.path(version, namespace))
    };
    let list: List = get(flags, namespace, &path, METADATA)?;
    Ok(list.items.into_iter().map(|item| item.metadata.name).filter(|name| is_name(name)).collect())
}

/// The ports of a Service: of a namespace, else of the context's.
///
/// # Errors
/// When there is no connection, no such Service, or it may not be read.
pub fn service_ports(
    flags: &ConnectionFlags,
    namespace: Option<&str>,
    service: &str,
) -> Result<Vec<ServicePort>, ConnectError> {
    if !is_name(service) {
        return Err(no_name(service));
    }
    let path = |namespace: &str| format!("/api/v1/namespaces/{namespace}/services/{service}");
    let service: Service = get(flags, namespace, &path, "application/json")?;
    Ok(service.spec.ports)
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct Service {
    spec: ServiceSpec,
}

/// The answer to one request, its path made from the namespace.
fn get<T: for<'de> Deserialize<'de>>(
    flags: &ConnectionFlags,
    namespace: Option<&str>,
    path: &dyn Fn(&str) -> String,
    accept: &str,
) -> Result<T, ConnectError> {
    let environment = Environment { interactive: false, ..Environment::of_process() };
    block_on(async {
        let connection = connect_in(&environment, flags).await?;
        let namespace = namespace.unwrap_or(&connection.namespace).to_owned();
        if !is_name(&namespace) {
            return Err(no_name(&namespace));
        }
        let api = Api { connection, timeout: flags.request_timeout };
        let text = api.get(&path(&namespace), accept).await.map_err(error)?;
        serde_json::from_str(&text)
            .map_err(|error| ConnectError::new(format!("the answer is not what was asked for: {error}")))
    })
}

/// Whether a text can be the name of what is listed here; a path and a shell take all of these as they are.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) && text.bytes().all(may)
}

fn no_name(text: &str) -> ConnectError {
    ConnectError::new(format!("`{text}` is no name"))
}

fn error(trouble: Trouble) -> ConnectError {
    match trouble {
        Trouble::Unauthorized(error) | Trouble::TimedOut(error) => error,
        Trouble::Forbidden(said) | Trouble::Failed(said) => ConnectError::new(said),
        Trouble::NotFound => ConnectError::new("the API server has nothing of that name"),
        Trouble::Expired => ConnectError::new("it changed faster than it could be read"),
    }
}
