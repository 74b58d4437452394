//! A host that is nothing but Wasmtime and a map of settings.

use super::bad::Clocks;
use penstock_host::{
    bindings::host::{state as wit, types::HostError},
    state::{State, TurnRequest, Turns},
};
use std::{collections::BTreeMap, env, sync::Arc, time::Duration};
use wasmtime::{
    Engine, ResourceLimiter, Result,
    component::{Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// What the host says when it is asked for a setting or a secret.
#[derive(Clone)]
pub enum Says {
    /// What stands in its map.
    Value,
    /// The same, but not before so long.
    Late(Duration),
    /// That it cannot.
    Fails(&'static str),
    /// This, whatever it is asked for.
    Nonsense(&'static str),
}

/// What else a host has.
#[derive(Default)]
pub struct Given {
    pub state: Option<Arc<dyn State>>,
    /// In place of those of the machine.
    pub clocks: Option<Clocks>,
    /// The one byte that all its random numbers consist of; with clocks of its own.
    pub random: Option<u8>,
}

/// A host.
pub struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    values: Arc<BTreeMap<String, String>>,
    says: BTreeMap<&'static str, Says>,
    state: Option<Arc<dyn State>>,
    /// The component's memory, in bytes.
    pub memory: usize,
}

impl Host {
    /// How many resources the component holds: what it has opened and not dropped.
    pub fn resources(&mut self) -> usize {
        self.table.iter_mut().count()
    }

    pub fn new(values: BTreeMap<String, String>, says: BTreeMap<&'static str, Says>, given: Given) -> Host {
        let mut wasi = WasiCtxBuilder::new();
        if let Some(clocks) = given.clocks {
            clocks.give(&mut wasi, given.random);
        }
        if env::var_os("SHOW").is_some() {
            wasi.inherit_stderr();
        }
        Host {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            values: Arc::new(values),
            says,
            state: given.state,
            memory: 0,
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        self.memory = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: Default::default() }
    }
}

/// All that the component imports.
pub fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::<Host>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    for interface in ["secrets", "config"] {
        let name = format!("penstock:host/{interface}@0.1.0-p2");
        linker.instance(&name)?.func_wrap_async("get", move |store, (asked,): (String,)| {
            let says = store.data().says.get(interface).cloned().unwrap_or(Says::Value);
            let value = store.data().values.get(&asked).cloned();
            Box::new(async move { Ok((answer(says, value).await,)) })
        })?;
    }
    state(&mut linker)?;
    Ok(linker)
}

async fn answer(says: Says, value: Option<String>) -> std::result::Result<Option<String>, HostError> {
    match says {
        Says::Value => Ok(value),
        Says::Late(time) => {
            tokio::time::sleep(time).await;
            Ok(value)
        }
        Says::Fails(why) => Err(HostError::Failed(why.to_owned())),
        Says::Nonsense(text) => Ok(Some(text.to_owned())),
    }
}

/// The functions of the shared store that webhooks and administration need.
fn state(linker: &mut Linker<Host>) -> Result<()> {
    let mut instance = linker.instance("penstock:host/state@0.1.0-p2")?;
    macro_rules! function {
        ($name:literal, |$state:ident, $parameters:tt: $types:ty| $call:expr) => {
            instance.func_wrap_async($name, move |store, $parameters: $types| {
                let state = store.data().state.clone();
                Box::new(async move {
                    let Some($state) = state else {
                        return Ok((Err(HostError::Unavailable("none".to_owned())),));
                    };
                    Ok(($call.await.map_err(HostError::from),))
                })
            })?;
        };
    }
    let after = Duration::from_millis;
    function!("get", |state, (key,): (String,)| state.get(&key));
    function!("set", |state, (key, value, ttl): (String, Vec<u8>, Option<u64>)| state.set(
        &key,
        value,
        ttl.map(after)
    ));
    function!("delete", |state, (key,): (String,)| state.delete(&key));
    function!("claim", |state, (key, value, ttl): (String, Vec<u8>, u64)| state.claim(
        &key,
        value,
        after(ttl)
    ));
    function!("swap", |state, (key, expected, value, ttl): (String, Vec<u8>, Vec<u8>, u64)| state.swap(
        &key,
        &expected,
        value,
        after(ttl)
    ));
    function!("release", |state, (key, expected): (String, Vec<u8>)| state.release(&key, &expected));
    function!("list-keys", |state, (prefix, most): (String, u32)| state.keys(&prefix, most as usize));
    function!("take-turns", |state, (key, asked): (String, wit::TurnRequest)| async {
        let Turns { now, arrival, count, closed, since } = state.turns(&key, &request(asked)).await?;
        Ok::<_, penstock_host::sources::HostError>(wit::Turns { now, arrival, count, closed, since })
    });
    Ok(())
}

fn request(asked: wit::TurnRequest) -> TurnRequest {
    let wit::TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause } =
        asked;
    TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause }
}
