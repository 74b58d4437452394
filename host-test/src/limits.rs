//! What one instance may use.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use wasmtime::{EngineWeak, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline, format_err};

use crate::engine::TICK;

/// What one instance may use. An instance that wants more ends, with
/// [`Error::Instance`](crate::Error::Instance) for the calls on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Memory in bytes, 704 MiB unless set. All calls on the instance share it: twice what answers
    /// may take (`PENSTOCK_MEMORY_BYTES`), since freed memory is free in pieces, and 64 MiB for the rest.
    /// With less, that setting must be lowered too, or calls are refused with a failure that names it.
    pub memory: usize,
    /// How long it may compute without once waiting for anything, 30 s unless set.
    /// Decoding a page takes milliseconds; this catches a loop that never ends.
    pub computing: Duration,
    /// For tests of what others see of an instance that traps.
    #[doc(hidden)]
    pub trap: Option<TrapAt>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 704 << 20, computing: Duration::from_secs(30), trap: None }
    }
}

/// Traps the instance that comes back from a certain host call. All instances of an
/// environment are counted together.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct TrapAt {
    call: u64,
    calls: Arc<AtomicU64>,
}

impl TrapAt {
    /// The host call with this number, from 1.
    #[must_use]
    pub fn host_call(call: u64) -> Self {
        Self { call, calls: Arc::default() }
    }

    /// Whether it came to that.
    #[must_use]
    pub fn sprung(&self) -> bool {
        self.calls.load(Relaxed) >= self.call
    }
}

impl Limits {
    pub(crate) fn store_limits(&self) -> StoreLimits {
        // Trapping names the limit; a refused growth would only show as an abort.
        StoreLimitsBuilder::new().memory_size(self.memory).trap_on_grow_failure(true).build()
    }

    /// Makes the store's guest yield at every tick, and end when it computes for
    /// too long; and lets it hand over as much at once as it may have. Whoever polls the store
    /// calls [`Computing::polled`] first.
    pub(crate) fn interrupt<T>(&self, store: &mut Store<T>, computing: &Computing) {
        // 128 MiB unless set, which the records of one page may be more than.
        store.set_hostcall_fuel(self.memory);
        let observed = computing.clone();
        let limit = self.computing;
        let ticks = limit.div_duration_f64(TICK).ceil().max(1.0) as u64;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if observed.0.doomed.load(Relaxed) {
                return Err(format_err!("it was to trap here"));
            }
            observed.0.yielded.store(true, Relaxed);
            if observed.0.ticks.fetch_add(1, Relaxed) >= ticks {
                return Err(format_err!("it computed for more than {limit:?} without a pause"));
            }
            Ok(UpdateDeadline::Yield(1))
        });
    }

    pub(crate) fn computing(&self, engine: EngineWeak) -> Computing {
        Computing(Arc::default(), self.trap.clone().map(|trap| (trap, engine)))
    }
}

/// For how many ticks a guest has been computing.
#[derive(Clone)]
pub(crate) struct Computing(Arc<Ticks>, Option<(TrapAt, EngineWeak)>);

#[derive(Debug, Default)]
struct Ticks {
    yielded: AtomicBool,
    ticks: AtomicU64,
    doomed: AtomicBool,
}

impl Computing {
    /// A poll that does not follow upon an interruption means that the guest had
    /// been waiting in between.
    pub(crate) fn polled(&self) {
        self.called();
        if !self.0.yielded.swap(false, Relaxed) {
            self.0.ticks.store(0, Relaxed);
        }
    }

    /// Whether calls are counted, in order to trap at one of them.
    pub(crate) fn is_counting(&self) -> bool {
        self.1.is_some()
    }

    /// The guest called the host, or the host is about to go on with the guest.
    pub(crate) fn called(&self) {
        let Some((trap, engine)) = &self.1 else { return };
        if trap.calls.fetch_add(1, Relaxed) + 1 == trap.call
            && let Some(engine) = engine.upgrade()
        {
            self.0.doomed.store(true, Relaxed);
            engine.increment_epoch();
        }
    }
}
