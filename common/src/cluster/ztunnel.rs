//! What ztunnels hold: each is asked at the port that only its own pod reaches, forwarded by the API server.
//!
//! One WebSocket for each, a few at a time. Only `GET /config_dump` is ever sent: other paths of that port change
//! what a ztunnel does, or end it. What goes wrong with one ztunnel is its own answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use k8s_openapi::api::core::v1::Pod;
use kube::api::Portforwarder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::model::{Name, Namespace, ResourceRef};
use crate::snapshot::{Asked, Held, Progress, Why, ZTUNNEL_PORT};

use super::api::Api;

mod dump;
mod http1;
#[cfg(test)]
mod tests;

/// Ztunnels that are asked at the same time: their answers are long.
const AT_ONCE: usize = 8;

/// Asks the ztunnel of every node that has one.
pub(super) async fn ask(
    api: &Api,
    asked: &[Asked],
    progress: Arc<dyn Progress + Send>,
) -> BTreeMap<Name, Result<Held, Why>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let patience = Arc::new(Patience::default());
    let mut running = JoinSet::new();
    for of in asked {
        let Some(pod) = of.ztunnel.clone() else { continue };
        let (api, turns, progress, node) = (api.clone(), turns.clone(), progress.clone(), of.node.clone());
        let patience = patience.clone();
        running.spawn(async move {
            let _turn = turns.acquire().await;
            if patience.is_over() {
                return (node, Err(Why::TimedOut(format!("the first {AT_ONCE} did not answer in time"))));
            }
            progress.start("certificates", None);
            let answer = one(&api, &pod, &*progress).await;
            patience.note(&answer);
            (node, answer)
        });
    }
    running.join_all().await.into_iter().collect()
}

/// Whether it is worth while to go on: where the first that were asked let us wait in vain, a thousand others would
/// take an hour to do the same.
#[derive(Default)]
struct Patience {
    in_vain: AtomicUsize,
    answered: AtomicBool,
}

impl Patience {
    fn is_over(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed) >= AT_ONCE && !self.answered.load(Ordering::Relaxed)
    }

    fn note(&self, answer: &Result<Held, Why>) {
        match answer {
            Err(Why::TimedOut(_)) => {
                self.in_vain.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.answered.store(true, Ordering::Relaxed),
        }
    }
}

/// Asks one, in the time of a request.
async fn one(api: &Api, pod: &ResourceRef, progress: &(dyn Progress + Send)) -> Result<Held, Why> {
    let Some(limit) = api.timeout else { return exchange(api, pod, progress).await };
    match timeout(limit, exchange(api, pod, progress)).await {
        Ok(answer) => answer,
        Err(_) => Err(Why::TimedOut(format!("nothing came within {} s", limit.as_secs_f64()))),
    }
}

async fn exchange(api: &Api, pod: &ResourceRef, progress: &(dyn Progress + Send)) -> Result<Held, Why> {
    let namespace = pod.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let pods: kube::Api<Pod> = kube::Api::namespaced(api.connection.client.clone(), namespace);
    let forwarder = pods.portforward(&pod.name, &[ZTUNNEL_PORT]).await.map_err(|error| why(api, &error))?;
    let mut forward = Forward(forwarder);
    let (Some(stream), Some(refusal)) =
        (forward.0.take_stream(ZTUNNEL_PORT), forward.0.take_error(ZTUNNEL_PORT))
    else {
        return Err(Why::Failed("no port was forwarded".to_owned()));
    };
    let body = tokio::select! {
        biased;
        Some(refusal) = refusal => Err(format!("the port is not reached: {}", one_line(&refusal))),
        body = http1::get(stream, "/config_dump") => body,
    };
    let body = body.map_err(Why::Failed)?;
    progress.advance(body.len() as u64);
    let decoded = tokio::task::spawn_blocking(move || dump::held(&body)).await;
    decoded.unwrap_or_else(|_| Err("it could not be decoded".to_owned())).map_err(Why::Failed)
}

/// A forwarded port, closed whatever becomes of the answer.
struct Forward(Portforwarder);

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn why(api: &Api, error: &kube::Error) -> Why {
    let said = || api.connection.explain(error).message;
    match error {
        kube::Error::Api(status) => match status.code {
            403 => Why::Forbidden,
            404 => Why::Missing,
            _ => Why::Failed(said()),
        },
        kube::Error::Service(_) | kube::Error::HyperError(_) => Why::TimedOut(said()),
        _ => Why::Failed(said()),
    }
}

/// What a kubelet says, no longer than a line.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}
