//! Calls that move a file.

use futures_util::{FutureExt, future::BoxFuture};

use super::{Plugin, owned};
use crate::{
    Error,
    bindings::{
        Caller, Guest,
        files::Download,
        operations::Answer,
        types::{CallOptions, Failure},
    },
    files::{self, File, Outgoing},
};

impl Plugin {
    /// Gets the file of an operation that answers with one, by its name:
    /// `telecom.calls-download-recording`, parameters by the provider's names.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] when the call failed before the first byte; else as
    /// [`Plugin::run`]. What goes wrong later is the stream's last item.
    pub async fn download<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        options: Option<CallOptions>,
    ) -> Result<File, Error> {
        let (provider, operation) = (provider.to_owned(), operation.to_owned());
        let parameters = owned(parameters);
        self.file(move |caller, guest| {
            let transfers = guest.penstock_connector_transfers();
            transfers.call_download(caller, provider, operation, parameters, options).boxed()
        })
        .await
    }

    /// Makes a typed call that answers with a file:
    ///
    /// ```no_run
    /// # use penstock_host::{Plugin, Error};
    /// # async fn example(plugin: Plugin) -> Result<(), Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut recording = plugin
    ///     .file(|caller, guest| {
    ///         let telecom = guest.penstock_servicetitan_telecom();
    ///         Box::pin(telecom.call_calls_download_recording(caller, 4711, None))
    ///     })
    ///     .await?;
    /// while let Some(bytes) = recording.try_next().await? {
    ///     println!("{} bytes", bytes.len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Plugin::download`].
    pub async fn file(
        &self,
        call: impl for<'a> FnOnce(
            &'a Caller,
            &'a Guest,
        ) -> BoxFuture<'a, wasmtime::Result<Result<Download, Failure>>>
        + Send
        + 'static,
    ) -> Result<File, Error> {
        // Before the call: the instance may end as soon as it has answered.
        let seen = self.ended();
        let piped = self.read(move |caller, guest| {
            async move {
                match call(caller, guest).await? {
                    Ok(file) => caller.with(|store| files::pipe(store, file)).map(Ok),
                    Err(failure) => Ok(Err(failure)),
                }
            }
            .boxed()
        });
        Ok(File::new(piped.await??, self.clone(), seen))
    }

    /// Sends a file with an operation that takes one, by its name. It is sent once.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] when the call failed; else as [`Plugin::run`].
    pub async fn upload<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        file: Outgoing,
        options: Option<CallOptions>,
    ) -> Result<Answer, Error> {
        let (provider, operation) = (provider.to_owned(), operation.to_owned());
        let parameters = owned(parameters);
        let sent = self.run(move |caller, guest| {
            async move {
                let file = file.into_argument(caller)?;
                let transfers = guest.penstock_connector_transfers();
                transfers.call_upload(caller, provider, operation, parameters, file, options).await
            }
            .boxed()
        });
        Ok(sent.await??)
    }
}
