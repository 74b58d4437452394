//! As much of JSON Schema as the document has. A keyword that is not here ends the test, so that none
//! goes unchecked.

use serde_json::Value;

/// What a local reference points to.
pub fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let target = document.pointer(reference.strip_prefix('#').unwrap());
            resolve(document, target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => value,
    }
}

/// Whether a value is as its schema has it.
///
/// # Errors
/// The first thing that is not, with its place.
pub fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else { return Ok(()) };
    for (keyword, wanted) in keywords {
        let holds = match keyword.as_str() {
            "$defs" | "description" | "examples" | "default" | "contentMediaType" | "contentSchema" => true,
            "$ref" => {
                fits(document, resolve(document, schema), value)?;
                true
            }
            "anyOf" => wanted.as_array().unwrap().iter().any(|one| fits(document, one, value).is_ok()),
            "enum" => wanted.as_array().unwrap().contains(value),
            "type" => match wanted {
                Value::Array(any) => any.iter().any(|one| is(one.as_str().unwrap(), value)),
                one => is(one.as_str().unwrap(), value),
            },
            "format" => formatted(wanted.as_str().unwrap(), value),
            "pattern" => value.as_str().is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.len() as u64 <= wanted.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|all| all.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|all| all.len() as u64 <= wanted.as_u64().unwrap()),
            "required" => value.as_object().is_none_or(|object| {
                wanted.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (index, one) in value.as_array().into_iter().flatten().enumerate() {
                    fits(document, wanted, one).map_err(|why| format!("[{index}]{why}"))?;
                }
                true
            }
            "properties" => {
                for (name, one) in value.as_object().into_iter().flatten() {
                    let schema = wanted.get(name).unwrap_or(&Value::Null);
                    fits(document, schema, one).map_err(|why| format!(".{name}{why}"))?;
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").unwrap_or(&Value::Null);
                for (name, one) in value.as_object().into_iter().flatten() {
                    if known.get(name).is_none() {
                        match wanted {
                            Value::Bool(true) => {}
                            Value::Bool(_) => return Err(format!(".{name} is not known")),
                            wanted => fits(document, wanted, one).map_err(|why| format!(".{name}{why}"))?,
                        }
                    }
                }
                true
            }
            other => panic!("no such keyword: {other}"),
        };
        if !holds {
            return Err(format!(": {keyword} {wanted} is not {value}"));
        }
    }
    Ok(())
}

fn is(ty: &str, value: &Value) -> bool {
    match ty {
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    }
}

fn formatted(format: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let digits = |shape: &str| {
        let fits = |(given, wanted): (u8, u8)| given == wanted || (wanted == b'0' && given.is_ascii_digit());
        text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)
    };
    match format {
        "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "int64" => value.is_i64(),
        "double" => value.is_number(),
        "date-time" => digits("0000-00-00T00:00:00") && text.ends_with('Z'),
        "date" => digits("0000-00-00") && text.len() == 10,
        "binary" => value.is_string(),
        other => panic!("no such format: {other}"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$" => {
            let number = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'))
        }
        "^[A-Za-z0-9_-]{1,64}$" => {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        }
        r"^(?!\.{1,2}$)[^\u0000-\u001f\u007f-\u009f]+$" => {
            !["", ".", ".."].contains(&text) && !text.chars().any(char::is_control)
        }
        "^[!-~]+$" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
        other => panic!("no such pattern: {other}"),
    }
}
