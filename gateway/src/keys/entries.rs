//! The two forms of the setting, read into one: a name, and fields that have one or more values.

use crate::pairs::Pairs;
use serde_json::Value;

/// A key as it is written. Nothing of it is checked yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// In order, those that are there twice too. The hash is one of them.
    pub(super) fields: Vec<(String, Vec<String>)>,
}

/// The field of the hash.
pub(super) const HASH: &str = "hash";

/// Reads either form.
///
/// # Errors
/// What is wrong with it, without anything of it.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, String> {
    match text.trim_start().chars().next() {
        Some('[') => objects(text),
        Some('{') => by_name(text),
        _ => lines(text),
    }
}

/// `NAME=sha256:…;field=value|value`, separated by commas or line breaks.
fn lines(text: &str) -> Result<Vec<Entry>, String> {
    let texts = text.split([',', '\n', '\r']).map(str::trim).filter(|text| !text.is_empty());
    let read = |(number, text): (usize, &str)| {
        entry(text).ok_or_else(|| {
            format!("must have keys of the form NAME=sha256:...;field=value, and number {number} has not")
        })
    };
    (1..).zip(texts).map(read).collect()
}

fn entry(text: &str) -> Option<Entry> {
    let (name, rest) = text.split_once('=')?;
    let mut parts = rest.split(';');
    let hash = (HASH.to_owned(), vec![parts.next().unwrap_or_default().trim().to_owned()]);
    let mut fields = vec![hash];
    for part in parts.filter(|part| !part.trim().is_empty()) {
        let (field, values) = part.split_once('=')?;
        fields.push((field.trim().to_owned(), split(values)));
    }
    Some(Entry { name: name.trim().to_owned(), fields })
}

fn split(values: &str) -> Vec<String> {
    values.split('|').map(|value| value.trim().to_owned()).collect()
}

fn objects(text: &str) -> Result<Vec<Entry>, String> {
    let objects: Vec<Pairs<Value>> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let read = |(number, object): (usize, Pairs<Value>)| {
        let mut fields = fields(object.0).ok_or_else(|| values_wrong(number))?;
        let names: Vec<_> = fields.extract_if(.., |(field, _)| field == "name").collect();
        match names.as_slice() {
            [(_, name)] => match name.as_slice() {
                [name] => Ok(Entry { name: name.clone(), fields }),
                _ => Err(values_wrong(number)),
            },
            _ => Err(format!("must have one `name` in each key, and number {number} has not")),
        }
    };
    (1..).zip(objects).map(read).collect()
}

fn by_name(text: &str) -> Result<Vec<Entry>, String> {
    let objects: Pairs<Pairs<Value>> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let read = |(number, (name, object)): (usize, (String, Pairs<Value>))| {
        Ok(Entry { name, fields: fields(object.0).ok_or_else(|| values_wrong(number))? })
    };
    (1..).zip(objects.0).map(read).collect()
}

fn fields(members: Vec<(String, Value)>) -> Option<Vec<(String, Vec<String>)>> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        _ => None,
    };
    let values = |value| match value {
        Value::String(values) => Some(split(&values)),
        Value::Array(values) => values.into_iter().map(text).collect(),
        _ => None,
    };
    members.into_iter().map(|(field, value)| Some((field, values(value)?))).collect()
}

fn values_wrong(number: usize) -> String {
    format!("must have texts or arrays of texts as values, and key number {number} has not")
}

fn not_json(error: &serde_json::Error) -> String {
    // Where it is no JSON, the error has nothing of the text; else it may quote some.
    if error.is_data() {
        "must be an array of objects, or an object that has an object for each key".to_owned()
    } else {
        format!("is not JSON: {error}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_say_the_same() {
        let entry = |name: &str| Entry {
            name: name.to_owned(),
            fields: vec![
                ("hash".to_owned(), vec!["sha256:00".to_owned()]),
                ("accounts".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
            ],
        };
        for text in [
            "one=sha256:00;accounts=a|b,two=sha256:00;accounts=a|b",
            "one = sha256:00 ; accounts = a | b ;\n\r\n two=sha256:00; accounts=a|b,\n",
            r#"[{"name":"one","hash":"sha256:00","accounts":"a|b"},
                {"hash":"sha256:00","name":"two","accounts":["a","b"]}]"#,
            r#" {"one":{"hash":"sha256:00","accounts":["a","b"]},"two":{"hash":"sha256:00","accounts":"a|b"}}"#,
        ] {
            assert_eq!(read(text), Ok(vec![entry("one"), entry("two")]), "{text}");
        }
        assert_eq!(read(" ,\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_form_is_told_by_number_and_not_shown() {
        for text in [
            "canary",
            "ok=sha256:00,canary",
            "ok=sha256:00;canary",
            "[",
            r#"["canary"]"#,
            r#"[{"name":"one","name":"canary"}]"#,
            r#"[{"hash":"canary"}]"#,
            r#"[{"name":["one","canary"]}]"#,
            r#"[{"name":"one","rate":{"canary":1}}]"#,
            r#"{"one":"canary"}"#,
            r#"{"one":{"rate":7,"name":"canary"}}"#,
        ] {
            let wrong = read(text).unwrap_err();
            assert!(!wrong.contains("canary") && !wrong.is_empty(), "{wrong}");
        }
    }
}
