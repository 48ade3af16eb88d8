//! What a document that cannot be read seems to be.
//!
//! Only lines that leave no doubt count: a forgotten `---`, a template or a value that is cut off could make a
//! policy look like something harmless, and then an answer would be wrong in silence. In doubt, anything may
//! be missing.

use crate::model::{Kind, Name, Namespace, ResourceRef};
use crate::snapshot::Affects;
use crate::yaml;

use super::object::is_cluster_wide;

#[cfg(test)]
mod tests;

/// What is known of a document that cannot be read.
pub(crate) struct Sketch {
    /// Its name, when its kind and namespace are certain.
    pub(crate) reference: Option<ResourceRef>,
    /// What it could change.
    pub(crate) affects: Affects,
}

impl Sketch {
    /// It may be anything.
    pub(crate) fn unknown() -> Self {
        Self { reference: None, affects: Affects::Everything }
    }

    /// Of a document of YAML, or of a template of one.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<Line<'_>> = text.split_inclusive('\n').map(Line::new).collect();
        certain_kind(text, &lines).map_or_else(Self::unknown, |kind| Self::of_kind(kind, &lines))
    }

    fn of_kind(kind: Kind, lines: &[Line<'_>]) -> Self {
        let name = in_metadata(lines, "name");
        let namespace = in_metadata(lines, "namespace").map(Namespace::from);
        let affects = match kind.wire() {
            "ConfigMap" if name.as_deref().is_some_and(|name| !name.starts_with("istio")) => Affects::Nothing,
            "ConfigMap" | "Namespace" | "Node" => Affects::Everything,
            wire if wire.ends_with("List") || is_cluster_wide(wire) => Affects::Everything,
            _ => Affects::of(&kind, namespace.clone()),
        };
        let affects = if decides_nothing(&kind) { Affects::Nothing } else { affects };
        let name = name.unwrap_or_else(|| "<unnamed>".into());
        let reference = match namespace {
            _ if is_cluster_wide(kind.wire()) => Some(ResourceRef::cluster(kind, name)),
            namespace => namespace.map(|namespace| ResourceRef::new(kind, namespace, name)),
        };
        Self { reference, affects }
    }
}

/// Kinds that decide nothing here, whatever they hold.
fn decides_nothing(kind: &Kind) -> bool {
    let decides_nothing = [
        "Secret",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "StorageClass",
        "Ingress",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    ];
    decides_nothing.contains(&kind.wire())
}

/// The kind, when the document is one object and says it once.
fn certain_kind(text: &str, lines: &[Line<'_>]) -> Option<Kind> {
    let top = || lines.iter().filter(|line| line.indent == 0);
    let one_object = text.matches("apiVersion").count() <= 1
        && top().all(Line::is_ordinary)
        && top().all(|line| line.key() != Some("items"));
    let mut kinds = top().filter(|line| line.key() == Some("kind"));
    match (kinds.next(), kinds.next()) {
        (Some(line), None) if one_object => Some(Kind::from_wire(&line.value()?)),
        _ => None,
    }
}

/// A field below the one top-level `metadata`, in block or flow style, when it is there once and on no
/// condition of a template.
fn in_metadata(lines: &[Line<'_>], field: &str) -> Option<Name> {
    let is_metadata = |line: &Line<'_>| line.indent == 0 && line.key() == Some("metadata");
    let at = lines.iter().position(is_metadata)?;
    let (head, rest) = (lines.get(at)?, lines.get(at + 1..)?);
    if rest.iter().any(is_metadata) {
        return None;
    }
    let block: Vec<_> = rest.iter().take_while(|line| line.is_blank() || line.indent > 0).collect();
    let block: Vec<_> = block.into_iter().filter(|line| !line.is_blank()).collect();
    let written = head.entry()?.1;
    if !written.is_empty() {
        let flow = block.is_empty().then(|| yaml::parse(written).ok())??;
        return flow.get(field)?.as_text().filter(|text| !text.is_empty()).map(Name::from);
    }
    let indent = block.first()?.indent;
    let mut found = (0..).zip(&block).filter(|(_, line)| line.indent == indent && line.key() == Some(field));
    let ((before, line), None) = (found.next()?, found.next()) else { return None };
    let conditional = block.iter().take(before).any(|line| line.content.starts_with("{{"));
    let is_block = block.iter().all(|line| line.indent >= indent);
    (is_block && !conditional).then(|| line.value())?
}

/// A line, as far as its indentation and its key tell.
struct Line<'a> {
    indent: usize,
    content: &'a str,
    /// Whether the line is whole: the last of a text that is cut off is not.
    whole: bool,
}

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Self {
        let content = line.trim_start_matches([' ', '\t']);
        Self { indent: line.len() - content.len(), content: content.trim_end(), whole: line.ends_with('\n') }
    }

    fn is_blank(&self) -> bool {
        self.content.is_empty() || self.content.starts_with('#')
    }

    /// The key and what stands behind it.
    fn entry(&self) -> Option<(&'a str, &'a str)> {
        let (key, value) = self.content.split_once(':')?;
        let separated = value.is_empty() || value.starts_with([' ', '\t']);
        let value = value.split(" #").next().unwrap_or_default().trim();
        let key = key.trim_end().trim_matches(['"', '\'']);
        (separated && is_plain(key)).then_some((key, value))
    }

    fn key(&self) -> Option<&'a str> {
        self.entry().map(|(key, _)| key)
    }

    /// The value behind the key, when it is a plain name: `null` and `{{ .Values.namespace }}` are none.
    fn value(&self) -> Option<Name> {
        let node = yaml::parse(self.entry()?.1).ok()?;
        node.as_text().filter(|text| self.whole && is_plain(text)).map(Name::from)
    }

    /// Whether an unindented line is what an object has: anything else may hide another object.
    fn is_ordinary(&self) -> bool {
        let is_marker = self.content.split(" #").next().is_some_and(|content| content.trim() == "---");
        let is_item = self.content == "-" || self.content.starts_with("- ");
        self.is_blank() || is_marker || is_item || self.key().is_some() || self.is_control()
    }

    /// Whether this is a line of a template that itself writes nothing.
    fn is_control(&self) -> bool {
        let Some(action) = self.content.strip_prefix("{{") else { return false };
        let action = action.trim_start_matches('-').trim_start();
        let controls = ["if ", "else", "end", "with ", "range ", "/*"];
        // A second action on the line may write anything.
        let is_alone = self.content.ends_with("}}") && !action.contains("{{");
        is_alone && controls.iter().any(|control| action.starts_with(control))
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}
