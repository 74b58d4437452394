//! The task that owns the instance, polls it, and replaces it when it ends.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::{mpsc, watch};

use crate::{
    Environment, Error,
    bindings::{Caller, Guest},
    instance::{Instance, Prepared},
};

/// One caller's work. It gets an instance, or why there is none, and says whether
/// the instance can be used on.
pub(crate) type Job = Box<
    dyn for<'a> FnOnce(Result<(&'a Caller, &'a Guest), Error>) -> BoxFuture<'a, Result<(), String>> + Send,
>;

/// How many instances have ended by a trap, and why the last one did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) count: u64,
    pub(crate) reason: String,
}

pub(crate) struct Worker {
    pub(crate) prepared: Prepared,
    pub(crate) environment: Environment,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) ended: watch::Sender<Ended>,
    pub(crate) instances: Arc<AtomicU64>,
}

impl Worker {
    /// Runs until the last handle is dropped.
    pub(crate) async fn run(mut self, mut instance: Instance) {
        let mut waiting = None;
        loop {
            let Err(reason) = self.serve(instance, waiting.take()).await else { return };
            self.environment.logs.event("error", &format!("the component's instance ended: {reason}"));
            self.ended.send_modify(|ended| {
                ended.count += 1;
                ended.reason = reason;
            });
            // A new instance only when somebody wants one: a component that traps
            // at once must not keep this task busy.
            instance = loop {
                let Some(job) = self.jobs.recv().await else { return };
                match self.prepared.instantiate(&self.environment).await {
                    Ok(new) => {
                        waiting = Some(job);
                        break new;
                    }
                    Err(error) => {
                        self.environment.logs.event("error", &error.to_string());
                        let _ = job(Err(error)).await;
                    }
                }
            };
            self.instances.fetch_add(1, Relaxed);
        }
    }

    /// Runs jobs on one instance, all at once. Ends well with the last handle, and
    /// with the reason when the instance cannot be used any more.
    async fn serve(&mut self, instance: Instance, first: Option<Job>) -> Result<(), String> {
        let Instance { mut store, guest, computing } = instance;
        let jobs = &mut self.jobs;
        // Tasks that the guest spawned go on only while this future is polled, so
        // it is one future for the life of the instance.
        let mut running = pin!(store.run_concurrent(async |caller| {
            let mut calls = FuturesUnordered::new();
            calls.extend(first.map(|job| job(Ok((caller, &guest)))));
            loop {
                tokio::select! {
                    job = jobs.recv() => match job {
                        Some(job) => calls.push(job(Ok((caller, &guest)))),
                        None => return Ok(()),
                    },
                    Some(fate) = calls.next() => fate?,
                }
            }
        }));
        let ended = poll_fn(|context| {
            computing.polled();
            running.as_mut().poll(context)
        });
        match ended.await {
            Ok(fate) => fate,
            Err(trap) => Err(format!("{trap:#}")),
        }
    }
}
