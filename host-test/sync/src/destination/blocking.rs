//! What waits for the disk, one action at a time.

use super::Answer;
use crate::Error;
use futures_util::FutureExt;
use std::{
    marker::PhantomData,
    sync::mpsc::{Sender, channel},
    thread::{Builder, JoinHandle},
};
use tokio::sync::oneshot;

/// Why something could not be done, of some destination.
pub(super) trait Fails: Send + 'static {
    /// The error, of this destination.
    fn told(self, place: &str) -> Error;
}

type Action<T> = Box<dyn FnOnce(&mut T) + Send>;

/// A file or folder that is used on a thread that may wait, and fails with `E`. It is one thread, and always the same:
/// the allocator keeps what each has ever used, so that a pool of them would take more and more.
pub(super) struct Blocking<T, E> {
    /// Its name for a person.
    pub(super) name: String,
    actions: Option<Sender<Action<T>>>,
    thread: Option<JoinHandle<()>>,
    fails: PhantomData<fn() -> E>,
}

impl<T: Send + 'static, E: Fails> Blocking<T, E> {
    /// Something that is used on a thread of its own from now on.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn new(name: String, mut inner: T) -> Result<Blocking<T, E>, Error> {
        let (actions, asked) = channel::<Action<T>>();
        let work = move || asked.into_iter().for_each(|action| action(&mut inner));
        let thread = Builder::new().name("destination".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::Destination {
            place: name.clone(),
            what: "there is no thread for it".to_owned(),
            source: Some(Box::new(error)),
        })?;
        Ok(Blocking { name, actions: Some(actions), thread: Some(thread), fails: PhantomData })
    }

    /// Does something with it.
    pub(super) fn with<A: Send + 'static>(
        &self,
        action: impl FnOnce(&mut T) -> Result<A, E> + Send + 'static,
    ) -> Answer<'static, A> {
        let (tell, told) = oneshot::channel();
        let action = Box::new(move |inner: &mut T| drop(tell.send(action(inner))));
        // Where the thread is gone, nobody tells either.
        let _ = self.actions.as_ref().map(|actions| actions.send(action));
        let name = self.name.clone();
        async move { told.await.map_err(|_| Error::Stopped)?.map_err(|failed: E| failed.told(&name)) }.boxed()
    }
}

/// What was begun is done, and closed, before anybody else may have it.
impl<T, E> Drop for Blocking<T, E> {
    fn drop(&mut self) {
        drop(self.actions.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so.
            let _ = thread.join();
        }
    }
}
