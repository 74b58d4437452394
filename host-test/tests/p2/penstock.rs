//! An instance of the component, and what is called of it.
//!
//! The Rust types are those of the embedding for WASI 0.3: what both flavours have is the same, and Wasmtime
//! compares it when a function is looked up.

use super::{
    component::component,
    host::{Given, Host, Says, linker},
};
use penstock_host::bindings::{
    files::FileInfo,
    jpm::{Job, JobsQuery},
    operations::Answer,
    types::{CallOptions, Failure, ListEnd},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::collections::BTreeMap;
use wasmtime::{
    Result, Store,
    component::{ComponentNamedList, ComponentType, Instance, Lift, Lower, ResourceAny},
};

pub const JPM: &str = "penstock:servicetitan/jpm@0.1.0-p2";
pub const FORMS: &str = "penstock:servicetitan/forms@0.1.0-p2";
pub const FILES: &str = "penstock:connector/files@0.1.0-p2";
pub const OPERATIONS: &str = "penstock:connector/operations@0.1.0-p2";
pub const ADMIN: &str = "penstock:connector/admin@0.1.0-p2";
pub const WEBHOOKS: &str = "penstock:connector/webhooks@0.1.0-p2";
pub const TRANSFERS: &str = "penstock:connector/transfers@0.1.0-p2";

/// The result of a function.
pub type Outcome<T> = std::result::Result<T, Failure>;
/// Parameters by name.
pub type Parameters = Vec<(String, String)>;

/// An instance of the component.
pub struct Penstock {
    pub store: Store<Host>,
    instance: Instance,
}

impl Penstock {
    pub async fn new(values: BTreeMap<String, String>) -> Penstock {
        Penstock::given(values, BTreeMap::new(), Given::default()).await
    }

    pub async fn given(
        values: BTreeMap<String, String>,
        says: BTreeMap<&'static str, Says>,
        given: Given,
    ) -> Penstock {
        let component = component();
        let engine = component.engine();
        let mut store = Store::new(engine, Host::new(values, says, given));
        store.limiter(|host| host);
        let instance = linker(engine).unwrap().instantiate_async(&mut store, component).await.unwrap();
        Penstock { store, instance }
    }

    /// Calls a function of an interface. What the component traps with is an error.
    pub async fn try_call<P, R>(&mut self, interface: &str, name: &str, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentType + Lift + Send + Sync + 'static,
    {
        let place = self.instance.get_export_index(&mut self.store, None, interface).expect(interface);
        let place = self.instance.get_export_index(&mut self.store, Some(&place), name).expect(name);
        let function = self.instance.get_typed_func::<P, (R,)>(&mut self.store, place)?;
        Ok(function.call_async(&mut self.store, parameters).await?.0)
    }

    pub async fn call<P, R>(&mut self, interface: &str, name: &str, parameters: P) -> R
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentType + Lift + Send + Sync + 'static,
    {
        self.try_call(interface, name, parameters).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    /// Calls a function that returns nothing.
    pub async fn call_unit<P>(&mut self, interface: &str, name: &str, parameters: P)
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
    {
        let place = self.instance.get_export_index(&mut self.store, None, interface).expect(interface);
        let place = self.instance.get_export_index(&mut self.store, Some(&place), name).expect(name);
        let function = self.instance.get_typed_func::<P, ()>(&mut self.store, place).unwrap();
        function.call_async(&mut self.store, parameters).await.unwrap();
    }

    pub async fn drop(&mut self, resource: ResourceAny) {
        resource.resource_drop_async(&mut self.store).await.unwrap();
    }

    /// Calls an operation by its name.
    pub async fn invoke(
        &mut self,
        operation: &str,
        parameters: &[(&str, &str)],
        body: Option<&str>,
        options: Option<CallOptions>,
    ) -> Outcome<Answer> {
        let call =
            ("servicetitan".to_owned(), operation.to_owned(), owned(parameters), body.map(str::to_owned));
        let (vendor, operation, parameters, body) = call;
        self.call(OPERATIONS, "invoke", (vendor, operation, parameters, body, options)).await
    }

    /// Opens a list of jobs, in an order that new ones do not disturb.
    pub async fn jobs(&mut self, options: CallOptions) -> ResourceAny {
        let query = JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() };
        self.call(JPM, "jobs-list", (query, Some(options))).await
    }

    pub async fn next(&mut self, jobs: ResourceAny, most: u32) -> Outcome<Option<Vec<Job>>> {
        self.call(JPM, "[method]job-reader.next", (jobs, most)).await
    }

    pub async fn end(&mut self, jobs: ResourceAny) -> Outcome<ListEnd> {
        self.call(JPM, "[method]job-reader.end", (jobs,)).await
    }

    /// Reads to the end, or to a failure.
    pub async fn read(&mut self, options: CallOptions, most: u32) -> (Vec<i64>, Outcome<ListEnd>) {
        let jobs = self.jobs(options).await;
        let mut ids = Vec::new();
        while let Ok(Some(some)) = self.next(jobs, most).await {
            assert!(!some.is_empty() && some.len() <= most as usize, "{}", some.len());
            ids.extend(some.iter().map(|job| job.id));
        }
        let end = self.end(jobs).await;
        self.drop(jobs).await;
        (ids, end)
    }
}

/// A file that came, as the component describes it.
#[derive(ComponentType, Lift)]
#[component(record)]
pub struct Download {
    pub info: FileInfo,
    pub content: ResourceAny,
}

/// A file that is to be sent, without its bytes.
#[derive(ComponentType, Lower)]
#[component(record)]
pub struct Upload {
    #[component(name = "file-name")]
    pub file_name: String,
    #[component(name = "content-type")]
    pub content_type: Option<String>,
    pub length: Option<u64>,
}

pub fn owned(parameters: &[(&str, &str)]) -> Parameters {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Pages of this many records.
pub fn pages_of(size: u32) -> CallOptions {
    CallOptions { page_size: Some(size), ..CallOptions::default() }
}

pub fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

/// A provider, and an instance that is pointed at it.
pub async fn scene(config: Config, further: &[(&str, &str)]) -> (SimulatedServiceTitan, Penstock) {
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let penstock = Penstock::new(settings(&provider, further)).await;
    (provider, penstock)
}

pub fn settings(provider: &SimulatedServiceTitan, further: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut settings = provider.settings();
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    settings.extend(owned(further));
    settings
}
