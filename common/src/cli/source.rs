//! The source of facts: what every command reads, and what its report says of that.
//!
//! Commands say what their question needs and get a snapshot; they never learn where it came from. Files and
//! bundles contact no cluster and read no kubeconfig.

use std::sync::Arc;

use crate::cluster::{self, ConnectionFlags, Request};
use crate::codes::Code;
use crate::manifests;
use crate::report::{API_VERSION, Envelope, Evidenced, Metadata, SourceDescription};
use crate::snapshot::{MeshSnapshot, Needs, Objects, SettingsOverride};

use super::{CliError, Console, Reading, SettingsArguments, SourceArguments, now};

/// What was read, and how names and lists are meant.
#[derive(Debug)]
pub struct Facts {
    /// The picture.
    pub snapshot: MeshSnapshot,
    namespace: String,
    scope: Option<String>,
    source: SourceDescription,
}

impl Facts {
    /// Reads what a question needs; `needs` is told the namespace of names that give none, and the namespace
    /// that lists are limited to.
    ///
    /// # Errors
    /// When nothing can be read.
    pub fn load(
        source: &SourceArguments,
        settings: &SettingsArguments,
        console: &Console,
        needs: &dyn Fn(&str, Option<&str>) -> Needs,
    ) -> Result<Self, CliError> {
        let given = SettingsOverride::from(settings);
        if source.filename.is_empty() {
            return of_cluster(source, &given, console, needs);
        }
        of_files(source, &given, console)
    }

    /// The namespace of names that give none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The namespace that lists are limited to.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// A report with what every report begins with.
    #[must_use]
    pub fn envelope<T>(&self, kind: &'static str, evidence: &Evidenced, body: T) -> Envelope<T> {
        let mut gaps = evidence.gaps.clone();
        gaps.extend(evidence.elsewhere.iter().cloned());
        Envelope {
            api_version: API_VERSION,
            kind,
            metadata: Metadata { generated_at: now(), source: self.source.clone() },
            assumptions: evidence.assumptions.clone(),
            gaps,
            body,
        }
    }
}

fn of_files(
    source: &SourceArguments,
    given: &SettingsOverride,
    console: &Console,
) -> Result<Facts, CliError> {
    let options = manifests::Options {
        recursive: source.recursive,
        namespace: source.namespace.as_deref().map(Into::into),
    };
    let reading = Reading::new(console.is_quiet());
    let objects = manifests::load(&source.filename, &options, &reading)?;
    drop(reading);
    console.skipped(objects.skipped);
    Ok(Facts {
        snapshot: MeshSnapshot::build(objects, given),
        namespace: source.namespace.clone().unwrap_or_else(|| "default".to_owned()),
        scope: source.namespace.clone().filter(|_| !source.all_namespaces),
        source: SourceDescription { kind: "files", names: source.filename.clone() },
    })
}

fn of_cluster(
    source: &SourceArguments,
    given: &SettingsOverride,
    console: &Console,
    needs: &dyn Fn(&str, Option<&str>) -> Needs,
) -> Result<Facts, CliError> {
    let reading = Arc::new(Reading::new(console.is_quiet()));
    let scoped = |namespace: &str| (!source.all_namespaces).then(|| namespace.to_owned());
    let request = Request {
        flags: &ConnectionFlags::from(&source.connection),
        needs: &|namespace| needs(namespace, scoped(namespace).as_deref()),
        namespace: source.namespace.as_deref(),
        given,
        keep: None,
        progress: reading.clone(),
    };
    let loaded = cluster::load(&request)?;
    drop(reading);
    Ok(Facts {
        scope: scoped(&loaded.namespace),
        namespace: loaded.namespace,
        source: SourceDescription { kind: "cluster", names: vec![loaded.name] },
        snapshot: built(loaded.objects, given),
    })
}

fn built(objects: Objects, given: &SettingsOverride) -> MeshSnapshot {
    MeshSnapshot::build(objects, given)
}

/// The code that `--explain` names.
///
/// # Errors
/// When there is none of that name.
pub fn code(typed: &str) -> Result<Code, CliError> {
    let unknown = || CliError::usage(format!("there is no code `{typed}`")).hint("docs/codes.md lists all");
    Code::parse(typed).ok_or_else(unknown)
}
