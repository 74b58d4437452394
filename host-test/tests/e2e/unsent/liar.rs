//! A host that is not ours: Wasmtime alone, with HTTP that lies.

use std::{future::ready, pin::pin};

use futures_util::future::{Either, select};
use http::{Request, Response};
use penstock_host::{
    Engine,
    bindings::{
        Guest,
        host::{config, secrets, state, types::HostError},
        operations::Answer,
        types::Failure,
    },
    http::{Outbound, OutboundPolicy},
    sources::{Layered, Source},
};
use std::sync::Arc;
use tokio::sync::watch;
use wasmtime::{
    Store,
    component::{Accessor, HasData, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as Code, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// Waits until the provider has read a request, whole, and then says that something else went wrong.
pub struct Liar {
    /// What it says.
    pub code: fn() -> Code,
    /// How many requests the provider has read and not answered.
    pub reads: watch::Receiver<usize>,
    /// What it answers to the component.
    pub settings: Layered,
}

impl Liar {
    /// Calls an operation of ServiceTitan's.
    pub async fn invoke(self, operation: &str, body: Option<String>) -> Result<Answer, Failure> {
        let engine = Engine::shared().unwrap();
        let linker = linker(&engine);
        let state = State {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            hooks: Lies { code: self.code, reads: self.reads },
            settings: Arc::new(self.settings),
        };
        let mut store = Store::new(engine.wasmtime(), state);
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = linker.instantiate_async(&mut store, &engine.plugin().unwrap()).await.unwrap();
        let guest = Guest::new(&mut store, &instance).unwrap();
        let operation = operation.to_owned();
        let operations = guest.penstock_connector_operations();
        let called = store.run_concurrent(async |caller| {
            let provider = "servicetitan".to_owned();
            operations.call_invoke(caller, provider, operation, Vec::new(), body, None).await
        });
        called.await.unwrap().unwrap()
    }
}

fn linker(engine: &Engine) -> Linker<State> {
    let mut linker = Linker::new(engine.wasmtime());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi::p3::add_to_linker(&mut linker).unwrap();
    wasmtime_wasi_http::p3::add_to_linker(&mut linker).unwrap();
    secrets::add_to_linker::<_, Answers>(&mut linker, |state| state).unwrap();
    config::add_to_linker::<_, Answers>(&mut linker, |state| state).unwrap();
    state::add_to_linker::<_, Answers>(&mut linker, |state| state).unwrap();
    linker
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    hooks: Lies,
    settings: Arc<Layered>,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

struct Lies {
    code: fn() -> Code,
    reads: watch::Receiver<usize>,
}

type Io = Box<dyn Future<Output = Result<(), Code>> + Send>;

impl WasiHttpHooks for Lies {
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Code>> + Send> {
        let (code, mut reads) = (self.code, self.reads.clone());
        Box::new(async move {
            let before = *reads.borrow_and_update();
            let outbound = Outbound::with_policy(OutboundPolicy::none().allow_loopback());
            let sent = pin!(outbound.send(request, RequestOptions::default()));
            let read = pin!(reads.wait_for(|count| *count > before));
            match select(sent, read).await {
                Either::Left((response, _)) => Ok((response?, Box::new(ready(Ok(()))) as Io)),
                Either::Right(_) => Err(code()),
            }
        })
    }
}

/// Answers from the settings.
struct Answers;

impl HasData for Answers {
    type Data<'a> = &'a mut State;
}

async fn answer<T: 'static>(caller: &Accessor<T, Answers>, name: &str) -> Result<Option<String>, HostError> {
    let settings = caller.with(|mut access| access.get().settings.clone());
    let found = settings.get(name).await.map_err(|error| HostError::Failed(error.to_string()))?;
    Ok(found.map(|found| found.expose().to_owned()))
}

impl secrets::Host for State {}

impl<T: Send + 'static> secrets::HostWithStore<T> for Answers {
    async fn get(caller: &Accessor<T, Self>, name: String) -> Result<Option<String>, HostError> {
        answer(caller, &name).await
    }
}

impl config::Host for State {}

impl<T: Send + 'static> config::HostWithStore<T> for Answers {
    async fn get(caller: &Accessor<T, Self>, name: String) -> Result<Option<String>, HostError> {
        answer(caller, &name).await
    }
}

fn no_store<A>() -> Result<A, HostError> {
    Err(HostError::Unavailable("no store".to_owned()))
}

impl state::Host for State {}

impl<T: Send + 'static> state::HostWithStore<T> for Answers {
    async fn get(_: &Accessor<T, Self>, _: String) -> Result<Option<Vec<u8>>, HostError> {
        no_store()
    }

    async fn set(_: &Accessor<T, Self>, _: String, _: Vec<u8>, _: Option<u64>) -> Result<(), HostError> {
        no_store()
    }

    async fn delete(_: &Accessor<T, Self>, _: String) -> Result<(), HostError> {
        no_store()
    }

    async fn claim(
        _: &Accessor<T, Self>,
        _: String,
        _: Vec<u8>,
        _: u64,
    ) -> Result<Option<Vec<u8>>, HostError> {
        no_store()
    }

    async fn swap(
        _: &Accessor<T, Self>,
        _: String,
        _: Vec<u8>,
        _: Vec<u8>,
        _: u64,
    ) -> Result<bool, HostError> {
        no_store()
    }

    async fn release(_: &Accessor<T, Self>, _: String, _: Vec<u8>) -> Result<(), HostError> {
        no_store()
    }

    async fn list_keys(_: &Accessor<T, Self>, _: String, _: u32) -> Result<Vec<String>, HostError> {
        no_store()
    }

    async fn take_turns(
        _: &Accessor<T, Self>,
        _: String,
        _: state::TurnRequest,
    ) -> Result<state::Turns, HostError> {
        no_store()
    }
}
