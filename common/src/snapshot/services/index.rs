//! Where Services are found: by their namespaces, and by what stands behind them.

use rustc_hash::FxHashMap;

use crate::model::{Namespace, WorkloadIndex};

use super::{Backend, Service};

/// The positions of Services.
#[derive(Clone, Debug)]
pub(in crate::snapshot) struct Index {
    /// By their namespaces.
    pub(in crate::snapshot) namespace: FxHashMap<Namespace, Vec<usize>>,
    /// By what stands behind them.
    pub(in crate::snapshot) workload: FxHashMap<WorkloadIndex, Vec<usize>>,
}

impl Index {
    pub(in crate::snapshot) fn new(services: &[Service]) -> Self {
        let mut index = Self { namespace: FxHashMap::default(), workload: FxHashMap::default() };
        for (at, service) in services.iter().enumerate() {
            if let Some(namespace) = &service.reference.namespace {
                index.namespace.entry(namespace.clone()).or_default().push(at);
            }
            for backend in &service.backends {
                let Backend::Workload { index: workload, .. } = backend else { continue };
                let known = index.workload.entry(*workload).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
        index
    }
}
