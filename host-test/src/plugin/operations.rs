//! Calls of `penstock:connector`: any operation by name, and the component's state.

use futures_util::FutureExt;

use super::{Plugin, owned};
use crate::{
    Error, Records,
    bindings::{
        admin::{Readiness, Scope, Stored},
        operations::{Answer, BatchCall, BatchOptions, BatchResult, ListItem, Operation},
        types::{CallOptions, Outcome},
    },
    effects,
    records::Bound,
};

impl Plugin {
    /// The providers that the component knows.
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`].
    pub async fn providers(&self) -> Result<Vec<String>, Error> {
        self.read(|caller, guest| guest.penstock_connector_operations().call_vendors(caller).boxed()).await
    }

    /// The operations of a provider whose name, method or path contains the filter.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for an unknown provider; else as [`Plugin::run`].
    pub async fn describe(&self, provider: &str, filter: Option<&str>) -> Result<Vec<Operation>, Error> {
        let (provider, filter) = (provider.to_owned(), filter.map(str::to_owned));
        let described = self.read(|caller, guest| {
            guest.penstock_connector_operations().call_describe(caller, provider, filter).boxed()
        });
        Ok(described.await??)
    }

    /// Calls an operation once, by its name: `jpm.jobs-get`, parameters by the
    /// provider's names, JSON in and out.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] when the call failed; else as [`Plugin::run`].
    pub async fn invoke<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> Result<Answer, Error> {
        let (provider, operation) = (provider.to_owned(), operation.to_owned());
        let parameters = owned(parameters);
        let lost = effects::lost(&provider, &operation);
        let invoked = self.run_for(lost, |caller, guest| {
            guest
                .penstock_connector_operations()
                .call_invoke(caller, provider, operation, parameters, body, options)
                .boxed()
        });
        Ok(invoked.await??)
    }

    /// Makes many calls, each as [`Plugin::invoke`] does; the results come in the order of
    /// the calls, and one failure harms none of the others.
    ///
    /// # Errors
    ///
    /// What does not fit, before anything was sent; and an instance that could not be used.
    pub async fn batch(
        &self,
        provider: &str,
        calls: Vec<BatchCall>,
        batch: BatchOptions,
        options: Option<CallOptions>,
    ) -> Result<Vec<BatchResult>, Error> {
        let provider = provider.to_owned();
        let reads = calls.iter().all(|call| effects::is_read(&provider, &call.operation));
        let lost = if reads { Outcome::NotApplied } else { Outcome::Unknown };
        let made = self.run_for(lost, move |caller, guest| {
            guest.penstock_connector_operations().call_batch(caller, provider, calls, batch, options).boxed()
        });
        Ok(made.await??)
    }

    /// Streams every record of a list, one JSON text each.
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`]. What goes wrong later is the stream's last item.
    pub async fn list<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        options: Option<CallOptions>,
    ) -> Result<Records<String>, Error> {
        self.list_with(provider, operation, parameters, None, options).await
    }

    /// The same for a list that is asked for with a body: the rows of a report.
    ///
    /// # Errors
    ///
    /// As [`Plugin::list`].
    pub async fn list_with<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> Result<Records<String>, Error> {
        let (provider, operation) = (provider.to_owned(), operation.to_owned());
        let parameters = owned(parameters);
        self.records(|caller, guest| {
            guest
                .penstock_connector_operations()
                .call_list(caller, provider, operation, parameters, body, options)
                .boxed()
        })
        .await
    }

    /// The same with positions between the records, for a consumer that keeps its place while
    /// it reads. With `most`, the read ends exactly behind so many records.
    ///
    /// # Errors
    ///
    /// As [`Plugin::list`].
    pub async fn list_with_positions<N: Into<String>, V: Into<String>>(
        &self,
        provider: &str,
        operation: &str,
        parameters: impl IntoIterator<Item = (N, V)>,
        body: Option<String>,
        options: Option<CallOptions>,
        most: Option<u64>,
    ) -> Result<Records<ListItem>, Error> {
        let (provider, operation) = (provider.to_owned(), operation.to_owned());
        let parameters = owned(parameters);
        let bound = most.map(|most| Bound { most, counts: |item| matches!(item, ListItem::Record(_)) });
        self.records_within(bound, |caller, guest| {
            guest
                .penstock_connector_operations()
                .call_list_with_positions(caller, provider, operation, parameters, body, options)
                .boxed()
        })
        .await
    }

    /// True while the component answers at all. Never asks the provider.
    pub async fn health(&self) -> bool {
        let asked = self.read(|caller, guest| guest.penstock_connector_admin().call_health(caller).boxed());
        asked.await.unwrap_or(false)
    }

    /// Whether calls can be made for an account, and what is missing. Never asks
    /// the provider.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for an unknown provider; else as [`Plugin::run`].
    pub async fn ready(&self, provider: &str, account: Option<&str>) -> Result<Readiness, Error> {
        let (provider, account) = (provider.to_owned(), account.map(str::to_owned));
        let asked = self.read(|caller, guest| {
            guest.penstock_connector_admin().call_ready(caller, provider, account).boxed()
        });
        Ok(asked.await??)
    }

    /// The component's metrics in the Prometheus text format 0.0.4.
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`].
    pub async fn metrics(&self) -> Result<String, Error> {
        self.read(|caller, guest| guest.penstock_connector_admin().call_metrics(caller).boxed()).await
    }

    /// A snapshot of the component's metrics, as a JSON object.
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`].
    pub async fn snapshot(&self) -> Result<String, Error> {
        self.read(|caller, guest| guest.penstock_connector_admin().call_snapshot(caller).boxed()).await
    }

    /// Forgets something at once.
    ///
    /// # Errors
    ///
    /// As [`Plugin::run`].
    pub async fn invalidate(&self, scope: Scope) -> Result<(), Error> {
        self.read(move |caller, guest| {
            guest.penstock_connector_admin().call_invalidate(caller, scope).boxed()
        })
        .await
    }

    /// Forgets the answers that are kept of one owner of data, for instance a user of
    /// Asleep's.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for an unknown provider or incomplete settings; else as
    /// [`Plugin::run`].
    pub async fn forget_owner(
        &self,
        provider: &str,
        account: Option<&str>,
        owner: &str,
    ) -> Result<(), Error> {
        let (provider, account, owner) = (provider.to_owned(), account.map(str::to_owned), owner.to_owned());
        let asked = self.read(|caller, guest| {
            guest.penstock_connector_admin().call_forget_owner(caller, provider, account, owner).boxed()
        });
        Ok(asked.await??)
    }

    /// What the shared state has of an account's tenant, by kind.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for an unknown provider, incomplete settings, or a store that does not
    /// answer; else as [`Plugin::run`].
    pub async fn list_state(&self, provider: &str, account: Option<&str>) -> Result<Vec<Stored>, Error> {
        let (provider, account) = (provider.to_owned(), account.map(str::to_owned));
        let asked = self.read(|caller, guest| {
            guest.penstock_connector_admin().call_list_state(caller, provider, account).boxed()
        });
        Ok(asked.await??)
    }

    /// Removes what the shared state has of these kinds of an account's tenant, and says how many
    /// keys that were. Without `limit` an app may send too much for a moment; without `webhook`
    /// events may be handed out again, and without `idempotency` requests may be repeated.
    ///
    /// # Errors
    ///
    /// As [`Plugin::list_state`], and for a kind that there is not.
    pub async fn clear_state(
        &self,
        provider: &str,
        account: Option<&str>,
        kinds: &[&str],
    ) -> Result<u32, Error> {
        let (provider, account) = (provider.to_owned(), account.map(str::to_owned));
        let kinds: Vec<_> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let asked = self.read(|caller, guest| {
            guest.penstock_connector_admin().call_clear_state(caller, provider, account, kinds).boxed()
        });
        Ok(asked.await??)
    }
}
