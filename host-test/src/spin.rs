//! What the gateway needs of Spin, without Spin.
//!
//! The gateway is a Spin application; these are host implementations of the
//! interfaces that it imports, so that Wasmtime alone runs it: variables from a
//! [`Source`](crate::sources::Source), stores on a [`KeyValue`](crate::key_value::KeyValue), and
//! the Redis that a setting names.

mod keyvalue;
mod redis;
mod variables;

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::sync::Semaphore;
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::{
    Error,
    http::{InvalidAuthority, Outbound},
    key_value::KeyValue,
    sources::Source,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../gateway/wit/keyvalue", "../gateway/wit/redis", "wit/spin"],
        world: "penstock:spin-host/host",
        imports: { default: async | trappable },
        with: {
            "spin:key-value/key-value.store": super::keyvalue::Store,
            "spin:redis/redis.connection": super::redis::Opened,
            "wasi:keyvalue/store.bucket": super::keyvalue::Store,
            "wasi:keyvalue/atomics.cas": super::keyvalue::Cas,
        },
    });
}

use bindings::{spin, wasi};

/// The label that a Spin manifest grants by default, and the only one here.
const LABEL: &str = "default";

/// What a component's imports are answered from, in Spin's terms.
#[derive(Clone)]
pub(crate) struct SpinImports {
    pub(crate) variables: Arc<dyn Source>,
    /// None is a component without a grant.
    pub(crate) store: Option<Arc<dyn KeyValue>>,
    /// How a Redis proves who it is.
    pub(crate) tls: Arc<ClientConfig>,
    /// How many connections an instance may still have, all kinds together.
    pub(crate) connections: Arc<Semaphore>,
}

/// As many as Spin gives to an instance.
const CONNECTIONS: usize = 1024;

impl SpinImports {
    /// A Redis is trusted as the providers are.
    pub(crate) fn new(
        variables: Arc<dyn Source>,
        store: Option<Arc<dyn KeyValue>>,
        outbound: &Outbound,
    ) -> Result<Self, Error> {
        let unusable = |error: InvalidAuthority| Error::Component { reason: error.to_string() };
        let tls = Arc::new(outbound.tls().map_err(unusable)?);
        Ok(Self { variables, store, tls, connections: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// The same for another instance.
    pub(crate) fn again(&self) -> Self {
        Self { connections: Arc::new(Semaphore::new(CONNECTIONS)), ..self.clone() }
    }
}

/// The part of a store's data that these interfaces work on.
pub(crate) struct SpinView<'a> {
    pub(crate) imports: &'a SpinImports,
    pub(crate) table: &'a mut ResourceTable,
}

/// Names [`SpinView`] to Wasmtime.
pub(crate) struct Spin;

impl HasData for Spin {
    type Data<'a> = SpinView<'a>;
}

/// Adds all of them to a linker.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> SpinView<'_>,
) -> wasmtime::Result<()> {
    spin::variables::variables::add_to_linker::<_, Spin>(linker, view)?;
    spin::key_value::key_value::add_to_linker::<_, Spin>(linker, view)?;
    spin::redis::redis::add_to_linker::<_, Spin>(linker, view)?;
    wasi::keyvalue::store::add_to_linker::<_, Spin>(linker, view)?;
    wasi::keyvalue::atomics::add_to_linker::<_, Spin>(linker, view)
}
