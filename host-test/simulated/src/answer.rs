//! An answer, before faults and the wire get hold of it.

use bytes::Bytes;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// None when there is no body.
    pub(crate) content_type: Option<&'static str>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// How many records the body holds.
    pub(crate) records: usize,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: Some(content_type), headers: Vec::new(), body: body.into(), records: 0 }
    }

    /// 200 with JSON.
    pub(crate) fn json(body: impl Into<Bytes>) -> Self {
        Self::new(200, "application/json; charset=utf-8", body)
    }

    /// 200 with JSON that holds so many records.
    pub(crate) fn records(body: String, records: usize) -> Self {
        Self { records, ..Self::json(body) }
    }

    /// 200 without a body.
    pub(crate) fn empty() -> Self {
        Self { status: 200, content_type: None, headers: Vec::new(), body: Bytes::new(), records: 0 }
    }
}
