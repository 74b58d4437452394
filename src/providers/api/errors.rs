//! What an answer that is no success says and means.

use crate::{
    contract::FailureKind,
    policy::classify::{StatusRule, StatusRules},
};

/// How a provider says that something went wrong.
pub trait Errors {
    /// What its statuses mean where they differ from the usual.
    fn status_rules(&self) -> StatusRules;

    /// What an answer that is no success means, where its status alone does not tell.
    fn classify(&self, _status: u16, _body: &[u8]) -> Option<ErrorClass> {
        None
    }

    /// What an answer that is no success says.
    fn read(&self, status: u16, body: &[u8]) -> ApiError;
}

/// What an answer that is no success says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// One sentence, without markup.
    pub message: String,
    /// The provider's id of the request.
    pub trace_id: Option<String>,
    /// The fields that it names, and what is wrong with each.
    pub fields: Vec<(String, String)>,
}

/// What an answer that is no success means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorClass {
    /// For the policies.
    pub rule: StatusRule,
    /// For the caller.
    pub kind: FailureKind,
}
