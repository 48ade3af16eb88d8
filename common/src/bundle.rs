//! Bundles: what was read of a cluster, in a file that answers as the cluster did.
//!
//! A bundle is a `.tar.gz` of `bundle.json` and a list of JSON for each resource, which `tar` and `jq` can read.
//! Whoever reads a cluster cuts each page with [`keep()`] before anything is decoded, so that what is answered rests
//! on exactly what is saved; [`write()`] puts the pages into a file, [`read()`] gives them back and refuses what is no
//! bundle. What may be in a file is named path by path in `table`; never Secrets, tokens, environments. [`write()`]
//! cuts once more, so that nothing else can get into a file whatever it is given.

mod config;
mod error;
mod keep;
mod manifest;
mod paths;
mod read;
mod redact;
mod table;
#[cfg(test)]
mod test_pages;
#[cfg(test)]
mod tests;
mod write;

pub use error::BundleError;
pub use keep::keep;
pub use manifest::anonymous;
pub use read::read;
pub use write::{Written, check_target, write};

use std::collections::BTreeSet;

use crate::decode::json;
use crate::snapshot::{Extent, Format, NotRead, Objects, RESOURCES, Resource, Source, Why};

/// A page of a list, cut with [`keep()`].
#[derive(Clone, Debug)]
pub struct List {
    /// The name of the resource, as [`crate::snapshot::Resource::name`] gives it.
    pub resource: String,
    /// The version in which it was read: `security.istio.io/v1`.
    pub api_version: String,
    /// The text.
    pub text: String,
}

/// What was read of a cluster, and what was not.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The namespace of names without one.
    pub namespace: String,
    /// The context or the server.
    pub source: String,
    /// When it was read, as RFC 3339 writes it.
    pub created_at: String,
    /// The pages.
    pub lists: Vec<List>,
    /// The lists that were not read, or not to their end.
    pub not_read: Vec<NotRead>,
}

/// A bundle that was read.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// What is in it.
    pub contents: Contents,
    /// The version of the program that wrote it.
    pub version: String,
    /// Whether its names are hashed.
    pub redacted: bool,
}

impl Bundle {
    /// [`Contents::objects`].
    #[must_use]
    pub fn objects(&self) -> Objects {
        self.contents.objects()
    }
}

impl Contents {
    /// The objects, in the order of [`RESOURCES`] and then of the pages.
    #[must_use]
    pub fn objects(&self) -> Objects {
        let not_read = self.not_read.clone();
        // Whatever is asked of a cluster, Gateways are read.
        let mut objects = Objects { not_read, gateways_listed: true, ..Objects::default() };
        let source =
            Source { name: self.source.as_str().into(), format: Format::Api, text: String::new().into() };
        let id = objects.sources.push(source);
        for resource in RESOURCES {
            let name = resource.name();
            for list in self.lists.iter().filter(|list| list.resource == name) {
                match json::list(id, &list.text, &list.api_version, resource.kind) {
                    Ok(batches) => batches.into_iter().for_each(|batch| objects.append(batch)),
                    Err(error) => objects.not_read.push(NotRead {
                        resource: name.clone(),
                        extent: Extent::all(),
                        why: Why::Failed(error),
                    }),
                }
            }
        }
        objects
    }

    /// The resources of which nothing is said: the API server has none of them, or nothing hangs on them.
    fn nothing_said(&self) -> Vec<String> {
        let read = self.lists.iter().map(|list| list.resource.as_str());
        let said: BTreeSet<&str> = read.chain(self.not_read.iter().map(|of| of.resource.as_str())).collect();
        RESOURCES.iter().map(Resource::name).filter(|name| !said.contains(name.as_str())).collect()
    }
}
