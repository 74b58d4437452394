//! Asleep's webhooks.
//!
//! A delivery carries the API key and the user's id, and no signature; a relay may add one.
//! The provider's own pages show the body in two forms, and its guide in a third, flat one: all
//! are read. It has no id of its own, so an event is known by what it is about.

use crate::{
    settings::Setting,
    webhooks::{Delivery, Encoding, Event, Kind, Outdated, Unreadable, Webhooks, scheme::Scheme, settings},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The settings.
pub const SETTINGS: &[Setting] = &settings::table(&["key", "hint", "hmac", "standard"], "key", "x-signature");

/// The header field with the key that was used to upload.
const KEY_HEADER: &str = "x-api-key";

const USER_HEADER: &str = "x-user-id";

pub(super) struct Events;

impl Webhooks for Events {
    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn scheme(&self, choice: &str, header: &str, encoding: Encoding) -> Option<Scheme> {
        let key = KEY_HEADER.to_owned();
        match choice {
            "key" => Some(Scheme::Key { header: key }),
            "hint" => Some(Scheme::Hint { header: key }),
            "hmac" => Some(Scheme::Hmac { header: header.to_owned(), encoding }),
            "standard" => Some(Scheme::Standard),
            _ => None,
        }
    }

    fn key_setting(&self) -> Option<&'static str> {
        Some(super::settings::API_KEY)
    }

    fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable> {
        let body: Value = serde_json::from_slice(delivery.body)
            .map_err(|error| Unreadable::at("$", format!("is no JSON: {error}")))?;
        if !body.is_object() {
            return Err(Unreadable::at("$", "is no object"));
        }
        let name = ["event", "callback_event"].iter().find_map(|member| text(body.get(*member)));
        let name = name.ok_or_else(|| Unreadable::at("$.event", "is missing"))?;
        let data = ["data", "callback_data"].iter().find_map(|member| body.get(*member)).unwrap_or(&body);
        let session = [
            data.get("session_id"),
            data.pointer("/session/id"),
            data.pointer("/sleep_data/session/id"),
            body.get("session_id"),
        ];
        let session = session.into_iter().find_map(text);
        let user = [data.get("user_id"), body.get("user_id")].into_iter().find_map(text);
        let user = user.or_else(|| delivery.header(USER_HEADER).ok().map(str::to_owned));
        let missing = || Unreadable::at("$.data.session_id", "is missing");
        let kind = match name.as_str() {
            "SESSION_COMPLETE" => {
                Kind::SessionComplete { user, session: session.clone().ok_or_else(missing)? }
            }
            "INFERENCE_COMPLETE" => Kind::InferenceComplete {
                user,
                session: session.clone().ok_or_else(missing)?,
                upload: data.get("seq_num").and_then(Value::as_u64),
                part: data.get("inference_seq_num").and_then(Value::as_u64),
            },
            _ => Kind::Unknown,
        };
        let id = match (&kind, session) {
            (Kind::SessionComplete { session, .. }, _) => format!("{name}:{session}"),
            (Kind::InferenceComplete { session, part: Some(part), .. }, _) => {
                format!("{name}:{session}:{part}")
            }
            (Kind::InferenceComplete { session, upload: Some(upload), .. }, _) => {
                format!("{name}:{session}:seq-{upload}")
            }
            // Nothing else tells it from others.
            _ => format!("{name}:{}", hash(delivery.body)),
        };
        Ok(Event {
            id,
            name,
            kind,
            time: None,
            tenant: None,
            delivery: None,
            data: data.to_string(),
            reread: false,
        })
    }

    fn outdates(&self, event: &Event) -> Vec<Outdated> {
        match &event.kind {
            Kind::SessionComplete { user: Some(user), .. } => vec![Outdated::Owner(user.clone())],
            _ => Vec::new(),
        }
    }

    fn reread(&self, event: &Event) -> Option<(&'static str, Vec<(String, String)>)> {
        let Kind::SessionComplete { user: Some(user), session } = &event.kind else { return None };
        let parameters = [("session_id", session), ("user_id", user)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.clone()));
        Some(("sleep.sessions-get", parameters.to_vec()))
    }
}

/// An id that is there.
fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn hash(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)], body: &str) -> Result<Event, Unreadable> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Events.read(&Delivery { headers: &headers, body: body.as_bytes() })
    }

    /// The official example, the official table, the page for version 2, and the guide.
    #[test]
    fn all_forms_of_a_complete_session_are_the_same_event() {
        let forms = [
            r#"{"event":"SESSION_COMPLETE","version":"V3","data":{"timezone":"UTC","session":{"id":"s1"}}}"#,
            r#"{"callback_event":"SESSION_COMPLETE","callback_version":"V3","callback_data":{"session":{"id":"s1"}}}"#,
            r#"{"callback_event":"SESSION_COMPLETE","callback_data":{"user_id":"u1","session_id":"s1","sleep_data":{}}}"#,
            r#"{"event":"SESSION_COMPLETE","user_id":"u1","session_id":"s1","timestamp":"2026-11-20T10:00:00Z"}"#,
        ];
        for form in forms {
            let event = read(&[("X-User-Id", "u1")], form).unwrap();
            let user = Some("u1".to_owned());
            assert_eq!(event.kind, Kind::SessionComplete { user, session: "s1".to_owned() }, "{form}");
            assert_eq!(event.id, "SESSION_COMPLETE:s1");
            assert_eq!(Events.outdates(&event), [Outdated::Owner("u1".to_owned())]);
        }
    }

    #[test]
    fn parts_of_a_session_are_events_of_their_own() {
        let part = |number: &str| {
            let data = format!(r#"{{"session_id":"s1","seq_num":39,{number}"sleep_stages":[0,1]}}"#);
            read(&[], &format!(r#"{{"event":"INFERENCE_COMPLETE","version":"V3","data":{data}}}"#)).unwrap()
        };
        assert_eq!(part(r#""inference_seq_num":3,"#).id, "INFERENCE_COMPLETE:s1:3");
        assert_eq!(part("").id, "INFERENCE_COMPLETE:s1:seq-39");
        assert!(Events.outdates(&part("")).is_empty());
    }

    #[test]
    fn what_nobody_knows_is_kept_as_unknown() {
        let event = read(&[], r#"{"event":"SESSION_SNORED","data":{"how":"loudly"}}"#).unwrap();
        assert_eq!((event.name.as_str(), &event.kind), ("SESSION_SNORED", &Kind::Unknown));
        assert_eq!(event.data, r#"{"how":"loudly"}"#);
        let other = read(&[], r#"{"event":"SESSION_SNORED","data":{"how":"softly"}}"#).unwrap();
        assert_ne!(event.id, other.id);
    }

    #[test]
    fn what_is_no_event_is_told_by_its_path() {
        for (body, path) in [
            ("", "$"),
            ("[]", "$"),
            ("{}", "$.event"),
            (r#"{"event":7}"#, "$.event"),
            (r#"{"event":"SESSION_COMPLETE","data":{}}"#, "$.data.session_id"),
            (r#"{"event":"INFERENCE_COMPLETE","data":{"session_id":""}}"#, "$.data.session_id"),
        ] {
            assert_eq!(read(&[], body).unwrap_err().path, path, "{body}");
        }
    }
}
