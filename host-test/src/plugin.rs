//! The component as an actor: cheap handles, and one task that drives the instance.

mod files;
mod operations;
mod unsent;
mod webhooks;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{mpsc, oneshot, watch};
use wasmtime::component::{FutureReader, StreamReader};

use crate::{
    Environment, Error,
    bindings::{
        Caller, Guest,
        types::{Failure, ListEnd, Outcome},
    },
    engine::Engine,
    http::Outbound,
    instance::Prepared,
    records::{self, Bound, Records},
    worker::{Ended, Job, Worker},
};

/// How many calls may wait for the driving task to notice them. It notices them
/// at once, so this only bounds a burst.
const QUEUE: usize = 1024;

/// A running component. Clones are handles to the same one.
///
/// All calls run at once on one instance: they share its token, its limiter, its
/// breaker and its cache. Should the instance end, the calls on it get
/// [`Error::Instance`] and the next call gets a new instance.
///
/// Dropping a call's future does not cancel the call, which runs on unobserved. Give
/// it a `deadline-ms` instead: the component cancels what it has under way when that
/// has passed. When the last handle and the last [`Records`] are dropped, the
/// instance is dropped too, with everything under way on it.
#[derive(Clone, Debug)]
pub struct Plugin {
    jobs: mpsc::Sender<Job>,
    ended: watch::Receiver<Ended>,
    instances: Arc<AtomicU64>,
    outbound: Outbound,
}

impl Plugin {
    /// Starts the plugin that is part of this crate, on [`Engine::shared`].
    ///
    /// # Errors
    ///
    /// [`Error::Component`]: see [`Plugin::start_on`].
    pub async fn start(environment: Environment) -> Result<Self, Error> {
        let engine = Engine::shared()?;
        // Compiling takes seconds when no cache has the code.
        let component = tokio::task::spawn_blocking({
            let engine = engine.clone();
            move || engine.plugin()
        })
        .await
        .map_err(|_| Error::Stopped)??;
        Self::start_on(&engine, &component, environment).await
    }

    /// Starts a component of this world on an engine of the embedder's choice.
    /// Must be called on a Tokio runtime, which then drives it.
    ///
    /// # Errors
    ///
    /// [`Error::Component`] when the component imports what this host does not
    /// have, lacks an export, or does not fit the limits.
    pub async fn start_on(
        engine: &Engine,
        component: &wasmtime::component::Component,
        environment: Environment,
    ) -> Result<Self, Error> {
        let prepared = Prepared::new(engine, component)?;
        let first = prepared.instantiate(&environment).await?;
        let (jobs, receiver) = mpsc::channel(QUEUE);
        let (publish, ended) = watch::channel(Ended::default());
        let instances = Arc::new(AtomicU64::new(1));
        let outbound = environment.outbound.clone();
        let worker =
            Worker { prepared, environment, jobs: receiver, ended: publish, instances: instances.clone() };
        tokio::spawn(worker.run(first));
        Ok(Self { jobs, ended, instances, outbound })
    }

    /// How many instances were started so far. More than one means that one ended
    /// by a trap, which the log tells about.
    #[must_use]
    pub fn instances_started(&self) -> u64 {
        self.instances.load(Relaxed)
    }

    /// Runs any typed calls. The closure gets what a call needs and the exports:
    ///
    /// ```no_run
    /// # use penstock_host::{Plugin, Error, bindings::jpm::JobsGetQuery};
    /// # async fn example(plugin: Plugin, query: JobsGetQuery) -> Result<(), Error> {
    /// let job = plugin
    ///     .run(|caller, guest| {
    ///         Box::pin(guest.penstock_servicetitan_jpm().call_jobs_get(caller, 4711, query, None))
    ///     })
    ///     .await??;
    /// # Ok(()) }
    /// ```
    ///
    /// A stream that a call returns must be piped or closed inside the closure;
    /// [`Plugin::records`] does that for lists.
    ///
    /// # Errors
    ///
    /// [`Error::Instance`] when the instance ended, also when the closure itself
    /// returns an error; [`Error::Component`] when no new one could be started.
    ///
    /// # Panics
    ///
    /// When the closure panics.
    pub async fn run<R: Send + 'static>(
        &self,
        calls: impl for<'a> FnOnce(&'a Caller, &'a Guest) -> BoxFuture<'a, wasmtime::Result<R>> + Send + 'static,
    ) -> Result<R, Error> {
        self.run_for(Outcome::Unknown, calls).await
    }

    /// The same for calls that change nothing at the provider's.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        calls: impl for<'a> FnOnce(&'a Caller, &'a Guest) -> BoxFuture<'a, wasmtime::Result<R>> + Send + 'static,
    ) -> Result<R, Error> {
        self.run_for(Outcome::NotApplied, calls).await
    }

    /// `lost` is the outcome of the calls if the instance ends under them.
    pub(crate) async fn run_for<R: Send + 'static>(
        &self,
        lost: Outcome,
        calls: impl for<'a> FnOnce(&'a Caller, &'a Guest) -> BoxFuture<'a, wasmtime::Result<R>> + Send + 'static,
    ) -> Result<R, Error> {
        let (reply, answer) = oneshot::channel();
        let seen = self.ended();
        let job: Job = Box::new(move |instance| {
            let (caller, guest) = match instance {
                Ok(instance) => instance,
                Err(error) => {
                    let _ = reply.send(Ok(Err(error)));
                    return std::future::ready(Ok(())).boxed();
                }
            };
            async move {
                let result = AssertUnwindSafe(async { calls(caller, guest).await }).catch_unwind().await;
                let fate = match &result {
                    Ok(Err(error)) => Err(format!("{error:#}")),
                    _ => Ok(()),
                };
                // Nobody listens any more when the caller dropped its future.
                let _ =
                    reply.send(result.map(|result| result.map_err(|error| Error::instance(&error, lost))));
                fate
            }
            .boxed()
        });
        self.jobs.send(job).await.map_err(|_| Error::Stopped)?;
        match answer.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(self.why(seen, lost).await),
        }
    }

    /// Starts a typed list and gives its records as a stream:
    ///
    /// ```no_run
    /// # use penstock_host::{Plugin, Error, bindings::jpm::JobsQuery};
    /// # async fn example(plugin: Plugin, query: JobsQuery) -> Result<(), Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut jobs = plugin
    ///     .records(|caller, guest| {
    ///         Box::pin(guest.penstock_servicetitan_jpm().call_jobs_list(caller, query, None))
    ///     })
    ///     .await?;
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{}", job.id);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`]. What goes wrong later is the stream's last item.
    pub async fn records<T: wasmtime::component::Lift + Send + 'static>(
        &self,
        call: impl for<'a> FnOnce(
            &'a Caller,
            &'a Guest,
        ) -> BoxFuture<
            'a,
            wasmtime::Result<(StreamReader<T>, FutureReader<Result<ListEnd, Failure>>)>,
        > + Send
        + 'static,
    ) -> Result<Records<T>, Error> {
        self.records_within(None, call).await
    }

    /// The same for the first of them.
    pub(crate) async fn records_within<T: wasmtime::component::Lift + Send + 'static>(
        &self,
        bound: Option<Bound<T>>,
        call: impl for<'a> FnOnce(
            &'a Caller,
            &'a Guest,
        ) -> BoxFuture<
            'a,
            wasmtime::Result<(StreamReader<T>, FutureReader<Result<ListEnd, Failure>>)>,
        > + Send
        + 'static,
    ) -> Result<Records<T>, Error> {
        // Before the call: the instance may end as soon as it has answered.
        let seen = self.ended();
        let piped = self.read(move |caller, guest| {
            async move {
                let (stream, end) = call(caller, guest).await?;
                caller.with(|store| records::pipe(store, stream, end, bound))
            }
            .boxed()
        });
        Ok(Records::new(piped.await?, self.clone(), seen))
    }

    /// Why an answer never came, for a call that was made when `seen` instances
    /// had ended.
    pub(crate) async fn why(&self, seen: u64, outcome: Outcome) -> Error {
        let mut ended = self.ended.clone();
        match ended.wait_for(|ended| ended.count > seen).await {
            Ok(ended) => Error::Instance { reason: ended.reason.clone(), outcome },
            Err(_) => Error::Stopped,
        }
    }

    pub(crate) fn ended(&self) -> u64 {
        self.ended.borrow().count
    }
}

fn owned<N: Into<String>, V: Into<String>>(
    parameters: impl IntoIterator<Item = (N, V)>,
) -> Vec<(String, String)> {
    parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
