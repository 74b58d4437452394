//! Makes instances, and says how long they live.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{Sleep, sleep},
};
use wasmtime::{
    Store, StoreContextMut, StoreLimits,
    component::{Component, GuestTaskId, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    WasiHttpCtx, WasiHttpCtxView, WasiHttpView,
    handler::{HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus},
    p3::bindings::ServicePre,
};

use super::{
    GatewayOptions,
    divided::Divided,
    fate::{Assigned, Fate},
};
use crate::{
    Engine, Environment, Error,
    http::{Closing, Hooks},
    instance::sandbox,
    limits::Computing,
    logs::Logs,
    spin::{self, SpinImports, SpinView},
};

/// What an instance's host functions work on.
pub(super) struct GatewayState {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    hooks: Hooks,
    imports: SpinImports,
    limits: StoreLimits,
    computing: Computing,
    /// Its place among the instances.
    _place: OwnedSemaphorePermit,
}

impl WasiView for GatewayState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.computing.called();
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GatewayState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.computing.called();
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

pub(super) struct Instances {
    engine: Engine,
    service: ServicePre<GatewayState>,
    environment: Environment,
    imports: SpinImports,
    options: GatewayOptions,
    stopped: watch::Receiver<bool>,
    /// Whether the instances may send nothing more.
    closed: watch::Sender<bool>,
    started: AtomicU64,
    places: Arc<Semaphore>,
    waits: Arc<Notify>,
}

/// There are as many instances as there may be, and none takes a request just now.
#[derive(Debug, thiserror::Error)]
#[error("all instances are busy")]
pub(super) struct AtCapacity;

impl Instances {
    pub(super) fn new(
        engine: &Engine,
        component: &Component,
        environment: Environment,
        options: GatewayOptions,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let service = link(engine)
            .and_then(|linker| linker.instantiate_pre(component))
            .and_then(ServicePre::new)
            .map_err(|error| Error::component(&error))?;
        let most = options.instances;
        let has_store = environment.key_value.is_some();
        let variables = Divided::new(environment.secrets_and_settings(), most, has_store);
        let imports =
            SpinImports::new(Arc::new(variables), environment.key_value.clone(), &environment.outbound)?;
        Ok(Self {
            engine: engine.clone(),
            service,
            environment,
            imports,
            options,
            stopped,
            closed: watch::Sender::new(false),
            started: AtomicU64::new(0),
            places: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            waits: Arc::default(),
        })
    }

    /// Told when an instance that was at work waits for something, or has ended: it may take a
    /// request now.
    pub(super) fn waits(&self) -> Arc<Notify> {
        self.waits.clone()
    }

    /// Lets the instances send nothing more: what they are answering ends with what they have.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(super) fn started(&self) -> u64 {
        self.started.load(Relaxed)
    }
}

fn link(engine: &Engine) -> wasmtime::Result<Linker<GatewayState>> {
    let mut linker = Linker::new(engine.wasmtime());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    spin::add_to_linker(&mut linker, |state: &mut GatewayState| {
        state.computing.called();
        SpinView { imports: &state.imports, table: &mut state.table }
    })?;
    Ok(linker)
}

impl HandlerState for Instances {
    type StoreData = GatewayState;
    type WorkerExpiration = Expiry;
    type WorkerState = Quota;

    async fn instantiate(&self) -> wasmtime::Result<Instance<GatewayState, Expiry, Quota>> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| AtCapacity)?;
        let computing = self.environment.limits.computing(self.engine.wasmtime().weak());
        let state = GatewayState {
            wasi: sandbox(&self.environment),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(self.environment.outbound.clone(), computing.clone())
                .until(Closing::when(self.closed.subscribe())),
            imports: self.imports.again(),
            limits: self.environment.limits.store_limits(),
            computing: computing.clone(),
            _place: place,
        };
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.limits);
        self.environment.limits.interrupt(&mut store, &computing);
        let service = self.service.instantiate_async(&mut store).await?;
        self.started.fetch_add(1, Relaxed);
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: GatewayState::http,
            expiration: Expiry {
                idle: self.options.idle,
                sleep: Box::pin(sleep(self.options.idle)),
                stopped: Box::pin(stopped(self.stopped.clone())),
                computing,
                waits: self.waits.clone(),
            },
            state: Quota {
                options: self.options.clone(),
                logs: self.environment.logs.clone(),
                fate: Fate::default(),
                waits: self.waits.clone(),
                stopped: self.stopped.clone(),
            },
        })
    }
}

/// Until the gateway is told to stop, or is gone.
async fn stopped(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Ends an instance that has had nothing to do for a while, or whose gateway stopped.
pub(super) struct Expiry {
    idle: Duration,
    sleep: Pin<Box<Sleep>>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    computing: Computing,
    waits: Arc<Notify>,
}

impl WorkerExpiration for Expiry {
    /// Called whenever the instance has been polled and waits for something.
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        self.computing.polled();
        self.waits.notify_waiters();
        // The gateway bounds its requests itself, and a stream may last.
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        if self.stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        // A time that no clock can name is never.
        let Some(deadline) = since.checked_add(self.idle) else { return Poll::Pending };
        self.sleep.as_mut().reset(deadline.into());
        self.sleep.as_mut().poll(context)
    }
}

/// How many requests an instance takes, and what becomes of it.
pub(super) struct Quota {
    options: GatewayOptions,
    logs: Logs,
    fate: Fate,
    waits: Arc<Notify>,
    stopped: watch::Receiver<bool>,
}

impl WorkerState for Quota {
    type StoreData = GatewayState;
    type RequestData = Assigned;

    fn should_accept_request(&self, at_once: usize, in_all: usize) -> ShouldAccept {
        if in_all >= self.options.requests_per_instance {
            ShouldAccept::Never
        } else if at_once >= self.options.requests_at_once {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, GatewayState>,
        assigned: Assigned,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // A request comes to one instance only.
        let _ = assigned.set(self.fate.clone());
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<GatewayState>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            self.fate.ended_badly();
            // One that is let go with its runtime, once all is over, counts as one that panicked.
            if !*self.stopped.borrow() {
                self.logs.event("error", &format!("the gateway's instance ended: {error:#}"));
            }
        }
        // Now the bodies that it was writing end.
        drop(store);
        self.waits.notify_waiters();
    }
}
