//! Reading: a file that anybody may have written. Nothing of it is ever unpacked.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::decode::json;
use crate::snapshot::{Extent, NotRead, Progress, RESOURCES, Resource, Why};
use crate::wire::wire;

use super::error::reason;
use super::manifest::{self, Listed, Manifest};
use super::{Bundle, BundleError, Contents, List};

/// What a file may hold.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of everything: a hundred times what ten thousand pods take.
    pub(super) total: u64,
    /// Bytes of one list.
    pub(super) single: u64,
    /// Files, folders and what archivers add to them.
    pub(super) entries: usize,
}

#[cfg(test)]
mod tests;

const LIMITS: Limits = Limits { total: 2 << 30, single: 1 << 30, entries: 1_000 };

/// Reads a bundle.
///
/// # Errors
/// When it is none, is damaged, or was written by a version that knows more.
pub fn read(path: &Path, progress: &dyn Progress) -> Result<Bundle, BundleError> {
    read_within(path, progress, LIMITS)
}

pub(super) fn read_within(
    path: &Path,
    progress: &dyn Progress,
    limits: Limits,
) -> Result<Bundle, BundleError> {
    let unread = |error: &io::Error| BundleError::read(path, &reason(error));
    let meta = std::fs::metadata(path).map_err(|error| unread(&error))?;
    if meta.is_dir() {
        return Err(BundleError::no_bundle(path, "it is a directory")
            .hint("the lists of an unpacked bundle are read with -f, without what is known to be missing"));
    }
    let file = File::open(path).map_err(|error| unread(&error))?;
    progress.start(&path.display().to_string(), Some(meta.len()));
    let mut input = BufReader::new(Counted { file, progress });
    let start = input.fill_buf().map_err(|error| unread(&error))?;
    if start.is_empty() {
        return Err(BundleError::no_bundle(path, "it is empty"));
    }
    if !start.starts_with(&[0x1f, 0x8b]) {
        return Err(BundleError::no_bundle(path, "it is not compressed with gzip"));
    }
    let archive = Archive { path, limits, too_large: Cell::new(false) };
    let files = archive.files(input)?;
    archive.bundle(files)
}

/// Tells how far a file is read.
struct Counted<'a> {
    file: File,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

/// Stops where an archive gets too large.
struct Limited<'a, R> {
    inner: R,
    left: u64,
    too_large: &'a Cell<bool>,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)? as u64;
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => {
                self.too_large.set(true);
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(usize::try_from(read).unwrap_or_default())
    }
}

type Files = BTreeMap<String, String>;

struct Archive<'a> {
    path: &'a Path,
    limits: Limits,
    too_large: Cell<bool>,
}

impl Archive<'_> {
    fn wrong(&self, why: &str) -> BundleError {
        BundleError::no_bundle(self.path, why)
    }

    fn damaged(&self, error: &io::Error) -> BundleError {
        if self.too_large.get() {
            return self.wrong(&format!("it holds more than {}", size(self.limits.total)));
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => BundleError::read(self.path, "it is cut off"),
            _ => BundleError::read(self.path, &format!("it is damaged: {}", reason(error))),
        }
    }

    /// The files of a bundle; what else is in the archive is passed over.
    fn files(&self, input: impl BufRead) -> Result<Files, BundleError> {
        let left = self.limits.total;
        let unzipped = Limited { inner: MultiGzDecoder::new(input), left, too_large: &self.too_large };
        let mut archive = tar::Archive::new(unzipped);
        let mut files = Files::new();
        // Raw: extended names would be read into memory whatever their size.
        let entries = archive.entries().map_err(|error| self.damaged(&error))?.raw(true);
        for (count, entry) in entries.enumerate() {
            if count >= self.limits.entries {
                return Err(self.wrong(&format!("it holds more than {} files", self.limits.entries)));
            }
            let entry = entry.map_err(|error| self.damaged(&error))?;
            if let Some(name) = self.name(&entry)? {
                let text = self.text(&name, entry)?;
                if files.insert(name.clone(), text).is_some() {
                    return Err(self.wrong(&format!("it holds `{name}` twice")));
                }
            }
        }
        // To the end, where the checksum is.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| self.damaged(&error))?;
        Ok(files)
    }

    /// The name of a file that is read.
    fn name(&self, entry: &tar::Entry<'_, impl Read>) -> Result<Option<String>, BundleError> {
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            return Ok(None);
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !kind.is_file() {
            return Err(self.wrong(&format!("`{name}` in it is no plain file")));
        }
        if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
            return Err(self.wrong(&format!("`{name}` in it leads out of it")));
        }
        let name = name.strip_prefix("./").unwrap_or(&name);
        let is_list = name.strip_prefix("lists/").is_some_and(|name| name.ends_with(".json"));
        let is_ours = name == manifest::NAME || is_list && !name.contains("/._");
        Ok(is_ours.then(|| name.to_owned()))
    }

    fn text(&self, name: &str, entry: tar::Entry<'_, impl Read>) -> Result<String, BundleError> {
        let limit = self.limits.single;
        let mut bytes = Vec::new();
        entry.take(limit + 1).read_to_end(&mut bytes).map_err(|error| self.damaged(&error))?;
        if bytes.len() as u64 > limit {
            return Err(self.wrong(&format!("`{name}` in it is larger than {}", size(limit))));
        }
        String::from_utf8(bytes).map_err(|_| self.wrong(&format!("`{name}` in it is not UTF-8 text")))
    }

    fn bundle(&self, mut files: Files) -> Result<Bundle, BundleError> {
        let Some(manifest) = files.remove(manifest::NAME) else {
            return Err(self.wrong(&format!("it holds no `{}`", manifest::NAME)));
        };
        let manifest = self.manifest(&manifest)?;
        let mut lists = Vec::new();
        for listed in manifest.lists {
            let name = format!("lists/{}.json", listed.resource);
            let Some(text) = files.remove(&name) else {
                return Err(self.wrong(&format!("`{name}` is missing")));
            };
            // What a newer version reads besides.
            let Some(resource) = RESOURCES.iter().find(|of| of.name() == listed.resource) else { continue };
            self.check(&name, resource, &listed, &text)?;
            lists.push(List { resource: listed.resource, api_version: listed.api_version, text });
        }
        if let Some(name) = files.keys().next() {
            return Err(self.wrong(&format!("`{name}` in it is not named in `{}`", manifest::NAME)));
        }
        let mut contents = Contents {
            namespace: manifest.namespace,
            source: manifest.source,
            created_at: manifest.created_at,
            lists,
            not_read: manifest.not_read.into_iter().map(Into::into).collect(),
        };
        // Kinds that the version that wrote this did not know.
        let unknown = contents.nothing_said().into_iter().filter(|name| !manifest.absent.contains(name));
        let not_asked = |resource| NotRead { resource, extent: Extent::all(), why: Why::NotAsked };
        let not_asked: Vec<NotRead> = unknown.map(not_asked).collect();
        contents.not_read.extend(not_asked);
        Ok(Bundle { contents, version: manifest.version, redacted: manifest.redacted })
    }

    fn manifest(&self, text: &str) -> Result<Manifest, BundleError> {
        let in_manifest = |why: &str| self.wrong(&format!("`{}` in it {why}", manifest::NAME));
        let not_json = |error: serde_json::Error| in_manifest(&format!("cannot be read: {error}"));
        let header: Header = serde_json::from_str(text).map_err(not_json)?;
        let (group, version) = header.api_version.split_once('/').unwrap_or(("", &header.api_version));
        if group != "kubectl-mesh" || header.kind != manifest::KIND {
            return Err(in_manifest(&format!("is `{}` of `{}`", header.kind, header.api_version)));
        }
        if header.api_version != manifest::API_VERSION {
            let why = format!("it was written by another version: `{version}`");
            return Err(BundleError::read(self.path, &why).hint("use a newer kubectl mesh"));
        }
        serde_json::from_str(text).map_err(not_json)
    }

    /// A list must hold what it says: its items are read as objects of its kind.
    fn check(&self, name: &str, of: &Resource, listed: &Listed, text: &str) -> Result<(), BundleError> {
        let wrong = |why: &str| self.wrong(&format!("`{name}` in it {why}"));
        let (group, version) = listed.api_version.split_once('/').unwrap_or(("", &listed.api_version));
        if group != of.group || version.is_empty() {
            return Err(wrong(&format!("is of `{}`", listed.api_version)));
        }
        let items = json::items(text).map_err(|error| wrong(&format!("is no list: {error}")))?;
        if items.len() != listed.items {
            return Err(wrong(&format!("has {} items, not {}", items.len(), listed.items)));
        }
        for item in items {
            let Ok(header) = serde_json::from_str::<Header>(item.get()) else { continue };
            if header.api_version != listed.api_version || header.kind != of.kind {
                let says = format!("`{}` of `{}`", header.kind, header.api_version);
                return Err(wrong(&format!("holds {says}, not `{}` of `{}`", of.kind, listed.api_version)));
            }
        }
        Ok(())
    }
}

wire! {
    /// What says what an object is.
    struct Header {
        /// Its version.
        pub api_version: String = "apiVersion",
        /// Its kind.
        pub kind: String = "kind",
    }
}

fn size(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        mebibytes => format!("{mebibytes} MiB"),
    }
}
