//! The table of what is kept, as a tree that is walked beside an object.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::kubernetes::{Annotations, PROXY_CONFIG};
use crate::snapshot::{Detail, Resource};

use super::table;

/// What the text at a place is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Text {
    /// Names, and words of people.
    Names,
    /// Words of an API, times.
    Fixed,
    /// The key of a label.
    LabelKey,
    /// An environment: of istiod, the variables that are read.
    Variables,
    /// MeshConfig as YAML.
    Mesh,
    /// istio-cni's selectors as YAML.
    Enablement,
    /// Settings of an Envoy as YAML.
    Proxy,
}

/// A place in an object.
#[derive(Debug, Default)]
pub(super) struct Place {
    fields: BTreeMap<&'static str, Place>,
    /// What is below any other key.
    any: Option<Box<Place>>,
    /// Whether keys are those of annotations.
    annotations: bool,
    /// Whether everything below is kept.
    pub(super) whole: bool,
    /// What a scalar here is; without it a scalar is emptied.
    pub(super) text: Option<Text>,
}

/// What is below a key.
pub(super) struct Below {
    pub(super) place: &'static Place,
    /// Whether the key is a word of the API; otherwise it is data.
    pub(super) is_field: bool,
}

/// What is kept of MeshConfig.
pub(super) static MESH: LazyLock<Place> = LazyLock::new(|| Place::of(table::MESH));
/// What is kept of istio-cni's selectors.
pub(super) static ENABLEMENT: LazyLock<Place> = LazyLock::new(|| Place::of(table::ENABLEMENT));

static KINDS: LazyLock<BTreeMap<&'static str, Place>> =
    LazyLock::new(|| table::KINDS.iter().map(|(kind, rows)| (*kind, Place::of(rows))).collect());
static OTHERS: LazyLock<Place> = LazyLock::new(|| Place::of(table::OTHERS));
static ANYTHING: LazyLock<Place> =
    LazyLock::new(|| Place { whole: true, text: Some(Text::Names), ..Place::default() });
static ANNOTATION: LazyLock<Place> = LazyLock::new(|| Place { text: Some(Text::Names), ..Place::default() });
/// Of the annotation that holds settings of an Envoy.
static SETTINGS: LazyLock<Place> = LazyLock::new(|| Place { text: Some(Text::Proxy), ..Place::default() });
/// Of an annotation that says something by being there.
static PRESENCE: LazyLock<Place> = LazyLock::new(Place::default);

/// What is kept of a resource's objects.
pub(super) fn of(resource: &Resource) -> &'static Place {
    match resource.detail {
        Detail::Metadata => &OTHERS,
        Detail::Whole => KINDS.get(resource.kind).unwrap_or(&OTHERS),
    }
}

impl Place {
    fn of(rows: &[(&'static str, &[&'static str])]) -> Self {
        let mut top = Self::default();
        for (prefix, paths) in rows {
            for path in *paths {
                top.at(prefix).add(path);
            }
        }
        top
    }

    /// The place at the end of `a.b.`.
    fn at(&mut self, prefix: &'static str) -> &mut Self {
        let names = prefix.split('.').filter(|name| !name.is_empty());
        names.fold(self, |place, name| place.child(name))
    }

    fn child(&mut self, name: &'static str) -> &mut Self {
        match name {
            "*" => self.any.get_or_insert_default(),
            name => self.fields.entry(name).or_default(),
        }
    }

    fn add(&mut self, path: &'static str) {
        let (path, text) = marked(path);
        let mut place = self;
        for name in path.split('.') {
            match name {
                "**" => return place.whole = true,
                "" => return place.annotations = true,
                name => place = place.child(name),
            }
        }
        place.text = Some(text);
    }

    /// What is below a key, in a place where everything is kept or only what is named.
    pub(super) fn below(&'static self, key: &str, whole: bool) -> Option<Below> {
        if let Some(place) = self.fields.get(key) {
            return Some(Below { place, is_field: true });
        }
        if self.annotations {
            let place = match key {
                "sidecar.istio.io/status" => &PRESENCE,
                PROXY_CONFIG => &SETTINGS,
                _ => &ANNOTATION,
            };
            return Annotations::reads(key).then_some(Below { place, is_field: true });
        }
        let place = self.any.as_deref().or(whole.then_some(&*ANYTHING))?;
        Some(Below { place, is_field: false })
    }
}

/// A path and what its text is; the path of annotations ends in nothing.
fn marked(path: &'static str) -> (&'static str, Text) {
    let marks = [
        ("=", Text::Fixed),
        ("@", Text::LabelKey),
        ("{annotations}", Text::Names),
        ("{variables}", Text::Variables),
        ("{mesh}", Text::Mesh),
        ("{enablement}", Text::Enablement),
    ];
    let marked = marks.into_iter().find_map(|(mark, text)| Some((path.strip_suffix(mark)?, text)));
    marked.unwrap_or((path, Text::Names))
}
