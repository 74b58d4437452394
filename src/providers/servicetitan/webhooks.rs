//! ServiceTitan's webhooks (V2): CloudEvents 1.0 in JSON, an HMAC over the body.
//!
//! The name of the header field and the encoding of the HMAC are not documented where they
//! could be verified, so both can be set.

use crate::{
    codec::Instant,
    settings::Setting,
    webhooks::{
        Delivery, Encoding, Event, Kind, Outdated, Subject, Unreadable, Webhooks, scheme::Scheme, settings,
    },
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The settings.
pub const SETTINGS: &[Setting] = &settings::table(&["hmac", "standard"], "hmac", "x-servicetitan-signature");

/// An event that ServiceTitan documents.
struct Known {
    /// Its `type`.
    name: &'static str,
    /// The members of its data that it is about, the main one first.
    subjects: &'static [&'static str],
}

/// What the things of events are called in paths.
const RESOURCES: [(&str, (&str, &str)); 8] = [
    ("appointment", ("jpm", "appointments")),
    ("booking", ("crm", "bookings")),
    ("call", ("telecom", "calls")),
    ("invoice", ("accounting", "invoices")),
    ("job", ("jpm", "jobs")),
    ("lead", ("crm", "leads")),
    ("task", ("accounting", "invoices")),
    ("zone", ("dispatch", "zones")),
];

const fn known(name: &'static str, subjects: &'static [&'static str]) -> Known {
    Known { name, subjects }
}

/// The 21 events, from the provider's OpenAPI documents of March 2026.
const EVENTS: [Known; 21] = [
    known("tn.acc.invoice-batched", &["invoice"]),
    known("tn.acc.invoice-exported", &["invoice"]),
    known("tn.acc.invoice-posted", &["invoice"]),
    known("tn.acc.invoice-task-created", &["task", "invoice"]),
    known("tn.acc.invoice-task-updated", &["task", "invoice"]),
    known("tn.acc.invoice-updated", &["invoice"]),
    known("tn.crm.booking-updated", &["booking"]),
    known("tn.crm.lead-created", &["lead"]),
    known("tn.crm.lead-updated", &["lead"]),
    known("tn.dis.technician-dispatched", &["appointment", "job"]),
    known("tn.dis.zone-deleted", &["zone"]),
    known("tn.dis.zone-updated", &["zone"]),
    known("tn.jpm.job-appointment-updated", &["appointment"]),
    known("tn.jpm.job-completed", &["job"]),
    known("tn.jpm.job-rescheduled", &["job"]),
    known("tn.jpm.job-scheduled", &["job"]),
    known("tn.jpm.job-updated", &["job"]),
    known("tn.sp.session-abandoned-qualified", &["session"]),
    known("tn.sp.session-completed", &["session"]),
    known("tn.tlc.call-completed", &["call"]),
    known("tn.tlc.call-updated", &["call"]),
];

/// The envelope. Its further members say nothing that a consumer could use.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(rename = "type")]
    name: String,
    time: Option<String>,
    /// Stays the same when the provider delivers again, which `id` does not.
    userassignedid: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

pub(super) struct Events;

impl Webhooks for Events {
    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn scheme(&self, choice: &str, header: &str, encoding: Encoding) -> Option<Scheme> {
        match choice {
            "hmac" => Some(Scheme::Hmac { header: header.to_owned(), encoding }),
            "standard" => Some(Scheme::Standard),
            _ => None,
        }
    }

    fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable> {
        let envelope: Envelope<'_> = serde_json::from_slice(delivery.body)
            .map_err(|error| Unreadable::at("$", format!("is no CloudEvent: {error}")))?;
        let data: Value = serde_json::from_str(envelope.data.get())
            .map_err(|error| Unreadable::at("$.data", format!("cannot be read: {error}")))?;
        let tenant =
            text(data.get("tenantId")).ok_or_else(|| Unreadable::at("$.data.tenantId", "is missing"))?;
        if envelope.id.is_empty() {
            return Err(Unreadable::at("$.id", "is empty"));
        }
        let known = EVENTS.iter().find(|event| event.name == envelope.name);
        let subjects = known.map_or(&[][..], |known| known.subjects);
        let subject =
            |name: &&str| Some(Subject { name: (*name).to_owned(), id: text(data.get(*name)?.get("id"))? });
        let stable = envelope.userassignedid.filter(|id| !id.is_empty());
        Ok(Event {
            id: stable.unwrap_or_else(|| envelope.id.clone()),
            name: envelope.name,
            kind: Kind::Change {
                known: known.is_some(),
                subjects: subjects.iter().filter_map(subject).chain(rescheduled(&data)).collect(),
            },
            time: envelope.time.as_deref().and_then(Instant::parse),
            tenant: Some(tenant),
            delivery: Some(envelope.id),
            data: envelope.data.get().to_owned(),
            reread: false,
        })
    }

    fn outdates(&self, event: &Event) -> Vec<Outdated> {
        let Kind::Change { subjects, .. } = &event.kind else { return Vec::new() };
        let about = |name: &str| subjects.iter().any(|subject| subject.name == name);
        RESOURCES
            .iter()
            .filter(|(name, _)| about(name))
            .map(|(_, (module, name))| Outdated::Resource(module, name))
            .collect()
    }
}

/// The appointment of a job that was rescheduled is named by its id alone.
fn rescheduled(data: &Value) -> Option<Subject> {
    Some(Subject { name: "appointment".to_owned(), id: text(data.get("appointmentId"))? })
}

/// An id: most are numbers, some are texts.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::bindings::exports::penstock::connector::webhooks::ServicetitanEvent;

    fn read(body: &str) -> Result<Event, Unreadable> {
        Events.read(&Delivery { headers: &[], body: body.as_bytes() })
    }

    fn event(name: &str, data: &str) -> Event {
        read(&format!(r#"{{"id":"d","type":"{name}","data":{{"tenantId":7,{data}}}}}"#)).unwrap()
    }

    #[test]
    fn every_documented_event_has_a_subject() {
        for known in EVENTS {
            let members: Vec<String> =
                known.subjects.iter().map(|name| format!(r#""{name}":{{"id":12}}"#)).collect();
            let Kind::Change { known: true, subjects } = event(known.name, &members.join(",")).kind else {
                panic!("{}", known.name)
            };
            assert_eq!(subjects.len(), known.subjects.len(), "{}", known.name);
            assert!(subjects.iter().all(|subject| subject.id == "12"));
        }
    }

    #[test]
    fn every_documented_event_has_a_case_of_its_name() {
        for known in EVENTS {
            let case = known.name.rsplit('.').next().and_then(ServicetitanEvent::from_name);
            assert!(case.is_some_and(|case| known.name.ends_with(case.name())), "{}", known.name);
        }
        assert_eq!(ServicetitanEvent::from_name("other"), None, "its text is missing");
    }

    #[test]
    fn ids_may_be_texts_and_a_rescheduled_appointment_is_named_by_its_id() {
        let moved = event("tn.jpm.job-rescheduled", r#""job":{"id":1},"appointmentId":2"#);
        let Kind::Change { subjects, .. } = &moved.kind else { panic!("{moved:?}") };
        assert_eq!(subjects[1], Subject { name: "appointment".to_owned(), id: "2".to_owned() });
        assert_eq!(
            Events.outdates(&moved),
            [Outdated::Resource("jpm", "appointments"), Outdated::Resource("jpm", "jobs")]
        );
        let task = event("tn.acc.invoice-task-created", r#""task":{"id":"a-b"},"invoice":{"id":5}"#);
        let Kind::Change { subjects, .. } = &task.kind else { panic!("{task:?}") };
        assert_eq!(subjects[0].id, "a-b");
    }

    #[test]
    fn what_is_no_envelope_is_told_by_its_path() {
        for (body, path) in [
            ("", "$"),
            (r#"{"id":"d","type":"t"}"#, "$"),
            (r#"{"id":"","type":"t","data":{"tenantId":7}}"#, "$.id"),
            (r#"{"id":"d","type":"t","data":7}"#, "$.data.tenantId"),
            (r#"{"id":"d","type":"t","data":{"tenantId":null}}"#, "$.data.tenantId"),
        ] {
            assert_eq!(read(body).unwrap_err().path, path, "{body}");
        }
    }
}
