//! The way to an origin: straight, or through a proxy.

use std::task::{Context, Poll};

use futures_util::{FutureExt, future::BoxFuture};
use hyper::Uri;
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{policy, proxies::Proxies, resolver::Resolver, tunnel};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections to origins, without TLS.
#[derive(Clone)]
pub(crate) struct Route {
    http: HttpConnector<Resolver>,
    proxies: Proxies,
}

impl Route {
    pub(crate) fn new(http: HttpConnector<Resolver>, proxies: Proxies) -> Self {
        Self { http, proxies }
    }
}

/// The proxy cannot be talked to.
#[derive(Debug, thiserror::Error)]
#[error("the proxy is at a {0} URL; only http is understood")]
struct OddProxy(String);

impl Service<Uri> for Route {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<TokioIo<TcpStream>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // A simulated provider on this machine is never behind a proxy.
        let proxy = if policy::is_plain_loopback(&uri) { None } else { self.proxies.of(&uri) };
        let mut http = self.http.clone();
        async move {
            let Some(proxy) = proxy else { return Ok(http.call(uri).await?) };
            let scheme = proxy.uri().scheme_str().unwrap_or_default();
            if scheme != "http" {
                return Err(OddProxy(scheme.to_owned()).into());
            }
            // A tunnel for plain HTTP as well: what goes through is none of the proxy's business.
            tunnel::open(&proxy, http, uri).await
        }
        .boxed()
    }
}
