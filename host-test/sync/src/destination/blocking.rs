//! What waits for the disk, one action at a time.

use super::Answer;
use crate::Error;
use futures_util::FutureExt;
use std::{
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

/// Why something could not be done, of some destination.
pub(super) trait Fails: Send + 'static {
    /// The error, of this destination.
    fn told(self, place: &str) -> Error;
}

/// A file or folder that is used on threads that may wait, and fails with `E`.
pub(super) struct Blocking<T, E> {
    /// Its name for a person.
    pub(super) name: String,
    inner: Arc<Mutex<T>>,
    fails: PhantomData<fn() -> E>,
}

impl<T: Send + 'static, E: Fails> Blocking<T, E> {
    pub(super) fn new(name: String, inner: T) -> Blocking<T, E> {
        Blocking { name, inner: Arc::new(Mutex::new(inner)), fails: PhantomData }
    }

    /// Does something with it.
    pub(super) fn with<A: Send + 'static>(
        &self,
        action: impl FnOnce(&mut T) -> Result<A, E> + Send + 'static,
    ) -> Answer<'static, A> {
        let (inner, name) = (Arc::clone(&self.inner), self.name.clone());
        async move {
            let done = tokio::task::spawn_blocking(move || {
                action(&mut inner.lock().unwrap_or_else(PoisonError::into_inner))
            });
            done.await.map_err(|_| Error::Stopped)?.map_err(|failed| failed.told(&name))
        }
        .boxed()
    }
}
