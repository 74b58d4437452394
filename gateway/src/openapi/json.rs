//! JSON, written member by member.

use serde::Serialize;

/// A JSON text that is being written. What it is made of comes from the program itself, so that
/// whoever writes sees to it that names are not there twice and that all that is opened is closed.
#[derive(Debug, Default)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// The text.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// An object, as a value or an element.
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Json)) {
        self.separate();
        self.0.push(b'{');
        members(self);
        self.0.push(b'}');
    }

    /// A member that is an object.
    pub(crate) fn member(&mut self, name: &str, members: impl FnOnce(&mut Json)) {
        self.name(name);
        self.object(members);
    }

    /// A member that is an array.
    pub(crate) fn array(&mut self, name: &str, elements: impl FnOnce(&mut Json)) {
        self.name(name);
        self.0.push(b'[');
        elements(self);
        self.0.push(b']');
    }

    /// A member that is plain data.
    pub(crate) fn value(&mut self, name: &str, value: impl Serialize) {
        self.name(name);
        self.plain(value);
    }

    /// An element that is plain data.
    pub(crate) fn element(&mut self, value: impl Serialize) {
        self.separate();
        self.plain(value);
    }

    /// An element that is JSON already.
    pub(crate) fn raw_element(&mut self, json: &str) {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A member whose value is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    /// All members of an object that is JSON already.
    pub(crate) fn members(&mut self, object: &str) {
        let members = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let members = members.map_or("", str::trim);
        if !members.is_empty() {
            self.separate();
            self.0.extend_from_slice(members.as_bytes());
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.plain(name);
        self.0.push(b':');
    }

    /// A text ends in a quotation mark, so that a bracket at the end opens something.
    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }

    fn plain(&mut self, value: impl Serialize) {
        // Plain data can be written, and a Vec takes all of it.
        _ = serde_json::to_writer(&mut self.0, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut json = Json::default();
        json.object(|json| {
            json.value("a", "{[:\"");
            json.array("b", |json| {
                json.element(1);
                json.object(|_| {});
                json.object(|json| json.raw("c", "[2]"));
            });
            json.member("d", |json| {
                json.members(" {} ");
                json.members(r#"{ "e": 3, "f": {"g": 4} }"#);
                json.value("h", true);
            });
        });
        let text = String::from_utf8(json.into_bytes()).unwrap();
        assert_eq!(text, r#"{"a":"{[:\"","b":[1,{},{"c":[2]}],"d":{"e": 3, "f": {"g": 4},"h":true}}"#);
    }
}
