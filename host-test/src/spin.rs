//! What the gateway needs of Spin, without Spin.
//!
//! The gateway is a Spin application; these are host implementations of the
//! interfaces that it imports, so that Wasmtime alone runs it: variables from a
//! [`Source`](crate::sources::Source), stores on a [`KeyValue`](crate::key_value::KeyValue).

mod keyvalue;
mod variables;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::{key_value::KeyValue, sources::Source};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../gateway/wit/keyvalue", "wit/spin"],
        world: "penstock:spin-host/host",
        imports: { default: async | trappable },
        with: {
            "spin:key-value/key-value.store": super::keyvalue::Store,
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
    wasi::keyvalue::store::add_to_linker::<_, Spin>(linker, view)?;
    wasi::keyvalue::atomics::add_to_linker::<_, Spin>(linker, view)
}
