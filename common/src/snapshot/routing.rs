//! What tells Envoys how to send, as far as istiod looks at it: what belongs to another revision or to a namespace that
//! is not discovered is not here, and what cannot be understood is known by name.

use rustc_hash::FxHashMap;

use crate::istio::{
    DestinationRule, EnvoyFilter, Extension, ParentRef, RequestAuthentication, Route, ServiceEntry, Sidecar,
    VirtualService, fully_qualified, service_host,
};
use crate::model::{FieldPath, Kind, Labels, Name};

use super::visible::{Defect, Visibility, unreadable};
use super::{Affects, Object, Objects, Settings, Sources, Unreadable};

mod listed;
#[cfg(test)]
mod tests;

pub use listed::Listed;

/// What tells Envoys how to send.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    /// DestinationRules, in the order in which istiod merges them.
    pub destination_rules: Listed<DestinationRule>,
    /// RequestAuthentications.
    pub request_authentications: Listed<RequestAuthentication>,
    /// Sidecars, in the order in which istiod looks for one.
    pub sidecars: Listed<Sidecar>,
    /// VirtualServices.
    pub virtual_services: Listed<VirtualService>,
    /// EnvoyFilters.
    pub envoy_filters: Listed<EnvoyFilter>,
    /// WasmPlugins and TrafficExtensions.
    pub extensions: Listed<Extension>,
    /// Routes of the Gateway API.
    pub routes: Listed<Route>,
    /// ServiceEntries.
    pub service_entries: Listed<ServiceEntry>,
}

impl Routing {
    /// Takes the objects that count out of what was read, and what cannot be understood into a list of its own.
    pub(super) fn new(
        objects: &mut Objects,
        settings: &Settings,
        namespaces: &FxHashMap<Name, Labels>,
    ) -> (Self, Vec<Unreadable>) {
        let sources = &objects.sources;
        let mut sort = Sort { visibility: Visibility { settings, namespaces }, sources, aside: Vec::new() };
        let take = std::mem::take::<Vec<Object<DestinationRule>>>;
        let mut destination_rules = sort.visible(take(&mut objects.destination_rules), "DestinationRule");
        sort.understood(&mut destination_rules, "DestinationRule", DestinationRule::unknown_field);
        let mut sidecars = sort.visible(std::mem::take(&mut objects.sidecars), "Sidecar");
        sort.understood(&mut sidecars, "Sidecar", |spec| spec.unknown.first().cloned());
        // push_context.go, sortConfigBySelectorAndCreationTime; initSidecarScopes likewise.
        destination_rules.sort_by_cached_key(|of| order(of, of.spec.workload_selector.is_none()));
        sidecars.sort_by_cached_key(|of| order(of, of.spec.workload_selector.is_none()));
        let tokens = std::mem::take(&mut objects.request_authentications);
        let request_authentications = sort.visible(tokens, "RequestAuthentication");
        let virtual_services = sort.visible(std::mem::take(&mut objects.virtual_services), "VirtualService");
        let envoy_filters = sort.visible(std::mem::take(&mut objects.envoy_filters), "EnvoyFilter");
        let (plugins, extensions): (Vec<_>, Vec<_>) = std::mem::take(&mut objects.extensions)
            .into_iter()
            .partition(|of| of.spec.kind == Kind::from_wire("WasmPlugin"));
        let mut extensions = sort.visible(extensions, "TrafficExtension");
        extensions.extend(sort.visible(plugins, "WasmPlugin"));
        let service_entries = sort.visible(objects.service_entries.clone(), "ServiceEntry");
        let routes = std::mem::take(&mut objects.routes);
        let routing = Self {
            destination_rules: Listed::by_hosts(destination_rules, |of| full(of, [&of.spec.host])),
            request_authentications: Listed::new(request_authentications),
            sidecars: Listed::new(sidecars),
            virtual_services: Listed::by_hosts(virtual_services, |of| full(of, &of.spec.hosts)),
            envoy_filters: Listed::new(envoy_filters),
            extensions: Listed::new(extensions),
            routes: Listed::by_hosts(routes, parents),
            service_entries: Listed::by_hosts(service_entries, |of| {
                of.spec.spec.hosts.iter().map(ToString::to_string).collect()
            }),
        };
        (routing, sort.aside)
    }
}

/// Hosts of an object, short ones as those of its namespace.
fn full<'a, T>(object: &Object<T>, hosts: impl IntoIterator<Item = &'a Name>) -> Vec<String> {
    let namespace = object.meta.namespace.as_deref().unwrap_or_default();
    hosts.into_iter().map(|host| fully_qualified(host, namespace)).collect()
}

/// The hosts of the Services that a route is attached to, which are no wildcards.
fn parents(route: &Object<Route>) -> Vec<String> {
    let is_service = |of: &&ParentRef| of.kind.as_deref() == Some("Service") && !of.name.starts_with('*');
    let services = route.spec.spec.parent_refs.iter().filter(is_service);
    let host = |of: &ParentRef| {
        let namespace = of.namespace.as_ref().or(route.meta.namespace.as_ref());
        service_host(&of.name, namespace.map_or("", |namespace| namespace))
    };
    services.map(host).collect()
}

type Order = (bool, Option<Name>, Name, Option<Name>);

/// Those with a selector first, then by age, name and namespace. Nobody knows the age of what has no time stamp.
fn order<T>(object: &Object<T>, without_selector: bool) -> Order {
    let meta = &object.meta;
    (without_selector, meta.creation_timestamp.clone(), meta.name.clone(), meta.namespace.clone())
}

struct Sort<'a> {
    visibility: Visibility<'a>,
    sources: &'a Sources,
    aside: Vec<Unreadable>,
}

impl Sort<'_> {
    /// Those that istiod looks at; what may be one of them is set aside.
    fn visible<T>(&mut self, objects: Vec<Object<T>>, kind: &str) -> Vec<Object<T>> {
        let kind = Kind::Other(kind.into());
        let mut visible = objects;
        visible.retain(|object| {
            let doubtful = self.visibility.doubtful(object, kind.clone(), None, self.sources);
            let looks = doubtful.is_none() && self.visibility.hidden(&object.meta).is_none();
            self.aside.extend(doubtful.map(|doubtful| told(doubtful, object)));
            looks
        });
        visible
    }

    /// Those without a field that is not known.
    fn understood<T>(&mut self, objects: &mut Vec<Object<T>>, kind: &str, field: fn(&T) -> Option<String>) {
        objects.retain(|object| {
            let Some(field) = field(&object.spec) else { return true };
            let defect = Defect { path: FieldPath::spec(), unknown: Some(field), error: String::new() };
            let aside = unreadable(object, Kind::Other(kind.into()), None, defect, self.sources);
            self.aside.push(told(aside, object));
            false
        });
    }
}

/// It decides how workloads of its namespace send; what else it may decide is said there.
fn told<T>(unreadable: Unreadable, object: &Object<T>) -> Unreadable {
    let mut unreadable = unreadable;
    unreadable.gap.affects = Affects::Workloads(object.namespace().into());
    unreadable
}
