//! A store with the state of an instance, and the linker with everything that it may import.

use wasmtime::{
    Store, StoreLimits,
    component::{self, Component, HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    Environment, Error,
    bindings::{Guest, GuestPre, host},
    engine::Engine,
    host_imports::HostImports,
    http::Hooks,
    limits::Computing,
    logs::Output,
};

/// What an instance's host functions work on. Opaque; it appears in the type of
/// [`Caller`](crate::bindings::Caller).
pub struct HostState {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    hooks: Hooks,
    imports: HostImports,
    limits: StoreLimits,
    computing: Computing,
    /// What the store is for; none until it is made.
    instance: Option<component::Instance>,
}

impl HostState {
    pub(crate) fn instance(&self) -> Option<component::Instance> {
        self.instance
    }

    fn imports(&mut self) -> &mut HostImports {
        self.computing.called();
        &mut self.imports
    }
}

impl std::fmt::Debug for HostState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostState").finish_non_exhaustive()
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.computing.called();
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.computing.called();
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// A component that is linked and only needs a store to run in.
pub(crate) struct Prepared {
    engine: Engine,
    guest: GuestPre<HostState>,
}

/// An instance and the store that it lives in.
pub(crate) struct Instance {
    pub(crate) store: Store<HostState>,
    pub(crate) guest: Guest,
    pub(crate) computing: Computing,
}

impl Prepared {
    pub(crate) fn new(engine: &Engine, component: &Component) -> Result<Self, Error> {
        let guest = link(engine)
            .and_then(|linker| linker.instantiate_pre(component))
            .and_then(GuestPre::new)
            .map_err(|error| Error::component(&error))?;
        Ok(Self { engine: engine.clone(), guest })
    }

    pub(crate) async fn instantiate(&self, environment: &Environment) -> Result<Instance, Error> {
        let computing = environment.limits.computing(self.engine.wasmtime().weak());
        let state = HostState {
            wasi: sandbox(environment),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(environment.outbound.clone(), computing.clone()),
            imports: HostImports::new(environment),
            limits: environment.limits.store_limits(),
            computing: computing.clone(),
            instance: None,
        };
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.limits);
        environment.limits.interrupt(&mut store, &computing);
        let instance = self.guest.instance_pre().instantiate_async(&mut store).await;
        let instance = instance.map_err(|error| Error::component(&error))?;
        let guest = Guest::new(&mut store, &instance).map_err(|error| Error::component(&error))?;
        store.data_mut().instance = Some(instance);
        Ok(Instance { store, guest, computing })
    }
}

/// No folders, no sockets, no environment variables, no arguments.
pub(crate) fn sandbox(environment: &Environment) -> WasiCtx {
    let logs = &environment.logs;
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdout(Output::new(logs)).stderr(Output::new(logs));
    if let Some(adjust) = &environment.wasi {
        adjust(&mut wasi);
    }
    wasi.build()
}

/// WASI 0.2 is there for Rust's standard library, which imports some of it even
/// in a WASI 0.3 component.
fn link(engine: &Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine.wasmtime());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    host::secrets::add_to_linker::<_, HasSelf<HostImports>>(&mut linker, HostState::imports)?;
    host::config::add_to_linker::<_, HasSelf<HostImports>>(&mut linker, HostState::imports)?;
    host::state::add_to_linker::<_, HasSelf<HostImports>>(&mut linker, HostState::imports)?;
    Ok(linker)
}
