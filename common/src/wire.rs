//! How objects are read: structs that name the fields they know and remember the ones they do not.
//!
//! serde's derive cannot do three things that Kubernetes objects need: take `null` for "not set" in every
//! field, keep the *names* of unknown fields without building their values (`flatten` would lose the place
//! of an error), and refuse a field that is given twice. `wire!` writes the visitor that can.

use serde::de::{Deserialize, Deserializer};

#[cfg(test)]
mod tests;

/// A value that was not set is the type's default.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// [`null_is_default`] for a value inside a map.
pub(crate) struct NullIsDefault<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for NullIsDefault<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        null_is_default(deserializer).map(Self)
    }
}

/// Declares a struct and how it is read: `field: Type = "wireName"`. With `unknown`, the struct has a field
/// `unknown: Vec<String>` that names what it did not know; without, other fields are skipped.
macro_rules! wire {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$doc:meta])* pub $field:ident : $type:ty = $key:literal ),* $(,)?
        }
        unknown
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        $vis struct $name {
            $( $(#[$doc])* pub $field: $type, )*
            /// Names of fields that this version does not know.
            pub unknown: Vec<String>,
        }
        $crate::wire::wire!(@impl $name; [ $( $field = $key ),* ];
            |value, key| value.unknown.push(key.into_owned()));
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$doc:meta])* pub $field:ident : $type:ty = $key:literal ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        $vis struct $name {
            $( $(#[$doc])* pub $field: $type, )*
        }
        $crate::wire::wire!(@impl $name; [ $( $field = $key ),* ]; |_value, _key| ());
    };
    (@impl $name:ident; [ $( $field:ident = $key:literal ),* ]; |$value:ident, $unknown:ident| $keep:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut $value = $name::default();
                        $( let mut $field = false; )*
                        while let Some($crate::wire::Key($unknown)) = map.next_key()? {
                            match &*$unknown {
                                $( $key => {
                                    if std::mem::replace(&mut $field, true) {
                                        return Err(<A::Error as serde::de::Error>::duplicate_field($key));
                                    }
                                    $value.$field = map.next_value::<$crate::wire::NullIsDefault<_>>()?.0;
                                } )*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                    $keep;
                                }
                            }
                        }
                        Ok($value)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}
pub(crate) use wire;

/// A field's name, borrowed from the input where that is possible.
pub(crate) struct Key<'de>(pub(crate) std::borrow::Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> serde::de::Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(text.to_owned().into()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Key(text.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
