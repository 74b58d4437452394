//! A client on a simulated host with a model of the provider.

use super::titan::Titan;
use crate::{
    client::Client,
    codec,
    contract::{CallOptions, Failure, ListEnd},
    entry::{
        dynamic,
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::Simulated,
};
use futures_util::future::join_all;
use std::{rc::Rc, time::Duration};

/// With characters that a form must not be given as they are.
pub const CLIENT_SECRET: &str = "canary&client=secret+%é";
pub const APP_KEY: &str = "canary-app-key";

/// Everything that a test needs.
pub struct Rig {
    pub host: Simulated,
    pub titan: Titan,
    pub client: Rc<Client<Simulated>>,
}

/// What a whole read gave.
#[derive(Debug)]
pub struct Read {
    /// The ids of the records that were delivered.
    pub ids: Vec<i64>,
    /// How it ended.
    pub end: Result<ListEnd, Failure>,
}

/// Takes the records of a whole read.
pub struct Consumer {
    host: Simulated,
    ids: Vec<i64>,
    room: usize,
    pause: Duration,
}

impl Rig {
    /// With complete settings and the role admin.
    pub fn new() -> Rig {
        Rig::seeded(1)
    }

    /// The same with another course of chance.
    pub fn seeded(seed: u64) -> Rig {
        let rig = Rig::bare(seed);
        rig.host.set_secret("SERVICETITAN_CLIENT_ID", "canary-client-id");
        rig.host.set_secret("SERVICETITAN_CLIENT_SECRET", CLIENT_SECRET);
        rig.host.set_secret("SERVICETITAN_APP_KEY", APP_KEY);
        rig.host.set("SERVICETITAN_TENANT_ID", "1234");
        rig.host.set("PENSTOCK_ROLE", "admin");
        rig.host.set("LOG_LEVEL", "debug");
        // Most tests are about something else.
        rig.host.set("SERVICETITAN_RATE_LIMIT", "10000");
        rig.host.set("MAX_CONNECTIONS", "1000");
        rig
    }

    /// Without any setting.
    pub fn bare(seed: u64) -> Rig {
        let host = Simulated::new(seed);
        let titan = Titan::new(&host, CLIENT_SECRET, APP_KEY);
        Rig { client: Client::new(host.clone()), host, titan }
    }

    /// Another instance of the same deployment.
    pub fn instance(&self) -> Rc<Client<Simulated>> {
        Client::new(self.host.clone())
    }

    /// The instance dies, and a new one comes in its place.
    pub fn restart(&mut self) {
        self.client = self.instance();
    }

    /// Runs to the end of a future, and looks for secrets in all that came out.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.host.run(async {
            let done = future.await;
            self.host.told(self.client.metrics());
            self.host.told(self.client.snapshot());
            done
        })
    }

    /// Calls an operation by name.
    pub async fn invoke(
        &self,
        name: &str,
        parameters: &[(&str, &str)],
        body: Option<&str>,
        options: Option<&CallOptions>,
    ) -> Result<dynamic::Answer, Failure> {
        let result = async {
            let operation = dynamic::operation("servicetitan", name)?;
            dynamic::invoke(&self.client, operation, &owned(parameters), body, options).await
        };
        self.noted(result.await)
    }

    /// Gets the job 1.
    pub async fn get(&self) -> Result<dynamic::Answer, Failure> {
        self.get_with(&options()).await
    }

    /// Gets the job 1 in a certain way.
    pub async fn get_with(&self, options: &CallOptions) -> Result<dynamic::Answer, Failure> {
        let answer = self.invoke("jpm.jobs-get", &[("id", "1")], None, Some(options)).await;
        answer.map(dynamic::Answer::released)
    }

    /// Makes a note: a POST that is not to be repeated.
    pub async fn post(&self, options: &CallOptions) -> Result<dynamic::Answer, Failure> {
        self.invoke("jpm.jobs-create-note", &[("id", "1")], Some(r#"{"text":"hello"}"#), Some(options)).await
    }

    /// Gets the job 1 many times at once.
    pub async fn get_often(&self, times: usize) -> Vec<Result<dynamic::Answer, Failure>> {
        join_all((0..times).map(|_| self.get())).await
    }

    /// Reads a whole list.
    pub async fn read(&self, name: &str, parameters: &[(&str, &str)], options: &CallOptions) -> Read {
        self.read_into(self.consumer(), name, parameters, options).await
    }

    /// Reads all jobs.
    pub async fn read_jobs(&self, options: &CallOptions) -> Read {
        self.read("jpm.jobs-list", &[], options).await
    }

    /// Reads a whole list for a certain consumer.
    pub async fn read_into(
        &self,
        mut consumer: Consumer,
        name: &str,
        parameters: &[(&str, &str)],
        options: &CallOptions,
    ) -> Read {
        let end = async {
            let operation = dynamic::operation("servicetitan", name)?;
            let reader =
                dynamic::list(&self.client, operation, &owned(parameters), None, Some(options)).await?;
            let ty = record_type(operation);
            let id = |item: &[u8]| {
                let record: serde_json::Value = serde_json::from_str(&codec::transcode(ty, item)?).unwrap();
                Ok(record["id"].as_i64().unwrap())
            };
            stream_records(reader, &mut consumer, id).await
        };
        let end = self.noted(end.await);
        Read { ids: consumer.ids, end }
    }

    /// A consumer that takes everything at once.
    pub fn consumer(&self) -> Consumer {
        Consumer { host: self.host.clone(), ids: Vec::new(), room: usize::MAX, pause: Duration::ZERO }
    }

    /// Keeps what a caller was told, to look for secrets in it.
    pub fn noted<T: std::fmt::Debug>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.host.told(format!("{result:?}"));
        result
    }
}

/// Also when a test fails before its end.
impl Drop for Rig {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.host.assert_secrets_kept();
        }
    }
}

impl Consumer {
    /// It stops reading after so many records.
    pub fn taking(self, room: usize) -> Consumer {
        Consumer { room, ..self }
    }

    /// It takes its time over each page.
    pub fn pausing(self, pause: Duration) -> Consumer {
        Consumer { pause, ..self }
    }
}

impl Sink<i64> for Consumer {
    async fn write(&mut self, mut items: Vec<i64>) -> Vec<i64> {
        self.host.wait(self.pause).await;
        let refused = items.split_off(items.len().min(self.room));
        self.room -= items.len();
        self.ids.extend(items);
        refused
    }
}

/// Call options that say nothing.
pub fn options() -> CallOptions {
    CallOptions::default()
}

/// Call options with so many records a page.
pub fn pages_of(records: u32) -> CallOptions {
    CallOptions { page_size: Some(records), ..options() }
}

/// Call options with a deadline.
pub fn within(deadline: Duration) -> CallOptions {
    CallOptions { deadline_ms: Some(u64::try_from(deadline.as_millis()).unwrap()), ..options() }
}

fn owned(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
