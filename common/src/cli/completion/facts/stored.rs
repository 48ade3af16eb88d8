//! Names from files and bundles, where these are small enough to be read while a person waits.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::cli::SourceArguments;
use crate::kubernetes::ServicePort;
use crate::model::{Kind, ResourceRef};
use crate::snapshot::{Objects, Silent, service_account};
use crate::{bundle, manifests};

/// More than this is not read: some tenths of a second.
const BYTES: u64 = 16 << 20;

/// Nor a larger bundle, which is packed.
const PACKED: u64 = 1 << 20;

/// Nor is a folder looked through that holds more than this.
const ENTRIES: u32 = 5_000;

/// What files or a bundle hold.
#[derive(Default)]
pub(super) struct Stored {
    objects: Objects,
    /// The namespace of names without one.
    namespace: String,
}

/// What is stored, where files or a bundle are given; nothing when there is too much to read while a person waits.
/// Names without a namespace are in that one, if there is one.
pub(super) fn stored(source: &SourceArguments, namespace: Option<&str>) -> Option<Stored> {
    let own = namespace.map(str::to_owned);
    let (objects, namespace) = match &source.bundle {
        Some(path) => {
            let read = is_small(path).then(|| bundle::read(path, &Silent).ok()).flatten().unwrap_or_default();
            (read.objects(), own.unwrap_or(read.contents.namespace))
        }
        None if source.filename.is_empty() => return None,
        None => (files_of(source, namespace), own.unwrap_or_else(|| "default".to_owned())),
    };
    Some(Stored { objects, namespace })
}

fn files_of(source: &SourceArguments, namespace: Option<&str>) -> Objects {
    let options = manifests::Options { recursive: source.recursive, namespace: namespace.map(Into::into) };
    let small = are_small(&source.filename, source.recursive);
    small.then(|| manifests::load(&source.filename, &options, &Silent).ok()).flatten().unwrap_or_default()
}

fn is_small(bundle: &Path) -> bool {
    Budget { bytes: PACKED, entries: 1 }.covers(bundle, false).is_ok()
}

/// Whether all of it is files that are read at once. Standard input and pipes are not: they would be used up.
fn are_small(paths: &[String], recursive: bool) -> bool {
    let mut budget = Budget { bytes: BYTES, entries: ENTRIES };
    paths.iter().all(|path| budget.covers(Path::new(path), recursive).is_ok())
}

struct Budget {
    bytes: u64,
    entries: u32,
}

impl Budget {
    fn covers(&mut self, path: &Path, recursive: bool) -> io::Result<()> {
        let meta = fs::metadata(path)?;
        if meta.is_file() {
            return self.take(meta.len());
        }
        if !meta.is_dir() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            match (kind.is_dir(), recursive) {
                (true, true) => self.covers(&entry.path(), true)?,
                (true, false) => self.take(0)?,
                // What it points to; a link that leads nowhere is read by nobody.
                (false, _) => self.take(fs::metadata(entry.path()).map_or(0, |meta| meta.len()))?,
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let too_much = || io::Error::from(io::ErrorKind::FileTooLarge);
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(too_much)?;
        self.entries = self.entries.checked_sub(1).ok_or_else(too_much)?;
        Ok(())
    }
}

impl Stored {
    /// The names of a kind: all of the cluster's, or those of a namespace.
    pub(super) fn names(&self, kind: &Kind, namespace: Option<&str>) -> Vec<String> {
        let namespace = namespace.unwrap_or(&self.namespace);
        let all = references(&self.objects);
        let names: BTreeSet<String> = match kind {
            // Objects stand in namespaces that no document describes.
            Kind::Namespace => all.filter_map(namespace_of).collect(),
            Kind::Node => {
                all.filter(|found| found.kind == *kind).map(|found| found.name.to_string()).collect()
            }
            _ => {
                let is_here = |found: &ResourceRef| {
                    found.kind == *kind
                        && found.namespace.as_ref().is_some_and(|place| place.as_str() == namespace)
                };
                all.filter(is_here).map(|found| found.name.to_string()).collect()
            }
        };
        names.into_iter().collect()
    }

    /// The ports of a Service.
    pub(super) fn ports(&self, namespace: Option<&str>, service: &str) -> &[ServicePort] {
        let namespace = namespace.unwrap_or(&self.namespace);
        let is_it = |name: &str, place: &str| name == service && place == namespace;
        let mut services = self.objects.services.iter();
        let found = services.find(|object| is_it(&object.meta.name, object.namespace().as_str()));
        found.map_or(&[], |object| &object.spec.ports)
    }
}

fn namespace_of(found: ResourceRef) -> Option<String> {
    match found.kind {
        Kind::Namespace => Some(found.name.to_string()),
        _ => found.namespace.map(|namespace| namespace.to_string()),
    }
}

/// What people name.
fn references(objects: &Objects) -> impl Iterator<Item = ResourceRef> + '_ {
    let namespaces = objects.namespaces.iter().map(|object| object.reference(Kind::Namespace));
    let nodes = objects.nodes.iter().map(|object| object.reference(Kind::Node));
    let accounts = objects.service_accounts.iter().map(|object| object.reference(Kind::ServiceAccount));
    let pods = objects.pods.iter().map(|object| object.reference(Kind::Pod));
    let services = objects.services.iter().map(|object| object.reference(Kind::Service));
    let templates = objects.templates.iter().map(|object| object.reference(object.spec.kind.clone()));
    namespaces
        .chain(nodes)
        .chain(accounts)
        .chain(running(objects))
        .chain(pods)
        .chain(services)
        .chain(templates)
}

/// The accounts that something runs as, whether or not they are described.
fn running(objects: &Objects) -> impl Iterator<Item = ResourceRef> + '_ {
    let pods = objects.pods.iter().map(|pod| (pod.namespace(), &pod.spec.spec));
    let templates = objects.templates.iter().map(|object| (object.namespace(), &object.spec.template.spec));
    let account =
        |(namespace, spec)| ResourceRef::new(Kind::ServiceAccount, namespace, service_account(spec).as_str());
    pods.chain(templates).map(account)
}
