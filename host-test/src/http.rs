//! Outbound HTTP for the component, with pooled connections.
//!
//! Wasmtime's own way opens a connection for each request. [`Outbound`] keeps them,
//! for all instances that share it, and lets through only what [`OutboundPolicy`]
//! permits. Redirects are not followed: the component decides about them.

mod body;
mod connector;
mod errors;
mod outbound;
mod policy;
mod resolver;

pub use outbound::{InvalidAuthority, Outbound, OutboundOptions, OutboundStats};
pub use policy::{InvalidOrigin, OutboundPolicy};

use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody, WasiHttpHooks};

/// Puts [`Outbound`] in the place of Wasmtime's own client.
pub(crate) struct Hooks(Outbound);

impl Hooks {
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self(outbound)
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
        let outbound = self.0.clone();
        Box::new(async move {
            let response = outbound.send(request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        })
    }
}
