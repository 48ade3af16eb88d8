//! The source of facts: what every command reads, and what its report says of that.
//!
//! Commands say what their question needs and get a snapshot; they never learn where it came from. Files and
//! bundles contact no cluster and read no kubeconfig.

use std::path::Path;
use std::sync::Arc;

use crate::bundle;
use crate::cluster::{self, ConnectionFlags, Keep, Loaded, Request};
use crate::codes::Code;
use crate::manifests;
use crate::report::{API_VERSION, Envelope, Evidenced, Metadata, SourceDescription};
use crate::snapshot::{Asked, MeshSnapshot, Needs, NotRead, Objects, Progress, SettingsOverride, Why};

use super::arguments::EditArguments;
use super::progress::Reading as ProgressLine;
use super::{CliError, Console, SettingsArguments, SourceArguments, now};

mod edited;

pub use edited::{Against, Comparison};

#[cfg(test)]
mod tests;

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
        Self::edited(source, settings, &EditArguments::default(), console, needs)
    }

    /// Asks ztunnels of the cluster what certificates they hold; what cannot be had is a gap of the snapshot.
    pub fn ask_ztunnels(&mut self, source: &SourceArguments, console: &Console, asked: &[Asked]) {
        let reading = Arc::new(ProgressLine::new(console.is_quiet()));
        let answers = cluster::certificates(&ConnectionFlags::from(&source.connection), asked, reading);
        self.snapshot.answered(asked, answers);
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

/// What was read, before anything is understood of it.
struct Read {
    objects: Objects,
    namespace: String,
    scope: Option<String>,
    source: SourceDescription,
}

/// How manifests are read: at least an object of a mesh, or any object.
type Load = fn(&[String], &manifests::Options, &dyn Progress) -> Result<Objects, manifests::InputError>;

/// What is read, and how.
#[derive(Clone, Copy)]
struct Reading<'a> {
    source: &'a SourceArguments,
    given: &'a SettingsOverride,
    console: &'a Console,
}

impl Reading<'_> {
    /// Whatever the source is.
    fn any(self, needs: &dyn Fn(&str, Option<&str>) -> Needs) -> Result<Read, CliError> {
        match &self.source.bundle {
            Some(bundle) => self.bundle(bundle),
            None if self.source.is_cluster() => self.cluster(needs),
            None => self.files(),
        }
    }

    fn files(self) -> Result<Read, CliError> {
        let names = &self.source.filename;
        let objects = self.manifests(names, self.source.namespace(), manifests::load)?;
        Ok(self.of_file(objects, "default", "files", names.clone()))
    }

    fn manifests(self, names: &[String], namespace: Option<&str>, load: Load) -> Result<Objects, CliError> {
        let options =
            manifests::Options { recursive: self.source.recursive, namespace: namespace.map(Into::into) };
        let bar = ProgressLine::new(self.console.is_quiet());
        let objects = load(names, &options, &bar)?;
        drop(bar);
        self.console.skipped(objects.skipped);
        Ok(objects)
    }

    fn bundle(self, path: &Path) -> Result<Read, CliError> {
        let bar = ProgressLine::new(self.console.is_quiet());
        let bundle = bundle::read(path, &bar)?;
        drop(bar);
        let names = vec![path.display().to_string()];
        Ok(self.of_file(bundle.objects(), &bundle.contents.namespace, "bundle", names))
    }

    /// Lists over files are about everything in them.
    fn of_file(self, objects: Objects, namespace: &str, kind: &'static str, names: Vec<String>) -> Read {
        let Self { source, .. } = self;
        Read {
            objects,
            namespace: source.namespace().unwrap_or(namespace).to_owned(),
            scope: source.namespace().filter(|_| !source.all_namespaces).map(str::to_owned),
            source: SourceDescription { kind, names },
        }
    }

    fn cluster(self, needs: &dyn Fn(&str, Option<&str>) -> Needs) -> Result<Read, CliError> {
        let Self { source, given, console } = self;
        if let Some(save) = &source.save {
            bundle::check_target(save)?;
        }
        let scoped = |namespace: &str| (!source.all_namespaces).then(|| namespace.to_owned());
        let keep: Keep = Arc::new(bundle::keep);
        let bar = Arc::new(ProgressLine::new(console.is_quiet()));
        let mut loaded = cluster::load(&Request {
            flags: &ConnectionFlags::from(&source.connection),
            needs: &|namespace| {
                let needs = needs(namespace, scoped(namespace).as_deref());
                // A bundle answers other questions too.
                if source.save.is_some() { Needs::everything().and(needs) } else { needs }
            },
            namespace: source.namespace(),
            given,
            keep: source.save.is_some().then_some(keep),
            progress: bar.clone(),
        })?;
        drop(bar);
        if let Some(save) = &source.save {
            loaded = self.save(save, loaded)?;
        }
        let namespace = source.namespace().map_or(loaded.namespace, str::to_owned);
        Ok(Read {
            scope: scoped(&namespace),
            namespace,
            source: SourceDescription { kind: "cluster", names: vec![loaded.name] },
            objects: loaded.objects,
        })
    }

    /// Writes what was read. The answer rests on what the bundle holds, so that it gives the same; what else is
    /// known of a list that failed is told here.
    fn save(self, path: &Path, loaded: Loaded) -> Result<Loaded, CliError> {
        let lists = loaded.raw.into_iter().map(|raw| bundle::List {
            resource: raw.resource,
            api_version: raw.api_version,
            text: raw.text,
        });
        for warning in failures(&loaded.objects.not_read) {
            self.console.tell(&warning);
        }
        let contents = bundle::Contents {
            namespace: loaded.namespace.clone(),
            source: loaded.name.clone(),
            created_at: now(),
            lists: lists.collect(),
            not_read: loaded.objects.not_read.iter().map(bundle::anonymous).collect(),
        };
        let written = bundle::write(path, &contents, self.source.redact)?;
        let (name, size) = (path.display(), written.bytes.div_ceil(1000));
        self.console.tell(&format!("saved to `{name}`: {size} kB"));
        for pattern in written.unhidden {
            self.console.tell(&format!("warning: `{pattern}` could not be hidden: it ends inside a word"));
        }
        Ok(Loaded { objects: contents.objects(), raw: Vec::new(), ..loaded })
    }
}

/// What went wrong with lists, in words that are not saved; what is said of several, once.
fn failures(not_read: &[NotRead]) -> Vec<String> {
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for list in not_read {
        let (Why::TimedOut(error) | Why::Failed(error)) = &list.why else { continue };
        match said.iter_mut().find(|(known, _)| known == error) {
            Some((_, resources)) => resources.push(&list.resource),
            None => said.push((error, vec![&list.resource])),
        }
    }
    let line = |(error, resources): &(&str, Vec<&str>)| {
        format!("warning: {} could not be read: {}", resources.join(", "), crate::render::harmless(error))
    };
    said.iter().map(line).collect()
}

/// The code that `--explain` names.
///
/// # Errors
/// When there is none of that name.
pub fn code(typed: &str) -> Result<Code, CliError> {
    let unknown = || CliError::usage(format!("there is no code `{typed}`")).hint("docs/codes.md lists all");
    Code::parse(typed).ok_or_else(unknown)
}
