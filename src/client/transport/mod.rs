//! What stands between an attempt and the host: the rate limiter, circuit breakers, the
//! request as it is sent, and what is taken out of an answer's words.

pub(crate) mod circuit_breaker;
pub(crate) mod limiter;
pub(crate) mod redact;
pub(crate) mod request;
pub(crate) mod url;
