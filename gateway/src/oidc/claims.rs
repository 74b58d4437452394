//! What a token says, and whether it is for here and now.

use super::{Settings, refused::Refused};
use crate::pairs::Pairs;
use penstock::policy::time::WallTime;
use serde_json::Value;

/// By how many seconds clocks may differ.
const LEEWAY: f64 = 60.0;

/// The longest subject: what OpenID Connect Core 1.0 section 2 allows.
const LONGEST_SUBJECT: usize = 255;

/// The claims of a token that is for here and now.
#[derive(Debug)]
pub(super) struct Claims {
    members: Vec<(String, Value)>,
    /// Whose it is: 1 to 255 bytes.
    pub(super) subject: String,
    /// When it ends, in seconds of Unix time.
    pub(super) expires: f64,
}

impl Claims {
    /// Reads and checks the claims (RFC 7519 section 4.1).
    ///
    /// # Errors
    /// The first of them that is not as it has to be.
    pub(super) fn read(payload: &[u8], settings: &Settings, now: WallTime) -> Result<Claims, Refused> {
        let invalid = |why| Err(Refused::Invalid(why));
        let Ok(Pairs(members)) = serde_json::from_slice::<Pairs<Value>>(payload) else {
            return invalid("has claims that are no JSON object");
        };
        let is_twice = |(index, (name, _)): (usize, &(String, Value))| {
            members.iter().skip(index + 1).any(|(other, _)| other == name)
        };
        if members.iter().enumerate().any(is_twice) {
            return invalid("has a claim twice");
        }
        let find = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        if find("iss").and_then(Value::as_str) != Some(&settings.issuer) {
            return invalid("is of another issuer");
        }
        if !find("aud").is_some_and(|audience| lists(audience, &settings.audience)) {
            return invalid("is for another audience");
        }
        let Some(expires) = find("exp").and_then(Value::as_f64) else {
            return invalid("does not say when it ends");
        };
        let now = seconds(now);
        if expires <= now - LEEWAY {
            return invalid("has expired");
        }
        for name in ["nbf", "iat"] {
            match find(name).map(Value::as_f64) {
                Some(None) => return invalid("has a time that is no number"),
                Some(Some(from)) if from > now + LEEWAY => return invalid("is not valid yet"),
                Some(Some(_)) | None => {}
            }
        }
        let subject = find("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return invalid("does not say whose it is");
        }
        let subject = subject.to_owned();
        Ok(Claims { members, subject, expires })
    }

    /// The texts of a claim: those of a list, or the one that it is. None of one that is not there, or that is
    /// something else.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// From when on it is refused, in whole seconds.
    pub(super) fn refused_from(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
        let seconds = (self.expires + LEEWAY).ceil() as i64;
        seconds
    }
}

/// Whether a text is this one, or a list has it.
fn lists(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Array(all) => all.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

fn seconds(now: WallTime) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
    let millis = now.as_millis() as f64;
    millis / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::settings::tests::settings;

    const NOW: i64 = 1_763_596_800;

    fn read(payload: &str) -> Result<Claims, Refused> {
        Claims::read(payload.as_bytes(), &settings(&[]), WallTime::from_millis(NOW * 1000))
    }

    /// What is wrong with claims that have these beside what is needed; nothing if this is empty.
    fn wrong(changed: &[(&str, Value)]) -> String {
        let mut claims = serde_json::json!({
            "iss": "https://login.example.com/tenant", "aud": "penstock", "sub": "alice", "exp": NOW + 300,
        });
        for (name, value) in changed {
            match value {
                Value::Null => _ = claims.as_object_mut().unwrap().remove(*name),
                value => claims[*name] = value.clone(),
            }
        }
        match read(&claims.to_string()) {
            Ok(_) => String::new(),
            Err(Refused::Invalid(why)) => why.to_owned(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn issuer_and_audience_must_be_ours_to_the_letter() {
        assert_eq!(wrong(&[]), "");
        for issuer in [
            "https://login.example.com/tenant/",
            "https://login.example.com",
            "HTTPS://login.example.com/tenant",
            "",
        ] {
            assert_eq!(wrong(&[("iss", issuer.into())]), "is of another issuer", "{issuer}");
        }
        for issuer in [Value::Null, 7.into(), vec!["https://login.example.com/tenant"].into()] {
            assert_eq!(wrong(&[("iss", issuer)]), "is of another issuer");
        }
        assert_eq!(wrong(&[("aud", vec!["other", "penstock"].into())]), "");
        for audience in
            [Value::Null, "other".into(), "Penstock".into(), vec!["other"].into(), vec![7].into(), 7.into()]
        {
            assert_eq!(wrong(&[("aud", audience)]), "is for another audience");
        }
        assert_eq!(wrong(&[("aud", Value::Array(Vec::new()))]), "is for another audience");
    }

    #[test]
    fn times_hold_with_a_minute_of_leeway() {
        for (name, seconds, expected) in [
            ("exp", -59, ""),
            ("exp", -60, "has expired"),
            ("nbf", 60, ""),
            ("nbf", 61, "is not valid yet"),
            ("iat", 60, ""),
            ("iat", 61, "is not valid yet"),
            ("iat", -9_000_000, ""),
        ] {
            assert_eq!(wrong(&[(name, (NOW + seconds).into())]), expected, "{name} {seconds}");
        }
        assert_eq!(wrong(&[("exp", 1e300.into())]), "");
        assert_eq!(wrong(&[("exp", (-1e300).into())]), "has expired");
        assert_eq!(wrong(&[("nbf", 0.5.into())]), "");
        for exp in [Value::Null, "2999-01-01".into(), true.into(), (NOW + 300).to_string().into()] {
            assert_eq!(wrong(&[("exp", exp)]), "does not say when it ends");
        }
        for name in ["nbf", "iat"] {
            assert_eq!(wrong(&[(name, "0".into())]), "has a time that is no number", "{name}");
        }
        assert_eq!(
            read(
                r#"{"iss":"https://login.example.com/tenant","aud":"penstock","sub":"a","exp":1763597100.5}"#
            )
            .unwrap()
            .refused_from(),
            NOW + 361
        );
    }

    #[test]
    fn a_subject_is_needed_and_no_claim_may_be_there_twice() {
        for subject in [Value::Null, "".into(), "x".repeat(256).into(), 7.into()] {
            assert_eq!(wrong(&[("sub", subject)]), "does not say whose it is");
        }
        let twice = r#"{"iss":"https://login.example.com/tenant","aud":"penstock","sub":"a","exp":1763597100,"sub":"b"}"#;
        assert_eq!(read(twice).unwrap_err(), Refused::Invalid("has a claim twice"));
        for payload in ["", "[]", "7", "{", "{}{}", &"[".repeat(4000)] {
            assert_eq!(read(payload).unwrap_err(), Refused::Invalid("has claims that are no JSON object"));
        }
    }
}
