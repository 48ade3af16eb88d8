//! What if: edits of what was read, in the words of the command line.

use std::cell::RefCell;
use std::collections::BTreeSet;

use clap::{Args, ValueHint};

use crate::cli::{CliError, Takes};
use crate::model::{Kind, Name};
use crate::snapshot::{
    Edits, Extent, KnownFlag, Needs, Objects, Removal, Topic, alike, istiod_flag, waypoint_namespaces,
};

use super::check_namespace;

#[cfg(test)]
mod tests;

/// What is taken for other than it is.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What if")]
pub struct EditArguments {
    /// File or directory (- is standard input) with objects that take the place of those of the same kind, namespace
    /// and name, or are added; repeatable
    #[arg(long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub overlay: Vec<String>,
    /// An object that is taken away, with what is made of it; repeatable
    #[arg(long, value_name = "KIND/NAMESPACE/NAME")]
    pub without: Vec<String>,
    /// A namespace that is taken for enrolled in ambient; repeatable
    #[arg(long, value_name = "NAMESPACE", add = Takes::Namespace)]
    pub assume_ambient: Vec<String>,
    /// A flag of istiod that is taken for set; repeatable
    #[arg(long, value_name = "FLAG=VALUE")]
    pub assume_istiod: Vec<String>,
}

impl EditArguments {
    /// Whether nothing is edited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { overlay, without, assume_ambient, assume_istiod } = self;
        [overlay, without, assume_ambient, assume_istiod].into_iter().all(Vec::is_empty)
    }

    /// What can be understood without reading anything.
    pub(in crate::cli) fn parse(&self) -> Result<Edits, CliError> {
        for namespace in &self.assume_ambient {
            check_namespace("--assume-ambient", Some(namespace))?;
        }
        let removal = |typed: &String| Removal::parse(typed).map_err(CliError::from);
        Ok(Edits {
            overlay: Objects::default(),
            without: self.without.iter().map(removal).collect::<Result<_, _>>()?,
            ambient: self.assume_ambient.iter().map(|name| Name::from(name.as_str())).collect(),
            istiod: self.assume_istiod.iter().map(|typed| flag(typed)).collect::<Result<_, _>>()?,
        })
    }
}

/// `FLAG=VALUE`
fn flag(typed: &str) -> Result<(KnownFlag, bool), CliError> {
    let Some((name, value)) = typed.split_once('=') else {
        return Err(CliError::usage(format!("--assume-istiod: `{typed}` is not FLAG=VALUE")));
    };
    let known: Vec<&str> = KnownFlag::all().map(KnownFlag::name).collect();
    let unknown = || {
        let error = CliError::usage(format!("--assume-istiod: `{name}` decides nothing here"));
        match alike(name, known.iter().copied()).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("it knows {}", known.join(", "))),
        }
    };
    let flag = KnownFlag::named(name).ok_or_else(unknown)?;
    let no_value = || CliError::usage(format!("--assume-istiod: `{value}` is no value of `{name}`"));
    let value = istiod_flag(value).ok_or_else(|| no_value().hint("it is true or false"))?;
    Ok((flag, value))
}

/// What of a cluster the edits need beside the question: what they replace, what is made of it, and where the waypoints
/// stand that they ask for.
pub(in crate::cli) fn needs(edits: &Edits, namespace: &str) -> Needs {
    let pods_of = |needs: Needs, namespace: &str| needs.with(Topic::Pods, Extent::one(namespace));
    let overlaid: BTreeSet<_> = edits.overlay.places();
    let templates = overlaid.iter().filter(|(kind, _)| is_template(kind));
    let templates = templates.filter_map(|(_, namespace)| namespace.as_ref());
    let mut needs = templates.fold(Needs::default(), |needs, namespace| {
        pods_of(needs, namespace.as_str()).with(Topic::Templates, Extent::one(namespace.as_str()))
    });
    needs = needs.with_waypoints(waypoint_namespaces(&edits.overlay, &Extent::all()));
    for removal in &edits.without {
        let reference = removal.reference(namespace);
        let inside = reference.namespace.as_ref().map(|of| Name::from(of.as_str()));
        let home = inside.or_else(|| (reference.kind == Kind::Namespace).then(|| reference.name.clone()));
        let extent = reference.namespace.map_or_else(Extent::all, Extent::from);
        needs = needs.with(removal.resource.topic, extent);
        if let Some(home) = home {
            needs = pods_of(needs, &home);
        }
    }
    edits.ambient.iter().fold(needs, |needs, namespace| pods_of(needs, namespace))
}

fn is_template(kind: &Kind) -> bool {
    let templates = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet];
    templates.contains(kind) || matches!(kind, Kind::Job | Kind::CronJob)
}

/// Edits whose overlay is read once the namespace of objects without one is known.
pub(in crate::cli) struct Pending<'a> {
    edits: Edits,
    read: &'a dyn Fn(&str) -> Result<Objects, CliError>,
    overlay: RefCell<Option<Result<Objects, CliError>>>,
}

impl<'a> Pending<'a> {
    pub(in crate::cli) fn new(edits: Edits, read: &'a dyn Fn(&str) -> Result<Objects, CliError>) -> Self {
        Self { edits, read, overlay: RefCell::new(None) }
    }

    /// What of a cluster they need.
    pub(in crate::cli) fn needs(&self, namespace: &str) -> Needs {
        let mut overlay = self.overlay.borrow_mut();
        let read = overlay.get_or_insert_with(|| (self.read)(namespace));
        let overlay = read.as_ref().map(Clone::clone).unwrap_or_default();
        needs(&Edits { overlay, ..self.edits.clone() }, namespace)
    }

    /// All of them.
    pub(in crate::cli) fn finish(self, namespace: &str) -> Result<Edits, CliError> {
        let overlay = self.overlay.into_inner().unwrap_or_else(|| (self.read)(namespace))?;
        Ok(Edits { overlay, ..self.edits })
    }
}
