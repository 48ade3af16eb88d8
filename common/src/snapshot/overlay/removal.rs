//! Objects that are taken away, with what cannot be without them.

use std::collections::BTreeSet;

use crate::istio::{GATEWAY_NAME, MANAGED};
use crate::model::{Kind, Labels, Name, Namespace, ResourceRef};
use crate::snapshot::lookup::{NotFound, nearest};
use crate::snapshot::{Objects, RESOURCES, Resource};

use super::{EditError, References, remove, rollout};

/// An object to take away, as a person names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Removal {
    /// What its kind is listed as.
    pub resource: &'static Resource,
    /// Its namespace, when it was given.
    pub namespace: Option<Name>,
    /// Its name.
    pub name: Name,
}

impl Removal {
    /// Reads `KIND/NAMESPACE/NAME`, or `KIND/NAME`.
    ///
    /// # Errors
    /// When it is neither, or of a kind that is never read.
    pub fn parse(typed: &str) -> Result<Self, EditError> {
        let form = || wrong(format!("`{typed}` is not KIND/NAMESPACE/NAME or KIND/NAME"));
        let parts: Vec<&str> = typed.trim().split('/').collect();
        let (kind, namespace, name) = match *parts.as_slice() {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some(namespace), name),
            _ => return Err(form()),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(form());
        }
        let resource = resource(kind).ok_or_else(|| unknown_kind(kind))?;
        if !resource.namespaced && namespace.is_some() {
            return Err(wrong(format!("`{typed}`: a {} stands in no namespace", resource.kind)));
        }
        Ok(Self { resource, namespace: namespace.map(Name::from), name: name.into() })
    }

    /// The object that is meant; without a namespace the one of `namespace`.
    #[must_use]
    pub fn reference(&self, namespace: &str) -> ResourceRef {
        let kind = self.resource.model_kind();
        if !self.resource.namespaced {
            return ResourceRef::cluster(kind, self.name.clone());
        }
        let namespace = self.namespace.as_deref().unwrap_or(namespace);
        ResourceRef::new(kind, namespace, self.name.clone())
    }

    /// Whether it is there, or what is made of it: of a template that was not read the pods are known.
    pub(super) fn check(&self, objects: &mut Objects, namespace: &str) -> Result<(), EditError> {
        let reference = self.reference(namespace);
        let known = known(objects);
        let text = reference.to_string();
        let is_there = known.contains(&reference)
            || objects.gaps.iter().any(|gap| gap.subject == text)
            || !rollout::owned(objects, &BTreeSet::from([reference.clone()])).is_empty();
        if is_there { Ok(()) } else { Err(not_found(objects, &known, &reference)) }
    }

    /// Takes it away, with what is made of it.
    pub(super) fn apply(&self, objects: &mut Objects, namespace: &str) {
        let reference = self.reference(namespace);
        let mut owned = rollout::owned(objects, &BTreeSet::from([reference.clone()]));
        if reference.kind == Kind::Gateway {
            owned.extend(made_of_gateway(objects, &reference));
            objects.assumed.gone.insert(reference.clone());
        }
        let (known, text) = (known(objects), reference.to_string());
        let of_service = slices(objects, &reference);
        let inside = (reference.kind == Kind::Namespace).then(|| Namespace::from(reference.name.clone()));
        let goes = |object: &ResourceRef| {
            *object == reference
                || owned.contains(object)
                || of_service.contains(object)
                || inside.is_some() && object.namespace == inside
        };
        let gone: BTreeSet<String> =
            known.iter().filter(|object| goes(object)).map(ToString::to_string).chain([text]).collect();
        remove(objects, goes);
        objects.gaps.retain(|gap| !gone.contains(&gap.subject));
        objects.load_balancers.retain(|(service, _)| !goes(service));
    }
}

/// Everything that has a name.
fn known(objects: &mut Objects) -> BTreeSet<ResourceRef> {
    let mut known = References::of(objects).0;
    known.extend(objects.unreadable.iter().map(|unreadable| unreadable.reference.clone()));
    known
}

/// What istiod makes of a Gateway goes with it (pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go,
/// `configureIstioGateway`: the Gateway owns it).
fn made_of_gateway(objects: &Objects, gateway: &ResourceRef) -> BTreeSet<ResourceRef> {
    let is_made = |namespace: Namespace, labels: &Labels| {
        Some(namespace) == gateway.namespace
            && labels.get(MANAGED).is_some()
            && labels.get(GATEWAY_NAME) == Some(&*gateway.name)
    };
    let templates = objects.templates.iter().filter(|of| is_made(of.namespace(), &of.meta.labels));
    let templates = templates.map(|of| of.reference(of.spec.kind.clone()));
    let pods = objects.pods.iter().filter(|of| is_made(of.namespace(), &of.meta.labels));
    templates.chain(pods.map(|of| of.reference(Kind::Pod))).collect()
}

/// The EndpointSlices of a Service go with it.
fn slices(objects: &Objects, service: &ResourceRef) -> BTreeSet<ResourceRef> {
    let of_service = objects.endpoint_slices.iter().filter(|slice| {
        service.kind == Kind::Service
            && Some(slice.namespace()) == service.namespace
            && slice.meta.labels.get("kubernetes.io/service-name") == Some(&*service.name)
    });
    of_service.map(|slice| slice.reference(Kind::Other("EndpointSlice".into()))).collect()
}

/// By any name that kubectl knows.
fn resource(typed: &str) -> Option<&'static Resource> {
    let kind = Kind::from_typed(typed);
    let is_it = |resource: &&Resource| {
        kind.as_ref().is_some_and(|kind| resource.kind == kind.wire())
            || resource.kind.eq_ignore_ascii_case(typed)
            || resource.plural.eq_ignore_ascii_case(typed)
            || resource.name().eq_ignore_ascii_case(typed)
    };
    RESOURCES.iter().find(is_it)
}

fn unknown_kind(typed: &str) -> EditError {
    let known: BTreeSet<&str> = RESOURCES.iter().map(|resource| resource.kind).collect();
    let near = crate::snapshot::alike(typed, known.iter().copied());
    let hint = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it knows {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    NotFound { message: format!("`{typed}` is not a kind that is read"), hints: vec![hint] }
}

fn wrong(message: String) -> EditError {
    NotFound { message, hints: vec!["for example: AuthorizationPolicy/shop/cart, ns/shop".to_owned()] }
}

fn not_found(objects: &Objects, known: &BTreeSet<ResourceRef>, wanted: &ResourceRef) -> EditError {
    let of_kind = || known.iter().filter(|object| object.kind == wanted.kind);
    let mut found: Vec<String> =
        of_kind().filter(|object| object.name == wanted.name).map(ToString::to_string).collect();
    if found.is_empty() {
        found = nearest(&wanted.name, of_kind().collect());
    }
    let place = wanted.namespace.as_ref().map(|of| format!(" in namespace `{of}`")).unwrap_or_default();
    let namespace = wanted.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let unread = objects.not_read.iter().find(|list| list.hides(&wanted.kind, namespace));
    NotFound::of(&format!("{} `{}`{place}", wanted.kind.printed(), wanted.name), &found, unread)
}
