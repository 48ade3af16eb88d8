//! Lists that a cluster did not give, as cases write them.

use mesh_common::model::Name;
use mesh_common::snapshot::{Extent, NotRead, Resource, Why};
use serde::Deserialize;

/// A list that was not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Missing {
    resource: String,
    #[serde(default)]
    namespaces: Option<Vec<String>>,
    #[serde(default)]
    all_but: Vec<String>,
    why: String,
}

impl Missing {
    /// The list.
    ///
    /// # Panics
    /// When there is no such resource or reason.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot run fails")]
    pub fn list(&self) -> NotRead {
        assert!(Resource::named(&self.resource).is_some(), "no resource is called {}", self.resource);
        let names = |names: &[String]| names.iter().map(|name| Name::from(name.as_str())).collect();
        let extent = match &self.namespaces {
            Some(only) => Extent::Only(names(only)),
            None => Extent::AllBut(names(&self.all_but)),
        };
        let why = match self.why.as_str() {
            "forbidden" => Why::Forbidden,
            "missing" => Why::Missing,
            "notAsked" => Why::NotAsked,
            "timeout" => Why::TimedOut("too late".to_owned()),
            other => panic!("`{other}` is no reason"),
        };
        NotRead { resource: self.resource.clone(), extent, why }
    }
}
