//! Writing: into a file beside the target, which is moved there when it is complete.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::model::Name;
use crate::snapshot::{RESOURCES, Resource};
use crate::wire::wire;

use super::error::reason;
use super::keep::{AsIs, Texts, items, one};
use super::manifest::{self, Listed, Manifest, Missing, Namespaces};
use super::paths::Text;
use super::redact::Redactor;
use super::{BundleError, Contents};

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// The size of the file.
    pub bytes: u64,
    /// What redaction had to leave as it is, as it is written in policies: wildcards that end inside a word.
    pub unhidden: Vec<String>,
}

/// Whether a bundle can be written there: asked before a cluster is read for it.
///
/// # Errors
/// When it cannot.
pub fn check_target(path: &Path) -> Result<(), BundleError> {
    beside(&target(path)?).map(drop).map_err(|error| BundleError::write(path, &reason(&error)))
}

/// Writes a bundle, whole or not at all; with `redact`, with hashed names. The same contents give the same bytes,
/// unless they are redacted. On Unix nobody else may read the file.
///
/// # Errors
/// When it cannot be written, or when something of the contents is no list.
pub fn write(path: &Path, contents: &Contents, redact: bool) -> Result<Written, BundleError> {
    let target = target(path)?;
    let failed = |error: &io::Error| BundleError::write(path, &reason(error));
    let not_a_list = |error: String| BundleError::write(path, &error);
    let mut unhidden = Vec::new();
    let documents = if redact {
        let mut redactor = Redactor::learn(contents).map_err(not_a_list)?;
        let documents = documents(contents, &mut redactor, true).map_err(not_a_list)?;
        unhidden = redactor.unhidden();
        documents
    } else {
        documents(contents, &mut AsIs, false).map_err(not_a_list)?
    };
    let mut packed = Vec::new();
    pack(&mut packed, &documents).map_err(|error| failed(&error))?;
    // Whole before there is a file: who is killed meanwhile leaves nothing behind.
    let mut file = beside(&target).map_err(|error| failed(&error))?;
    let written = file.write_all(&packed).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| failed(&error))?;
    file.persist(&target).map_err(|error| failed(&error.error))?;
    Ok(Written { bytes: packed.len() as u64, unhidden })
}

/// The file that is meant: behind a link, what it leads to.
fn target(path: &Path) -> Result<PathBuf, BundleError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            Err(BundleError::write(path, "it is a directory").hint("name a file in it: bundle.tar.gz"))
        }
        Ok(meta) if !meta.is_file() => Err(BundleError::write(path, "it is no file")),
        Ok(_) => fs::canonicalize(path).map_err(|error| BundleError::write(path, &reason(&error))),
        Err(_) if path.file_name().is_none() => Err(BundleError::write(path, "it names no file")),
        Err(_) => Ok(path.to_owned()),
    }
}

/// An empty file that only we can read and that vanishes unless it is kept.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new().prefix(".bundle-").tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// The files of the archive, in their order.
type Documents = Vec<(String, String)>;

fn documents(contents: &Contents, texts: &mut impl Texts, redacted: bool) -> Result<Documents, String> {
    let mut lists = Vec::new();
    let mut files = Vec::new();
    for resource in RESOURCES {
        if let Some((listed, text)) = list(contents, resource, redacted, texts)? {
            files.push((format!("lists/{}.json", listed.resource), text));
            lists.push(listed);
        }
    }
    let known = |name: &str| Resource::named(name).is_some();
    if let Some(list) = contents.lists.iter().find(|list| !known(&list.resource)) {
        return Err(format!("`{}` is no resource that is read", list.resource));
    }
    let manifest = manifest(contents, lists, redacted, texts);
    let manifest = serde_json::to_string_pretty(&manifest).map_err(|error| error.to_string())?;
    files.insert(0, (manifest::NAME.to_owned(), manifest + "\n"));
    Ok(files)
}

fn manifest(contents: &Contents, lists: Vec<Listed>, redacted: bool, texts: &mut impl Texts) -> Manifest {
    let mut text = |text: &str| texts.text(text, Text::Names).into_owned();
    let mut names = |names: &BTreeSet<Name>| names.iter().map(|name| text(name).into()).collect();
    let mut not_read: Vec<Missing> = Vec::new();
    for list in &contents.not_read {
        let missing = Missing::from(list);
        let namespaces = match &missing.namespaces {
            Namespaces::Only(only) => Namespaces::Only(names(only)),
            Namespaces::AllBut(but) => Namespaces::AllBut(names(but)),
        };
        not_read.push(Missing { namespaces, ..missing });
    }
    Manifest {
        api_version: manifest::API_VERSION.to_owned(),
        kind: manifest::KIND.to_owned(),
        created_at: contents.created_at.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source: text(&contents.source),
        namespace: text(&contents.namespace),
        redacted,
        lists,
        not_read,
        absent: contents.nothing_said(),
    }
}

/// All pages of a resource as one list that can be read without the rest; nothing when there is none. Items are in
/// the order of their names, whichever list came first; with hashed names in the order of those, as the old one would
/// tell how names begin. ConfigMaps keep it: of those of one name the first counts.
fn list(
    contents: &Contents,
    resource: &Resource,
    redacted: bool,
    texts: &mut impl Texts,
) -> Result<Option<(Listed, String)>, String> {
    let name = resource.name();
    let mut pages = contents.lists.iter().filter(|list| list.resource == name).peekable();
    let Some(api_version) = pages.peek().map(|list| list.api_version.clone()) else { return Ok(None) };
    let mut all: Vec<String> = Vec::new();
    for page in pages {
        if page.api_version != api_version {
            return Err(format!("`{name}` was read in two versions"));
        }
        all.extend(items(resource, &page.text, &mut AsIs)?);
    }
    all.sort_by_cached_key(|item| key(item));
    if redacted {
        all = all.iter().map(|item| one(resource, item, texts)).collect::<Result<_, _>>()?;
    }
    if redacted && resource.kind != "ConfigMap" {
        all.sort_by_cached_key(|item| key(item));
    }
    let header = format!("{{\"apiVersion\":\"{api_version}\",\"kind\":\"{}\"", resource.kind);
    let lines: Vec<String> = all.iter().map(|item| with_header(&header, item)).collect();
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{{\"resourceVersion\":\"\"}},\"items\":[\n{}\n]}}\n",
        lines.join(",\n")
    );
    Ok(Some((Listed { resource: name, api_version, items: lines.len() }, text)))
}

/// An item as an object that stands alone; what is no object stays what it is.
fn with_header(header: &str, item: &str) -> String {
    match item.strip_prefix('{') {
        Some("}") => format!("{header}}}"),
        Some(fields) => format!("{header},{fields}"),
        None => item.to_owned(),
    }
}

wire! {
    /// As much of an object as orders it.
    struct Keyed {
        /// Its metadata.
        pub metadata: Place = "metadata",
    }
}

wire! {
    /// As much of `metadata` as orders the object.
    struct Place {
        /// Its namespace.
        pub namespace: String = "namespace",
        /// Its name.
        pub name: String = "name",
    }
}

/// As the API server orders a list of all namespaces.
fn key(item: &str) -> String {
    let of = serde_json::from_str::<Keyed>(item).unwrap_or_default().metadata;
    format!("{}/{}", of.namespace, of.name)
}

fn pack(into: &mut Vec<u8>, documents: &Documents) -> io::Result<()> {
    let zipped = GzEncoder::new(into, Compression::default());
    let mut archive = tar::Builder::new(zipped);
    for (name, text) in documents {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // The same contents, the same bytes.
        header.set_mtime(0);
        header.set_cksum();
        archive.append(&header, text.as_bytes())?;
    }
    archive.into_inner()?.finish().map(drop)
}
