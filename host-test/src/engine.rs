//! One Wasmtime engine for the process, and the components that it compiled.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use wasmtime::{Cache, CacheConfig, Config, EngineWeak, component::Component};

use crate::Error;

/// The plugin, as this crate's build script made it.
pub const PLUGIN_WASM: &[u8] = include_bytes!(env!("PENSTOCK_PLUGIN_WASM"));

/// The HTTP gateway, as this crate's build script made it.
pub const GATEWAY_WASM: &[u8] = include_bytes!(env!("PENSTOCK_GATEWAY_WASM"));

/// How often a computing guest is interrupted. It yields then, so that one busy
/// instance does not hold a thread of the runtime.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Where compiled code is kept between runs.
///
/// Whoever can write there can run native code in this process: choose a folder
/// that only the service's own user can write.
#[derive(Clone, Debug, Default)]
pub enum CodeCache {
    /// Wasmtime's folder in the user's cache directory.
    #[default]
    User,
    /// This folder.
    Folder(PathBuf),
    /// Nowhere: every process compiles.
    Off,
}

/// Compiles the components, each of them once. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasmtime: wasmtime::Engine,
    plugin: Mutex<Option<Component>>,
    gateway: Mutex<Option<Component>>,
}

impl Engine {
    /// The engine that a process shares, with [`CodeCache::User`].
    ///
    /// # Errors
    ///
    /// When Wasmtime does not run on this platform.
    pub fn shared() -> Result<Self, Error> {
        static SHARED: OnceLock<Engine> = OnceLock::new();
        if let Some(engine) = SHARED.get() {
            return Ok(engine.clone());
        }
        let engine = Self::new(&CodeCache::User)?;
        Ok(SHARED.get_or_init(|| engine).clone())
    }

    /// An engine of its own. A process seldom needs two.
    ///
    /// A cache that cannot be used is left out: it only saves time.
    ///
    /// # Errors
    ///
    /// When Wasmtime does not run on this platform.
    pub fn new(cache: &CodeCache) -> Result<Self, Error> {
        let mut config = Config::new();
        config.wasm_component_model_async(true);
        config.epoch_interruption(true);
        // The components have no names of functions: a backtrace would be numbers.
        config.wasm_backtrace_max_frames(None);
        config.cache(open(cache));
        let wasmtime = wasmtime::Engine::new(&config).map_err(|error| Error::component(&error))?;
        tick(wasmtime.weak());
        Ok(Self(Arc::new(Inner { wasmtime, plugin: Mutex::default(), gateway: Mutex::default() })))
    }

    /// Wasmtime's engine, for an embedder that links more.
    #[must_use]
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.wasmtime
    }

    /// The plugin, compiled on first use. That takes seconds without a cache.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when it does not compile.
    pub fn plugin(&self) -> Result<Component, Error> {
        self.compiled(&self.0.plugin, PLUGIN_WASM)
    }

    /// The gateway, compiled on first use. That takes seconds without a cache.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when it does not compile.
    pub fn gateway(&self) -> Result<Component, Error> {
        self.compiled(&self.0.gateway, GATEWAY_WASM)
    }

    /// The lock is held while compiling: whoever comes second waits instead of
    /// compiling too.
    fn compiled(&self, slot: &Mutex<Option<Component>>, wasm: &[u8]) -> Result<Component, Error> {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = &*slot {
            return Ok(component.clone());
        }
        let component =
            Component::from_binary(&self.0.wasmtime, wasm).map_err(|error| Error::component(&error))?;
        Ok(slot.insert(component).clone())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

fn open(cache: &CodeCache) -> Option<Cache> {
    let mut config = CacheConfig::new();
    match cache {
        CodeCache::User => {}
        CodeCache::Folder(folder) => {
            config.with_directory(folder);
        }
        CodeCache::Off => return None,
    }
    Cache::new(config).ok()
}

/// Drives the epochs until the engine is gone.
fn tick(engine: EngineWeak) {
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}
