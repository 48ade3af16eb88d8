//! Objects that were read twice: as after `kubectl apply` the later one stays, and different content is a gap.

use rustc_hash::FxHashMap;

use crate::codes::{Code, Evidence};
use crate::model::{FieldPath, Kind, Name};

use super::objects::rbac_kind;
use super::{Affects, Gap, GapKind, Object, Objects, Sources};

/// Of two objects of one name the later one stays, as after `kubectl apply`; different content is a gap.
pub(super) fn deduplicate(objects: &mut Objects, gaps: &mut Vec<Gap>) {
    let sources = &objects.sources;
    let mut keep = Keep { sources, gaps };
    keep.last(&mut objects.namespaces, |_| Kind::Namespace);
    keep.last(&mut objects.pods, |_| Kind::Pod);
    keep.last(&mut objects.templates, |object| object.spec.kind.clone());
    keep.last(&mut objects.services, |_| Kind::Service);
    keep.last(&mut objects.authorization_policies, |_| Kind::AuthorizationPolicy);
    keep.last(&mut objects.peer_authentications, |_| Kind::PeerAuthentication);
    keep.last(&mut objects.network_policies, |_| Kind::NetworkPolicy);
    keep.last(&mut objects.admin_network_policies, |_| Kind::AdminNetworkPolicy);
    keep.last(&mut objects.baseline_admin_network_policies, |_| Kind::BaselineAdminNetworkPolicy);
    keep.last(&mut objects.gateways, |_| Kind::Gateway);
    keep.last(&mut objects.destination_rules, |_| Kind::Other("DestinationRule".into()));
    keep.last(&mut objects.request_authentications, |_| Kind::Other("RequestAuthentication".into()));
    keep.last(&mut objects.sidecars, |_| Kind::Other("Sidecar".into()));
    keep.last(&mut objects.virtual_services, |_| Kind::Other("VirtualService".into()));
    keep.last(&mut objects.envoy_filters, |_| Kind::Other("EnvoyFilter".into()));
    keep.last(&mut objects.extensions, |extension| extension.spec.kind.clone());
    keep.last(&mut objects.routes, |route| route.spec.kind.clone());
    keep.last(&mut objects.gateway_classes, |_| Kind::Other("GatewayClass".into()));
    keep.last(&mut objects.roles, |role| rbac_kind(role, "Role", "ClusterRole"));
    keep.last(&mut objects.role_bindings, |binding| rbac_kind(binding, "RoleBinding", "ClusterRoleBinding"));
    keep.last(&mut objects.endpoint_slices, |_| Kind::Other("EndpointSlice".into()));
    keep.last(&mut objects.config_maps, |_| Kind::Other("ConfigMap".into()));
}

struct Keep<'a> {
    sources: &'a Sources,
    gaps: &'a mut Vec<Gap>,
}

impl Keep<'_> {
    fn last<T>(&mut self, objects: &mut Vec<Object<T>>, kind: impl Fn(&Object<T>) -> Kind) {
        let mut last: FxHashMap<(Kind, Option<Name>, Name), usize> = FxHashMap::default();
        let mut dropped = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            let key = (kind(object), object.meta.namespace.clone(), object.meta.name.clone());
            if let Some(before) = last.insert(key, at) {
                dropped.push(before);
                if let Some(first) = objects.get(before) {
                    self.differing(first, object, &kind(object));
                }
            }
        }
        let mut at = 0;
        dropped.sort_unstable();
        objects.retain(|_| {
            at += 1;
            dropped.binary_search(&(at - 1)).is_err()
        });
    }

    fn differing<T>(&mut self, first: &Object<T>, second: &Object<T>, kind: &Kind) {
        if self.sources.text(&first.origin).trim() == self.sources.text(&second.origin).trim() {
            return;
        }
        let locate = |object: &Object<T>| self.sources.locate(&object.origin, &FieldPath::default());
        let subject = match &second.meta.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", kind.printed(), second.meta.name),
            None => format!("{}/{}", kind.printed(), second.meta.name),
        };
        let first =
            locate(first).map_or_else(|| "the first".to_owned(), |l| format!("{}:{}", l.file, l.line));
        self.gaps.push(Gap {
            code: Code::DuplicateObject,
            kind: GapKind::Invalid,
            location: locate(second),
            affects: Affects::of(kind, second.meta.namespace.clone().map(Into::into)),
            evidence: Evidence::none().with("subject", &subject).with("first", first),
            subject,
        });
    }
}
