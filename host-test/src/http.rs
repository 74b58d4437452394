//! Outbound HTTP for the component, with pooled connections.
//!
//! Wasmtime's own way opens a connection for each request. [`Outbound`] keeps them,
//! for all instances that share it, and lets through only what [`OutboundPolicy`]
//! permits. Redirects are not followed: the component decides about them.

mod body;
mod closing;
mod connector;
mod errors;
mod outbound;
mod policy;
mod proxies;
mod resolver;
mod route;
mod trust;
mod tunnel;

pub use outbound::{Outbound, OutboundOptions, OutboundStats};
pub use policy::{InvalidOrigin, OutboundPolicy};
pub use proxies::{Proxies, UnusableProxy};
pub use trust::{InvalidAuthority, Trust, certificates_of_pem};
/// What [`Outbound::send`] takes and fails with.
pub use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody};

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use wasmtime_wasi_http::WasiHttpHooks;

use crate::limits::Computing;
pub(crate) use closing::Closing;
pub(crate) use trust::tls;

/// Puts [`Outbound`] in the place of Wasmtime's own client.
pub(crate) struct Hooks {
    outbound: Outbound,
    computing: Computing,
    /// Whether nothing more may be sent.
    closing: Closing,
}

impl Hooks {
    pub(crate) fn new(outbound: Outbound, computing: Computing) -> Self {
        Self { outbound, computing, closing: Closing::never() }
    }

    /// The same until it is closed.
    pub(crate) fn until(self, closing: Closing) -> Self {
        Self { closing, ..self }
    }
}

/// Wasmtime's type for what goes on with a connection after its response began.
/// Here the pool drives connections, so there is nothing left to do.
type Io = Box<dyn Future<Output = Result<(), WasiError>> + Send>;

impl WasiHttpHooks for Hooks {
    /// The client adds it for HTTP/1.1; HTTP/2 has `:authority` instead.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), WasiError>> + Send> {
        let (outbound, computing) = (self.outbound.clone(), self.computing.clone());
        let closing = self.closing.clone();
        Box::new(async move {
            let response = closing.before(outbound.send(request, options.unwrap_or_default())).await?;
            let response = match computing.is_counting() {
                true => response.map(|body| Counting { body, computing }.boxed_unsync()),
                false => response,
            };
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        })
    }
}

/// A body whose pieces count as host calls, which they are.
struct Counting {
    body: WasiBody,
    computing: Computing,
}

impl Body for Counting {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        self.computing.called();
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
