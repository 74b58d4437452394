//! Calls whose parameters come as JSON: `{"parameters": {"id": 4711, "ids": [1, 2]}, "body": {…}}`.

use crate::{pairs::Pairs, problem::Problem};
use penstock::{contract::FieldError, entry::batch::BatchCall};
use serde::{Deserialize, de::Error};
use serde_json::value::RawValue;

/// A call without the operation's name, which is in the path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a> {
    #[serde(default, borrow)]
    parameters: Pairs<&'a RawValue>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
}

/// A call of a batch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named<'a> {
    operation: String,
    #[serde(default, borrow)]
    parameters: Pairs<&'a RawValue>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
}

/// What a call is given.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Its parameters, as texts.
    pub parameters: Vec<(String, String)>,
    /// Its body, JSON.
    pub body: Option<String>,
}

/// Reads the parameters and the body of a call; nothing is given without JSON.
///
/// # Errors
/// What is wrong with it.
pub fn call(json: Option<&str>) -> Result<Given, Problem> {
    let Some(json) = json else { return Ok(Given::default()) };
    let call: Call = object(json).map_err(|error| {
        let wanted = r#"must be an object such as {"parameters": {"id": 4711}, "body": {}}"#;
        Problem::from(FieldError::new("body", format!("{wanted}: {error}")))
    })?;
    let parameters = texts("parameters", call.parameters)?;
    Ok(Given { parameters, body: call.body.map(|body| body.get().to_owned()) })
}

/// Reads an object; an array of its members in some order is none.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
    match json.trim_start().starts_with('{') {
        true => serde_json::from_str(json),
        false => Err(Error::custom("expected an object")),
    }
}

impl Named<'_> {
    /// The call, or what is wrong with its parameters. `place` is where it stands.
    pub(crate) fn into_call(self, place: &str) -> Result<BatchCall, Vec<FieldError>> {
        let parameters = texts(&format!("{place}.parameters"), self.parameters)?;
        let body = self.body.map(|body| body.get().to_owned());
        Ok(BatchCall { operation: self.operation, parameters, body })
    }
}

/// Parameters as texts: a list is one of several values, null is none, and no number is rounded.
pub(crate) fn texts(place: &str, given: Pairs<&RawValue>) -> Result<Vec<(String, String)>, Vec<FieldError>> {
    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    for (name, value) in given.0 {
        let values: Vec<&RawValue> = match value.get().starts_with('[') {
            true => serde_json::from_str(value.get()).unwrap_or_default(),
            false => vec![value],
        };
        // It would be as if nothing had been said, and all would be read.
        if value.get().starts_with('[') && values.iter().all(|value| value.get() == "null") {
            let message = "is a list without values: leave it out, or give it one";
            wrong.push(FieldError::new(format!("{place}.{name}"), message));
            continue;
        }
        for value in values {
            match value.get() {
                "null" => {}
                text if text.starts_with('[') => {
                    wrong.push(FieldError::new(format!("{place}.{name}"), "is a list in a list"));
                }
                text if text.starts_with('"') => match serde_json::from_str(text) {
                    Ok(text) => pairs.push((name.clone(), text)),
                    Err(_) => wrong.push(FieldError::new(format!("{place}.{name}"), "is no Unicode")),
                },
                // An object is for a parameter whose type is JSON.
                text => pairs.push((name.clone(), text.to_owned())),
            }
        }
    }
    if wrong.is_empty() { Ok(pairs) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(json: &str) -> Vec<(String, String)> {
        call(Some(json)).unwrap().parameters
    }

    #[test]
    fn parameters_are_texts() {
        let given = pairs(
            r#"{"parameters":{"a":1,"b":"x","c":[1,"2",null],"d":null,"e":true,"f":{"k":1},"g":1.50,"h":98765432109876543210}}"#,
        );
        let given: Vec<_> = given.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            given,
            ["a=1", "b=x", "c=1", "c=2", "e=true", r#"f={"k":1}"#, "g=1.50", "h=98765432109876543210"]
        );
        for none in ["[]", "[null]"] {
            let refused = call(Some(&format!(r#"{{"parameters":{{"ids":{none}}}}}"#)));
            let told = format!("{:?}", refused.unwrap_err());
            assert!(told.contains("parameters.ids") && told.contains("without values"), "{told}");
        }
        let twice: Vec<_> = pairs(r#"{"parameters":{"a":1,"a":2}}"#);
        assert_eq!(twice.len(), 2, "whoever takes it says that it is there twice");
        assert_eq!(call(None).unwrap(), Given::default());
        assert_eq!(call(Some(r#"{"body": {"n": 1.0} }"#)).unwrap().body.as_deref(), Some(r#"{"n": 1.0}"#));
    }

    #[test]
    fn what_is_no_call_is_refused_and_named() {
        for (json, word) in [
            ("[]", "must be an object"),
            ("{", "must be an object"),
            (r#"{"parameter":{}}"#, "unknown field"),
            (r#"{"parameters":{"a":[[1]]}}"#, "parameters.a"),
            (r#"{"parameters":{}}{}"#, "trailing"),
        ] {
            let problem = call(Some(json)).unwrap_err().document();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
