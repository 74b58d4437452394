//! A typed call that is ready to be made.

use std::{fmt, future::IntoFuture, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use wasmtime::component::{FutureReader, Lift, StreamReader};

use crate::{
    Error, File, Plugin, Records,
    bindings::{
        Caller, Guest,
        files::Download,
        types::{CallOptions, Failure, ListEnd, Outcome},
    },
};

/// A typed call that is ready to be made: await it.
///
/// ```no_run
/// # use penstock_host::{Plugin, Error, bindings::jpm::JobsQuery};
/// # async fn example(plugin: Plugin) -> Result<(), Error> {
/// use futures_util::TryStreamExt;
/// use std::time::Duration;
///
/// let query = JobsQuery { technician_id: Some(7), ..JobsQuery::default() };
/// let jobs = plugin.servicetitan().jpm().jobs_list(query);
/// let mut jobs = jobs.account("west").deadline(Duration::from_secs(60)).await?;
/// while let Some(job) = jobs.try_next().await? {
///     println!("{}", job.id);
/// }
/// # Ok(()) }
/// ```
///
/// It fails with [`Error::Failure`] when the call failed; else as [`Plugin::run`]. A list
/// and a file fail later as the last item of their stream.
#[must_use = "a call is made when it is awaited"]
pub struct Call<T> {
    plugin: Plugin,
    options: CallOptions,
    make: Make<T>,
}

type Make<T> = Box<dyn FnOnce(Plugin, CallOptions) -> BoxFuture<'static, Result<T, Error>> + Send>;

/// A list as the component returns it.
type List<T> = (StreamReader<T>, FutureReader<Result<ListEnd, Failure>>);

/// What the component returns, or a trap.
type Returned<'a, R> = BoxFuture<'a, wasmtime::Result<R>>;

impl<T> Call<T> {
    /// With these options instead of those so far.
    pub fn with(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// With the credentials of this account instead of the default one's.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.options.account = Some(name.into());
        self
    }

    /// In no more time than this, waits included.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.options.deadline_ms = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Goes on where an earlier read stopped: the text from its end, its page or its failure.
    pub fn resume(mut self, text: impl Into<String>) -> Self {
        self.options.resume = Some(text.into());
        self
    }
}

#[allow(dead_code, reason = "without any interface nothing is called by its type")]
impl<R: Send + 'static> Call<R> {
    /// A call that answers with one value. `lost` is its outcome if the instance ends under it.
    pub(crate) fn answer(
        plugin: &Plugin,
        lost: Outcome,
        call: impl for<'a> FnOnce(&'a Caller, &'a Guest, Option<CallOptions>) -> Returned<'a, Result<R, Failure>>
        + Send
        + 'static,
    ) -> Self {
        Self::new(plugin, move |plugin, options| {
            async move {
                Ok(plugin.run_for(lost, |caller, guest| call(caller, guest, Some(options))).await??)
            }
            .boxed()
        })
    }

    fn new(
        plugin: &Plugin,
        make: impl FnOnce(Plugin, CallOptions) -> BoxFuture<'static, Result<R, Error>> + Send + 'static,
    ) -> Self {
        Self { plugin: plugin.clone(), options: CallOptions::default(), make: Box::new(make) }
    }
}

#[allow(dead_code, reason = "not every interface has lists")]
impl<T: Lift + Send + 'static> Call<Records<T>> {
    /// A call that answers with a list.
    pub(crate) fn records(
        plugin: &Plugin,
        call: impl for<'a> FnOnce(&'a Caller, &'a Guest, Option<CallOptions>) -> Returned<'a, List<T>>
        + Send
        + 'static,
    ) -> Self {
        Self::new(plugin, |plugin, options| {
            async move { plugin.records(|caller, guest| call(caller, guest, Some(options))).await }.boxed()
        })
    }
}

#[allow(dead_code, reason = "few interfaces have files")]
impl Call<File> {
    /// A call that answers with a file.
    pub(crate) fn file(
        plugin: &Plugin,
        call: impl for<'a> FnOnce(
            &'a Caller,
            &'a Guest,
            Option<CallOptions>,
        ) -> Returned<'a, Result<Download, Failure>>
        + Send
        + 'static,
    ) -> Self {
        Self::new(plugin, |plugin, options| {
            async move { plugin.file(|caller, guest| call(caller, guest, Some(options))).await }.boxed()
        })
    }
}

impl<T> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Result<T, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        (self.make)(self.plugin, self.options)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("options", &self.options).finish_non_exhaustive()
    }
}
