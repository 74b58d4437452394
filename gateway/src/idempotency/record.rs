//! What is stored under a key, before it is sealed: a line of JSON, and after it the body of an answer
//! as it is.

use super::{Fingerprint, MOST_KEPT, file::FileDigest};
use http::{Response, header};
use serde::{Deserialize, Serialize};

/// What is stored under a key.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    head: RecordHead,
    /// Empty unless an answer is kept.
    body: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct RecordHead {
    fingerprint: String,
    stage: Stage,
}

/// How far a request has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    /// It may be under way. Times are milliseconds since the Unix epoch.
    UnderWay {
        /// When it began.
        began: i64,
        /// From when on it is not under way any more.
        until: i64,
    },
    /// It was answered.
    Answered(Answered),
}

/// What is kept of an answer besides its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    /// HTTP status.
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) call_id: Option<String>,
    /// Whether the body was small enough to be kept.
    pub(super) kept: bool,
    /// The file that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileDigest>,
}

impl Record {
    pub(super) fn under_way(fingerprint: &Fingerprint, began: i64, until: i64) -> Record {
        Record::new(fingerprint, Stage::UnderWay { began, until }, String::new())
    }

    pub(super) fn answered(
        fingerprint: &Fingerprint,
        response: &Response<String>,
        file: Option<FileDigest>,
    ) -> Record {
        let field = |name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let kept = response.body().len() <= MOST_KEPT;
        let answered = Answered {
            status: response.status().as_u16(),
            content_type: field(header::CONTENT_TYPE),
            call_id: field(crate::answer::CALL_ID),
            kept,
            file,
        };
        let body = if kept { response.body().clone() } else { String::new() };
        Record::new(fingerprint, Stage::Answered(answered), body)
    }

    fn new(fingerprint: &Fingerprint, stage: Stage, body: String) -> Record {
        Record { head: RecordHead { fingerprint: fingerprint.as_str().to_owned(), stage }, body }
    }

    /// As it is stored.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = crate::answer::json(&self.head).into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }

    /// Reads what is stored; none if another version wrote it.
    pub(super) fn parse(stored: Vec<u8>) -> Option<Record> {
        let text = String::from_utf8(stored).ok()?;
        let (head, body) = text.split_once('\n')?;
        Some(Record { head: serde_json::from_str(head).ok()?, body: body.to_owned() })
    }

    pub(super) fn is_of(&self, fingerprint: &Fingerprint) -> bool {
        self.head.fingerprint == fingerprint.as_str()
    }

    /// How far it has come, and the body of its answer.
    pub(super) fn into_parts(self) -> (Stage, String) {
        (self.head.stage, self.body)
    }
}
