//! Name resolution whose errors can be told from other connection errors.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{FutureExt, TryFutureExt};
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use tower_service::Service;

#[derive(Clone)]
pub(crate) struct Resolver(GaiResolver);

#[derive(Debug)]
pub(crate) struct ResolveError(io::Error);

impl Resolver {
    pub(crate) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name cannot be resolved: {}", self.0)
    }
}

impl std::error::Error for ResolveError {}

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, ResolveError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.0.poll_ready(context).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(ResolveError).boxed()
    }
}
