//! Messages of Celery 5 (task protocol 2) in a list of a Redis.
//!
//! Every member is needed: of a message without one of them some workers lose it, and others end. Celery drops no
//! second message of an id: the task does, by `id` of its argument.

use super::{Record, broker::BrokerCommand};
use serde_json::json;

/// The command that puts an event into a queue, as the only argument of a task.
pub(super) fn push(record: &Record, queue: &str, task: &str) -> BrokerCommand {
    let event = String::from_utf8_lossy(&record.body);
    let id = uuid(&record.id);
    let message = json!({
        // Positional arguments, named ones, and what is to follow.
        "body": format!("[[{event}],{{}},{{}}]"),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": task, "id": id},
        "properties": {
            "delivery_tag": id,
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    });
    BrokerCommand { name: "LPUSH", arguments: vec![queue.into(), message.to_string().into_bytes()] }
}

/// A UUID that is made of an event's id: the same for the same event (RFC 9562 section 5.8, version 8).
fn uuid(id: &str) -> String {
    let digits: Vec<char> = id.chars().filter(char::is_ascii_hexdigit).rev().take(32).collect();
    let mut uuid = String::with_capacity(36);
    for at in 0..32 {
        if matches!(at, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(match at {
            12 => '8',
            16 => 'a',
            _ => digits.get(31 - at).copied().unwrap_or('0'),
        });
    }
    uuid
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_message_is_the_one_that_workers_take() {
        let record = Record {
            id: "evt_0123456789abcdef0123456789abcdef".to_owned(),
            provider: String::new(),
            account: String::new(),
            kind: String::new(),
            received_ms: 0,
            ticket: String::new(),
            destinations: Vec::new(),
            trace: None,
            body: br#"{"id":"evt_1","data":{"a":"\"b\""}}"#.to_vec(),
        };
        let command = push(&record, "celery", "hooks.event");
        let id = "01234567-89ab-8def-a123-456789abcdef";
        let message = concat!(
            r#"{"body":"[[{\"id\":\"evt_1\",\"data\":{\"a\":\"\\\"b\\\"\"}}],{},{}]","#,
            r#""content-encoding":"utf-8","content-type":"application/json","#,
            r#""headers":{"id":"ID","task":"hooks.event"},"#,
            r#""properties":{"delivery_info":{"exchange":"","routing_key":"celery"},"delivery_tag":"ID"}}"#
        );
        assert_eq!(command.name, "LPUSH");
        let [queue, sent] = command.arguments.as_slice() else { panic!("{:?}", command.arguments) };
        assert_eq!(queue, b"celery");
        // In whatever order: others choose how serde_json keeps its maps.
        let [sent, wanted]: [Value; 2] = [sent.as_slice(), message.replace("ID", id).as_bytes()]
            .map(|text| serde_json::from_slice(text).unwrap());
        assert_eq!(sent, wanted);
    }
}
