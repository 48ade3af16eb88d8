//! `bundle.json`: what a bundle is of, which lists it holds, and what was not read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Name;
use crate::snapshot::{Extent, NotRead, Why};

pub(super) const NAME: &str = "bundle.json";
pub(super) const API_VERSION: &str = "kubectl-mesh/v1alpha1";
pub(super) const KIND: &str = "Bundle";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) created_at: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) namespace: String,
    pub(super) redacted: bool,
    /// A list that is named here and not there is an error: without it answers would be wrong in silence.
    pub(super) lists: Vec<Listed>,
    pub(super) not_read: Vec<Missing>,
    /// Resources of which nothing was to be said. Of one that is named nowhere, the version that wrote this knew
    /// nothing: it was not asked for.
    pub(super) absent: Vec<String>,
}

/// A list that is there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub(super) resource: String,
    pub(super) api_version: String,
    pub(super) items: usize,
}

/// A list that is not, or not to its end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Missing {
    pub(super) resource: String,
    pub(super) namespaces: Namespaces,
    pub(super) why: Reason,
    pub(super) error: Option<String>,
}

/// The namespaces that are missing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Namespaces {
    Only(BTreeSet<Name>),
    /// All but these, and what stands in none.
    AllBut(BTreeSet<Name>),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reason {
    NotAsked,
    Forbidden,
    Missing,
    Timeout,
    Failed,
}

/// What a bundle says of a list that was not read: what a server or a plugin said may name users, addresses and
/// files, and stays here.
#[must_use]
pub fn anonymous(not_read: &NotRead) -> NotRead {
    let why = match &not_read.why {
        Why::TimedOut(_) => Why::TimedOut("no answer came in time".to_owned()),
        Why::Failed(_) => Why::Failed("the answer was of no use".to_owned()),
        why => why.clone(),
    };
    NotRead { why, ..not_read.clone() }
}

impl From<&NotRead> for Missing {
    fn from(not_read: &NotRead) -> Self {
        let not_read = anonymous(not_read);
        let namespaces = match &not_read.extent {
            Extent::Only(only) => Namespaces::Only(only.clone()),
            Extent::AllBut(but) => Namespaces::AllBut(but.clone()),
        };
        let (why, error) = match &not_read.why {
            Why::NotAsked => (Reason::NotAsked, None),
            Why::Forbidden => (Reason::Forbidden, None),
            Why::Missing => (Reason::Missing, None),
            Why::TimedOut(error) => (Reason::Timeout, Some(error.clone())),
            Why::Failed(error) => (Reason::Failed, Some(error.clone())),
        };
        Self { resource: not_read.resource, namespaces, why, error }
    }
}

impl From<Missing> for NotRead {
    fn from(missing: Missing) -> Self {
        let error = missing.error.unwrap_or_default();
        Self {
            resource: missing.resource,
            extent: match missing.namespaces {
                Namespaces::Only(only) => Extent::Only(only),
                Namespaces::AllBut(but) => Extent::AllBut(but),
            },
            why: match missing.why {
                Reason::NotAsked => Why::NotAsked,
                Reason::Forbidden => Why::Forbidden,
                Reason::Missing => Why::Missing,
                Reason::Timeout => Why::TimedOut(error),
                Reason::Failed => Why::Failed(error),
            },
        }
    }
}
