//! The fields of a value that we look at, cut out and not built.

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::shape::{Header, Items, Said};
use crate::wire::Key;

/// What is known of a value; of one that breaks off, what stood before.
#[derive(Default)]
pub(super) struct Fields<'a> {
    api_version: Option<Option<String>>,
    kind: Option<Option<String>>,
    pub(super) metadata: Option<&'a RawValue>,
    pub(super) spec: Option<&'a RawValue>,
    pub(super) status: Option<&'a RawValue>,
    pub(super) data: Option<&'a RawValue>,
    pub(super) items: Vec<&'a RawValue>,
    shape_of_items: Items,
    /// Whether the value is `null`.
    pub(super) is_null: bool,
}

impl<'a> Fields<'a> {
    /// Reads the first value of a text; how far it reaches.
    pub(super) fn fill(&mut self, text: &'a str) -> (usize, serde_json::Result<()>) {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let result = Collect(self).deserialize(&mut deserializer);
        (deserializer.into_iter::<IgnoredAny>().byte_offset(), result)
    }

    pub(super) fn header(&self) -> Header<'_> {
        fn said(text: Option<&Option<String>>) -> Said<'_> {
            text.map_or(Said::Absent, |text| Said::new(text.as_deref()))
        }
        let (api_version, kind) = (said(self.api_version.as_ref()), said(self.kind.as_ref()));
        Header { api_version, kind, items: self.shape_of_items }
    }
}

/// Fills [`Fields`] from outside, so that what was read before an error is not lost.
struct Collect<'f, 'a>(&'f mut Fields<'a>);

impl<'a> DeserializeSeed<'a> for Collect<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Collect<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.is_null = true;
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let fields = self.0;
        let mut seen: Vec<&'static str> = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let Some(key) = KNOWN.iter().find(|known| **known == &*key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // kubectl would take the last of them, but which one was meant is not known.
            if seen.contains(key) {
                return Err(A::Error::custom(format_args!("the key `{key}` is given twice")));
            }
            seen.push(key);
            match *key {
                "apiVersion" => fields.api_version = Some(map.next_value()?),
                "kind" => fields.kind = Some(map.next_value()?),
                "metadata" => fields.metadata = map.next_value()?,
                "spec" => fields.spec = map.next_value()?,
                "status" => fields.status = map.next_value()?,
                "data" => fields.data = map.next_value()?,
                _ => map.next_value_seed(CollectItems(fields))?,
            }
        }
        Ok(())
    }
}

const KNOWN: [&str; 7] = ["apiVersion", "kind", "metadata", "spec", "status", "data", "items"];

struct CollectItems<'f, 'a>(&'f mut Fields<'a>);

impl<'a> DeserializeSeed<'a> for CollectItems<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.shape_of_items = Items::Other;
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for CollectItems<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.shape_of_items = Items::Null;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.shape_of_items = Items::List;
        while let Some(item) = items.next_element()? {
            self.0.items.push(item);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
