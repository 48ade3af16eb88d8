//! What a value is: an object, a list of objects, or nothing of Kubernetes.
//!
//! Told by `apiVersion`, `kind` and `items` alone, so that both formats say the same. What has only part of a
//! header may be the beginning of something that was cut off: `kubectl get -o yaml` writes `kind` behind the
//! items.

use crate::model::Kind;

#[cfg(test)]
mod tests;

/// Lists in lists that are opened: kubectl writes none, people one.
const MAX_DEPTH: u8 = 16;

/// `apiVersion` or `kind`, as far as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// The key is not there.
    #[default]
    Absent,
    /// The key is there, with nothing or with no text.
    Wrong,
    /// What it says.
    Text(&'a str),
}

impl<'a> Said<'a> {
    /// Of a key that is there.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Wrong, Self::Text)
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What `items` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Items {
    /// The key is not there.
    #[default]
    Absent,
    /// `null`, which is how Go writes an empty list.
    Null,
    /// A list.
    List,
    /// Anything else.
    Other,
}

/// What tells what a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Header<'a> {
    pub(crate) api_version: Said<'a>,
    pub(crate) kind: Said<'a>,
    pub(crate) items: Items,
}

/// The list that an item stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent<'a> {
    /// Whether it has any header: then its items must have one too.
    is_kubernetes: bool,
    /// `apiVersion` and `kind` of its items, when the list says so.
    of_items: Option<(&'a str, &'a str)>,
    /// Lists around its items.
    depth: u8,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    /// An object of this version and kind.
    Object(&'a str, &'a str),
    /// A list; beside its items there may be something wrong.
    List(Parent<'a>, Option<&'static str>),
    /// Something else that does not look like Kubernetes.
    Foreign,
    /// Something that cannot be read.
    Wrong(&'static str),
}

/// What a value is, in the list where it stands.
pub(crate) fn shape<'a>(header: Header<'a>, parent: Option<Parent<'a>>) -> Shape<'a> {
    let header = parent.map_or(header, |parent| header.completed(parent));
    if let Some(shape) = list(header, parent) {
        return shape;
    }
    match (header.api_version, header.kind) {
        (Said::Text(api_version), Said::Text(kind)) => Shape::Object(api_version, kind),
        (Said::Wrong, _) => Shape::Wrong("its `apiVersion` is no text"),
        (_, Said::Wrong) => Shape::Wrong("its `kind` is no text"),
        (Said::Text(_), Said::Absent) => Shape::Wrong("it has no `kind`: it may be cut off"),
        (Said::Absent, Said::Text(_)) => Shape::Wrong("it has no `apiVersion`: it may be cut off"),
        (Said::Absent, Said::Absent) if parent.is_some_and(|parent| parent.is_kubernetes) => {
            Shape::Wrong("an item of a list without `apiVersion` and `kind`")
        }
        (Said::Absent, Said::Absent) => Shape::Foreign,
    }
}

/// The list that a value is, or why it is none though it claims to be.
fn list<'a>(header: Header<'a>, parent: Option<Parent<'a>>) -> Option<Shape<'a>> {
    let kind = header.kind.text();
    if !kind.is_none_or(|kind| kind.ends_with("List")) {
        return None;
    }
    let depth = parent.map_or(0, |parent| parent.depth) + 1;
    match header.items {
        Items::List if depth > MAX_DEPTH => Some(Shape::Wrong("lists in lists are nested too deeply")),
        Items::List => Some(Shape::List(header.as_parent(depth), header.cut_off())),
        Items::Null if kind.is_some() => Some(Shape::List(header.as_parent(depth), None)),
        Items::Other if header.is_kubernetes() => Some(Shape::Wrong("its `items` is no list")),
        Items::Absent if kind.is_some_and(is_list_of_ours) => Some(Shape::Wrong("a list without `items`")),
        _ => None,
    }
}

/// Other kinds may well end in `List` and be none.
fn is_list_of_ours(kind: &str) -> bool {
    let of = kind.strip_suffix("List").unwrap_or(kind);
    of.is_empty() || !matches!(Kind::from_wire(of), Kind::Other(_))
}

impl<'a> Header<'a> {
    fn is_kubernetes(self) -> bool {
        self.api_version != Said::Absent || self.kind != Said::Absent
    }

    /// What is wrong with a list whose items can be read: the rest of them may be missing.
    fn cut_off(self) -> Option<&'static str> {
        match (self.kind, self.api_version) {
            (Said::Wrong, _) => Some("the `kind` of the list is no text"),
            (Said::Absent, Said::Text(_) | Said::Wrong) => Some("the list has no `kind`: it may be cut off"),
            _ => None,
        }
    }

    fn as_parent(self, depth: u8) -> Parent<'a> {
        let kind = self.kind.text().and_then(|kind| kind.strip_suffix("List"));
        let kind = kind.filter(|kind| !kind.is_empty());
        let of_items = self.api_version.text().zip(kind);
        Parent { is_kubernetes: self.is_kubernetes(), of_items, depth }
    }

    /// Items of a typed list may leave out what the list says, and may not say otherwise.
    fn completed(self, parent: Parent<'a>) -> Self {
        let Some((api_version, kind)) = parent.of_items else { return self };
        let fits = |said: Said<'a>, of_list| said == Said::Absent || said == Said::Text(of_list);
        if fits(self.api_version, api_version) && fits(self.kind, kind) {
            return Self { api_version: Said::Text(api_version), kind: Said::Text(kind), ..self };
        }
        self
    }
}
