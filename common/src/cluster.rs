//! The live cluster: from kubectl's connection flags to [`Objects`], by reading alone.
//!
//! Answers what there is and what could not be read, never what it means. The only module, with telemetry, that
//! waits for a network: one thread runs the requests, others decode what arrives.

mod api;
mod certificate;
mod connect;
mod discovery;
mod environment;
mod error;
mod exec;
mod explain;
mod flags;
mod istio;
mod kubeconfig;
mod list;
mod load;
mod names;
mod plan;
mod proxy;
mod target;
#[cfg(all(test, unix))]
mod test_program;
#[cfg(test)]
pub(crate) mod test_server;
mod token;
mod ztunnel;

pub use connect::{Connection, connect, connect_in};
pub use environment::Environment;
pub use error::ConnectError;
pub use explain::{Endpoint, explain};
pub use flags::{ConnectionFlags, InvalidTimeout, Secret, parse_timeout};
pub use names::{is_name, names, service_ports};
pub use target::{clusters, contexts, contexts_in, users};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Name;
use crate::snapshot::{
    Asked, Format, Held, Needs, Objects, Progress, Resource, SettingsOverride, Source, Why,
};

use api::Api;
use list::Reader;

/// Cuts a page down to what may be kept, before anything is made of it.
pub type Keep = Arc<dyn Fn(&Resource, &str) -> Result<String, String> + Send + Sync>;

/// A page that was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawList {
    /// The resource, as [`Resource::name`] gives it.
    pub resource: String,
    /// The version in which it was listed.
    pub api_version: String,
    /// What [`Keep`] left of it.
    pub text: String,
}

/// What is wanted of a cluster.
pub struct Request<'a> {
    /// Which cluster, as whom.
    pub flags: &'a ConnectionFlags,
    /// What the question needs, told the namespace of names that give none.
    pub needs: &'a dyn Fn(&str) -> Needs,
    /// The namespaces that the question is about, as [`Needs`] does not tell: they are read where the whole
    /// cluster may not be.
    pub namespace: Option<&'a str>,
    /// What a person says of the mesh.
    pub given: &'a SettingsOverride,
    /// What becomes of pages that are kept; without it none is.
    pub keep: Option<Keep>,
    /// Hears how far reading has come.
    pub progress: Arc<dyn Progress + Send>,
}

/// What a cluster holds.
#[derive(Debug)]
pub struct Loaded {
    /// What was read, and what was not.
    pub objects: Objects,
    /// The pages that were kept.
    pub raw: Vec<RawList>,
    /// The namespace of the context.
    pub namespace: String,
    /// The context, else the address of the server.
    pub name: String,
}

/// Reads a cluster.
///
/// # Errors
/// When there is no connection, or nothing at all may be read.
pub fn load(request: &Request<'_>) -> Result<Loaded, ConnectError> {
    load_in(&Environment::of_process(), request)
}

/// Reads a cluster, connecting in an environment.
///
/// # Errors
/// When there is no connection, or nothing at all may be read.
pub fn load_in(environment: &Environment, request: &Request<'_>) -> Result<Loaded, ConnectError> {
    block_on(async {
        let connection = connect_in(environment, request.flags).await?;
        let of_context = connection.namespace.clone();
        let namespace = request.namespace.unwrap_or(&of_context).to_owned();
        let name = connection.context.clone().unwrap_or_else(|| connection.server.clone());
        let needs = (request.needs)(&namespace);
        let mut home: BTreeSet<Name> = needs.home.clone();
        home.insert(namespace.as_str().into());
        let mut sources = Objects::default().sources;
        let source =
            sources.push(Source { name: "the cluster".into(), format: Format::Api, text: "".into() });
        let reader = Reader {
            api: Api { connection, timeout: request.flags.request_timeout },
            source,
            keep: request.keep.clone(),
            progress: request.progress.clone(),
        };
        let read = load::load(reader, &needs, request.given, &home).await?;
        let objects = Objects { sources, ..read.objects };
        Ok(Loaded { objects, raw: read.raw, namespace: of_context, name })
    })
}

/// Asks ztunnels what certificates they hold, each through a port-forward of its own. What goes wrong is the answer
/// of its node.
#[must_use]
pub fn certificates(
    flags: &ConnectionFlags,
    asked: &[Asked],
    progress: Arc<dyn Progress + Send>,
) -> BTreeMap<Name, Result<Held, Why>> {
    certificates_in(&Environment::of_process(), flags, asked, progress)
}

/// Asks ztunnels, connecting in an environment.
#[must_use]
pub fn certificates_in(
    environment: &Environment,
    flags: &ConnectionFlags,
    asked: &[Asked],
    progress: Arc<dyn Progress + Send>,
) -> BTreeMap<Name, Result<Held, Why>> {
    let answered = block_on(async {
        let connection = connect_in(environment, flags).await?;
        let api = Api { connection, timeout: flags.request_timeout };
        Ok(ztunnel::ask(&api, asked, progress).await)
    });
    let nobody = |error: ConnectError| {
        let why = Why::Failed(error.message);
        asked.iter().map(|node| (node.node.clone(), Err(why.clone()))).collect()
    };
    answered.unwrap_or_else(nobody)
}

/// Runs on this thread. What is still under way when the answer is there is left behind.
fn block_on<T>(future: impl Future<Output = Result<T, ConnectError>>) -> Result<T, ConnectError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ConnectError::new(format!("no runtime for requests: {error}")))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
