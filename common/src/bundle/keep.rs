//! A list as an API server sends it, cut down to what the table names.
//!
//! What is kept is read from the text and written at once; nothing else is ever built. The same walk redacts: it
//! knows of each text what it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::{is_of_istio, json};
use crate::kubernetes::{EnvVar, proxy_config};
use crate::model::Labels;
use crate::snapshot::{Resource, is_istiod, is_istiod_variable};
use crate::wire::{Key, wire};

use super::config;
use super::paths::{self, Place, Text};

/// What becomes of texts and keys.
pub(super) trait Texts {
    /// A text, by what it is.
    fn text<'t>(&mut self, text: &'t str, what: Text) -> Cow<'t, str>;
    /// A key that is data.
    fn key<'t>(&mut self, key: &'t str) -> Cow<'t, str> {
        self.text(key, Text::LabelKey)
    }
}

/// They stay.
pub(super) struct AsIs;

impl Texts for AsIs {
    fn text<'t>(&mut self, text: &'t str, _: Text) -> Cow<'t, str> {
        text.into()
    }
}

/// A page of a list with what may be saved of it: what is answered rests on this, so that a bundle answers the
/// same. Items are one to a line, without `apiVersion` and `kind`, which the list's own resource says.
///
/// # Errors
/// When it is no list.
pub fn keep(resource: &Resource, page: &str) -> Result<String, String> {
    let next = json::continuation(page)?;
    let items = items(resource, page, &mut AsIs)?;
    let metadata = serde_json::json!({ "continue": next.unwrap_or_default() });
    Ok(format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"metadata\":{metadata},\"items\":[\n{}\n]}}\n",
        items.join(",\n")
    ))
}

/// What is kept of each item of a list.
pub(super) fn items(resource: &Resource, page: &str, texts: &mut impl Texts) -> Result<Vec<String>, String> {
    let wanted = |item: &&&RawValue| resource.kind != "ConfigMap" || may_be_of_istio(item.get());
    let all = json::items(page)?;
    all.iter().filter(wanted).map(|item| one(resource, item.get(), texts)).collect()
}

/// What is kept of an item.
pub(super) fn one(resource: &Resource, item: &str, texts: &mut impl Texts) -> Result<String, String> {
    let with_variables = resource.kind != "ConfigMap" && item.contains("istiod") && is_of_istiod(item);
    project(item, paths::of(resource), with_variables, texts)
        .map_err(|error| format!("an item of the list cannot be read: {error}"))
}

/// Writes what a place keeps of a text of JSON.
fn project(
    text: &str,
    place: &'static Place,
    with_variables: bool,
    texts: &mut impl Texts,
) -> serde_json::Result<String> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let cut = Cut { place, whole: place.whole, with_variables, out: &mut out, texts };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    cut.deserialize(&mut deserializer)?;
    String::from_utf8(out).map_err(serde_json::Error::custom)
}

wire! {
    /// As much of an object as names it.
    struct Named {
        /// Its metadata.
        pub metadata: NameOnly = "metadata",
    }
}

wire! {
    /// As much of `metadata` as names the object.
    struct NameOnly {
        /// Its name.
        pub name: String = "name",
    }
}

/// One whose name cannot be read may be Istio's; of its data nothing but Istio's settings is kept anyway.
fn may_be_of_istio(config_map: &str) -> bool {
    let named = serde_json::from_str::<Named>(config_map);
    named.map_or(true, |of| of.metadata.name.is_empty() || is_of_istio(&of.metadata.name))
}

wire! {
    /// The labels of an object and of its template.
    struct Labelled {
        /// Of the object.
        pub metadata: LabelsOnly = "metadata",
        /// What holds the template.
        pub spec: Templated = "spec",
    }
}

wire! {
    /// `metadata`.
    struct LabelsOnly {
        /// The labels.
        pub labels: Labels = "labels",
    }
}

wire! {
    /// `spec` of what makes pods.
    struct Templated {
        /// The template.
        pub template: TemplateLabels = "template",
    }
}

wire! {
    /// A template of pods.
    struct TemplateLabels {
        /// Its metadata.
        pub metadata: LabelsOnly = "metadata",
    }
}

fn is_of_istiod(item: &str) -> bool {
    serde_json::from_str::<Labelled>(item)
        .is_ok_and(|of| is_istiod(&of.metadata.labels) || is_istiod(&of.spec.template.metadata.labels))
}

/// Reads a value and writes what is kept of it.
struct Cut<'o, T> {
    place: &'static Place,
    /// Whether everything is kept from here on.
    whole: bool,
    /// Whether this is istiod.
    with_variables: bool,
    out: &'o mut Vec<u8>,
    texts: &'o mut T,
}

impl<T: Texts> Cut<'_, T> {
    fn below(&mut self, place: &'static Place) -> Cut<'_, T> {
        let whole = self.whole || place.whole;
        Cut { place, whole, with_variables: self.with_variables, out: self.out, texts: self.texts }
    }

    /// What a scalar here is; without it, nothing of it is kept but what type it has.
    fn what(&self) -> Option<Text> {
        self.place.text.or(self.whole.then_some(Text::Names))
    }

    fn write<E: serde::de::Error>(&mut self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), E> {
        serde_json::to_writer(&mut *self.out, value).map_err(E::custom)
    }

    fn scalar<E: serde::de::Error>(&mut self, value: impl serde::Serialize + Default) -> Result<(), E> {
        let kept = if self.what().is_some() { value } else { Default::default() };
        self.write(&kept)
    }

    fn is_kept(&self, text: Option<Text>) -> bool {
        text != Some(Text::Variables) || self.with_variables
    }

    /// The variables of istiod that are read, where they are given by value.
    fn variable<E: serde::de::Error>(&mut self, written: &RawValue, first: &mut bool) -> Result<(), E> {
        let Ok(variable) = serde_json::from_str::<EnvVar>(written.get()) else { return Ok(()) };
        let (Some(value), true) = (variable.value, is_istiod_variable(&variable.name)) else {
            return Ok(());
        };
        let value = self.texts.text(&value, Text::Names).into_owned();
        self.separate(first);
        self.write(&serde_json::json!({ "name": variable.name, "value": value }))
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
    }
}

impl<'de, T: Texts> DeserializeSeed<'de> for Cut<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Texts> Visitor<'de> for Cut<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        self.write(&())
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<(), E> {
        self.scalar(value)
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        let (place, read): (&'static Place, _) = match self.what() {
            None => return self.write(""),
            Some(Text::Mesh) => (&paths::MESH, config::mesh(text)),
            Some(Text::Proxy) => return self.write(&proxy_config(text)),
            Some(Text::Enablement) => (&paths::ENABLEMENT, config::enablement(text)),
            Some(what) => {
                let text = self.texts.text(text, what);
                return serde_json::to_writer(self.out, &text).map_err(E::custom);
            }
        };
        // Nothing, or the text that stands for what could not be read.
        if read.is_empty() || read.starts_with('"') {
            return self.write(&read);
        }
        let cut = project(&read, place, false, self.texts).map_err(E::custom)?;
        self.write(&cut)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let mut first = true;
        if self.place.text == Some(Text::Variables) {
            while let Some(written) = items.next_element::<&RawValue>()? {
                self.variable(written, &mut first)?;
            }
        } else {
            loop {
                let end = self.out.len();
                self.separate(&mut first);
                let place = self.place;
                if items.next_element_seed(self.below(place))?.is_none() {
                    self.out.truncate(end);
                    break;
                }
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut first = true;
        while let Some(Key(key)) = map.next_key()? {
            let below = self.place.below(&key, self.whole);
            let Some(below) = below.filter(|below| self.is_kept(below.place.text)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            self.separate(&mut first);
            let key = if below.is_field { key } else { self.texts.key(&key).into_owned().into() };
            self.write(&key)?;
            self.out.push(b':');
            map.next_value_seed(self.below(below.place))?;
        }
        self.out.push(b'}');
        Ok(())
    }
}
