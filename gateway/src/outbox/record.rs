//! An event as it is kept.

use crate::{answer::json, trace::Trace};
use serde::{Deserialize, Serialize};

/// An event, its destinations, and the body that they get. It is written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What destinations know it by, `webhook-id`: the same however often it comes.
    pub id: String,
    /// Whose it is.
    pub provider: String,
    /// The account that it came for.
    pub account: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// When it came, in milliseconds since the Unix epoch.
    pub received_ms: i64,
    /// What ends its claim.
    pub ticket: String,
    /// The names of its destinations.
    pub destinations: Vec<String>,
    /// The span in which it came; records of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// The body.
    #[serde(skip)]
    pub body: Vec<u8>,
}

impl Record {
    /// The largest one, in bytes: what a store takes ([`penstock::state::redis::LARGEST`]), less what sealing adds.
    pub const LARGEST: usize = penstock::state::redis::LARGEST - 1024;

    /// How many bytes it has in the store, but for the seal.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.encode().len()
    }

    /// One line of JSON, and the body as it is.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = json(self).into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Reads it again.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Record> {
        let at = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = bytes.split_at_checked(at)?;
        let record: Record = serde_json::from_slice(head).ok()?;
        Some(Record { body: body.get(1..)?.to_vec(), ..record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let record = Record {
            id: "evt_1".to_owned(),
            provider: "servicetitan".to_owned(),
            account: "default".to_owned(),
            kind: "a\nb".to_owned(),
            received_ms: 5,
            ticket: "t".to_owned(),
            destinations: vec!["crm".to_owned()],
            trace: Some(Trace {
                trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
                span_id: "b7ad6b7169203331".to_owned(),
                is_sampled: true,
                state: "a=1".to_owned(),
            }),
            body: b"{\n}".to_vec(),
        };
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Some(record));
        assert_eq!(Record::decode(b"{}\nbody"), None);
        assert_eq!(Record::decode(bytes.split(|byte| *byte == b'\n').next().unwrap()), None);
    }
}
