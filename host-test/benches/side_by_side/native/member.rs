//! Records with all their members, and what is no member of them in `extra`.

use serde::{
    Deserialize,
    de::{Error, MapAccess},
};
use serde_json::value::RawValue;

/// What a member is read as. A list that is null is empty.
pub trait Member: Sized {
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error>;
}

impl Member for i64 {
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value()
    }
}

impl<T: for<'a> Deserialize<'a>> Member for Option<T> {
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value()
    }
}

impl<T: for<'a> Deserialize<'a>> Member for Vec<T> {
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        Ok(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default())
    }
}

/// Keeps a member that is none of the record's as the JSON that it came as.
pub fn keep<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: &str,
    extra: &mut Option<String>,
) -> Result<(), A::Error> {
    let value: &RawValue = map.next_value()?;
    let extra = extra.get_or_insert_with(String::new);
    extra.push(if extra.is_empty() { '{' } else { ',' });
    extra.push_str(&serde_json::to_string(name).map_err(A::Error::custom)?);
    extra.push(':');
    extra.push_str(value.get());
    Ok(())
}

/// A record: its fields, by which names they come, how it is read and how it is written.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $ty:ty = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name {
            $(pub $field: $ty,)*
            /// Members that are not known, as a JSON object.
            pub extra: Option<String>,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[expect(non_camel_case_types, reason = "named as the fields")]
                enum Key<'de> { $($field,)* Unknown(std::borrow::Cow<'de, str>) }

                struct Keys;

                impl Keys {
                    fn known<'de>(name: &str) -> Option<Key<'de>> {
                        match name {
                            $($wire => Some(Key::$field),)*
                            _ => None,
                        }
                    }
                }

                impl<'de> serde::de::Visitor<'de> for Keys {
                    type Value = Key<'de>;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str("a name")
                    }

                    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                        Ok(Keys::known(name).unwrap_or_else(|| Key::Unknown(name.into())))
                    }

                    fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                        Ok(Keys::known(name).unwrap_or_else(|| Key::Unknown(name.to_owned().into())))
                    }
                }

                impl<'de> serde::de::DeserializeSeed<'de> for Keys {
                    type Value = Key<'de>;

                    fn deserialize<D: serde::Deserializer<'de>>(self, name: D) -> Result<Key<'de>, D::Error> {
                        name.deserialize_str(self)
                    }
                }

                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut record = $name::default();
                        while let Some(found_key) = map.next_key_seed(Keys)? {
                            match found_key {
                                $(Key::$field => {
                                    record.$field = crate::native::member::Member::read(&mut map)?;
                                })*
                                Key::Unknown(unknown) => {
                                    crate::native::member::keep(&mut map, &unknown, &mut record.extra)?;
                                }
                            }
                        }
                        if let Some(extra) = &mut record.extra {
                            extra.push('}');
                        }
                        Ok(record)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }

        impl crate::native::ndjson::Print for $name {
            fn print(&self, out: &mut Vec<u8>) {
                let mut between = b'{';
                $(crate::native::ndjson::member(out, &mut between, concat!("\"", $wire, "\":"), &self.$field);)*
                crate::native::ndjson::rest(out, &mut between, self.extra.as_deref());
            }
        }
    };
}

pub(super) use record;
