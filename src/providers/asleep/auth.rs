//! The key: a header of every call.

use crate::{
    host::{Request, Timeouts},
    policy::secret::Secret,
    providers::api::Site,
    settings::Policy,
};

/// Never sent: the key stands for the token.
pub(super) fn token_request(site: &Site, policy: &Policy) -> Request {
    Request {
        method: "GET",
        https: site.auth.https,
        authority: site.auth.authority.clone(),
        path_and_query: "/".to_owned(),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        body: None,
        timeouts: Timeouts {
            connect: policy.attempt_timeout,
            first_byte: policy.attempt_timeout,
            between_bytes: policy.attempt_timeout,
        },
        max_body: 0,
    }
}

/// `x-api-key`, on every call.
pub(super) fn authorization(key: &Secret) -> Vec<(&'static str, Secret)> {
    vec![("x-api-key", key.clone())]
}
