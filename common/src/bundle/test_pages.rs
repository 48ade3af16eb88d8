//! Generated meshes as an API server would list them.

use std::fmt::Debug;

use serde_json::{Value, json};

use crate::kubernetes::PodSpec;
use crate::model::Kind;
use crate::snapshot::{
    Detail, EachList, Object, Objects, RESOURCES, Resource, is_istiod, is_istiod_variable,
};

use super::{Contents, List, keep};

/// A page for each resource, as it comes from a server: items without header, or with that of metadata.
pub(super) fn raw(objects: &[Value]) -> Vec<List> {
    RESOURCES.iter().map(|resource| page(resource, objects)).collect()
}

fn page(resource: &Resource, objects: &[Value]) -> List {
    let of_resource = |object: &&Value| {
        let version = object["apiVersion"].as_str().unwrap();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        object["kind"] == resource.kind && group == resource.group
    };
    let found: Vec<&Value> = objects.iter().filter(of_resource).collect();
    let best = resource.api_version(resource.versions[0]);
    let api_version = found.first().map_or(best, |object| object["apiVersion"].as_str().unwrap().to_owned());
    let items: Vec<Value> = found.into_iter().map(|object| sent(resource, object)).collect();
    let kind = match resource.detail {
        Detail::Whole => format!("{}List", resource.kind),
        Detail::Metadata => "PartialObjectMetadataList".to_owned(),
    };
    let list = json!({
        "kind": kind, "apiVersion": api_version, "metadata": {"resourceVersion": "7", "continue": "next"},
        "items": items,
    });
    List { resource: resource.name(), api_version, text: list.to_string() }
}

fn sent(resource: &Resource, object: &Value) -> Value {
    let mut item = object.clone();
    let fields = item.as_object_mut().unwrap();
    fields.remove("apiVersion");
    fields.remove("kind");
    if resource.detail == Detail::Metadata {
        fields.retain(|key, _| key == "metadata");
        fields.insert("kind".to_owned(), json!("PartialObjectMetadata"));
        fields.insert("apiVersion".to_owned(), json!("meta.k8s.io/v1"));
    }
    item
}

/// What was read, before anything is cut off.
pub(super) fn uncut(objects: &[Value]) -> Contents {
    Contents {
        namespace: "shop".to_owned(),
        source: "kind-mesh".to_owned(),
        created_at: "2026-10-04T08:15:30Z".to_owned(),
        lists: raw(objects),
        not_read: Vec::new(),
    }
}

/// What was read and may be saved.
pub(super) fn kept(objects: &[Value]) -> Contents {
    let cut = |list: List| {
        let resource = Resource::named(&list.resource).unwrap();
        List { text: keep(resource, &list.text).unwrap(), ..list }
    };
    let contents = uncut(objects);
    Contents { lists: contents.lists.into_iter().map(cut).collect(), ..contents }
}

/// Forgets where objects were written.
struct WithoutPlaces;

impl EachList for WithoutPlaces {
    fn list<T: Debug>(&mut self, list: &mut Vec<Object<T>>, _: impl Fn(&Object<T>) -> Kind) {
        for object in list {
            (object.origin.start, object.origin.len) = (0, 0);
        }
    }
}

/// Everything that the engine sees of objects: all but their places.
pub(super) fn seen(objects: &Objects) -> String {
    let mut objects = objects.clone();
    objects.each_list(&mut WithoutPlaces);
    for pod in &mut objects.pods {
        variables(is_istiod(&pod.meta.labels), &mut pod.spec.spec);
    }
    for object in &mut objects.templates {
        let template = &mut object.spec.template;
        variables(is_istiod(&template.metadata.labels), &mut template.spec);
    }
    // Of settings what is read of them; of ConfigMaps that are not read, nothing.
    objects.config_maps.clear();
    objects.skipped = 0;
    // Of the annotation of sidecars only that it is there.
    format!("{objects:#?}").replace("\"{}\"", "\"\"")
}

/// Of an environment, what is read of istiod's.
fn variables(is_istiod: bool, spec: &mut PodSpec) {
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        container.env.retain(|variable| is_istiod && is_istiod_variable(&variable.name));
    }
}
