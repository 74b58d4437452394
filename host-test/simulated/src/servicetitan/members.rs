//! The members of a JSON object, in order, each with its exact text.
//!
//! Decimals keep every digit, and a null stays apart from an absent member.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// The members of an object: names and JSON texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Members(Vec<(String, String)>);

impl Members {
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, raw)| raw.as_str())
    }

    /// A member as a value; none if it is absent, null or of another type.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Option<T> {
        self.get(name).and_then(|raw| serde_json::from_str(raw).ok())
    }

    /// Puts a JSON text at the member's place, or at the end.
    pub(crate) fn set(&mut self, name: &str, raw: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = raw.into(),
            None => self.0.push((name.to_owned(), raw.into())),
        }
    }

    /// Puts a value at the member's place, or at the end.
    pub(crate) fn put(&mut self, name: &str, value: impl Serialize) {
        // Numbers, strings and lists of them always serialise.
        self.set(name, serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), raw.as_str()))
    }

    /// `"a":1,"b":2`, without the braces.
    pub(crate) fn inside(&self) -> String {
        let mut out =
            String::with_capacity(self.0.iter().map(|(name, raw)| name.len() + raw.len() + 4).sum());
        for (name, raw) in &self.0 {
            if !out.is_empty() {
                out.push(',');
            }
            // Only escapes what has to be: names are the provider's or a checked client's.
            out.push_str(&serde_json::to_string(name).unwrap_or_default());
            out.push(':');
            out.push_str(raw);
        }
        out
    }

    pub(crate) fn render(&self) -> String {
        format!("{{{}}}", self.inside())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    all.push((name, raw.get().to_owned()));
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_texts_and_order_are_kept() {
        let text = r#"{"b":12.30,"a":null,"c":{"d":[1,2]}}"#;
        let mut members = Members::parse(text).unwrap();
        assert_eq!(members.render(), text);
        assert_eq!((members.get("a"), members.get("x")), (Some("null"), None));
        members.put("a", "é\"");
        members.remove("c");
        assert_eq!(members.render(), r#"{"b":12.30,"a":"é\""}"#);
    }
}
