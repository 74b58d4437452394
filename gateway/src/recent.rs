//! What is read of the host at most once a second, or less often, however many ask.

use futures_util::lock::Mutex;
use penstock::{host::Host, policy::time::Tick};
use std::{rc::Rc, time::Duration};

/// How long what was read holds.
const AGE: Duration = Duration::from_secs(1);

/// A reading of the host. Whoever asks while it is being read waits for that reading.
pub struct Recent<T>(Mutex<Option<(Tick, Rc<T>)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Recent<T> {
    /// The last reading if it is no older than a second, or else what `read` answers.
    pub async fn get<H: Host>(&self, host: &H, read: impl Future<Output = T>) -> Rc<T> {
        self.get_within(AGE, host, read).await
    }

    /// The same of what costs more to read, and may be older.
    pub async fn get_within<H: Host>(&self, age: Duration, host: &H, read: impl Future<Output = T>) -> Rc<T> {
        let mut kept = self.0.lock().await;
        if let Some((at, value)) = &*kept
            && at.until(host.now()) < age
        {
            return Rc::clone(value);
        }
        let value = Rc::new(read.await);
        *kept = Some((host.now(), Rc::clone(&value)));
        value
    }
}
