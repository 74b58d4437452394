//! `penstock soak`: minutes of all that goes wrong at once, and whether anything is lost or grows.
//!
//! A gateway in a process of its own and lists of the program are used by readers of every kind,
//! in front of a simulated provider that fails on purpose and whose credentials change.

mod clients;
mod copies;
mod figures;
mod readers;
mod rotation;
mod served;
mod strain;
mod tally;

use crate::told::tell;
use anyhow::{Context, Result, bail};
use clap::Args;
use penstock_simulated::{
    Faults,
    servicetitan::{Account, Config, Resource, SimulatedServiceTitan},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tally::Tally;
use tokio::task::JoinSet;

/// How often a request is sent at most: more than the faults in a row.
const ATTEMPTS: u32 = 8;

/// How often the credentials change.
const ROTATION: Duration = Duration::from_secs(30);

/// How many readers of each kind there are.
const READERS: usize = 3;

#[derive(Args)]
pub(crate) struct Soak {
    /// How long, in minutes.
    #[arg(long, default_value_t = 10.0, value_name = "MINUTES")]
    minutes: f64,
    /// What the data, the faults and the moments are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Jobs that are read again and again.
    #[arg(long, default_value_t = 20_000)]
    jobs: usize,
    /// How many readers that take nothing, and as many heads of requests that do not end, a gateway
    /// has to bear before the rest.
    #[arg(long, default_value_t = 1_000)]
    stalled: usize,
}

impl Soak {
    pub(crate) async fn run(self) -> Result<()> {
        let time = Duration::try_from_secs_f64(self.minutes * 60.0).context("--minutes")?;
        let descriptors = served::raise_descriptors();
        let folder = tempfile::tempdir()?;
        let provider = Arc::new(self.provider(time).await?);
        let settings = rotation::settings(&provider, folder.path())?;

        tell!("{} readers that take nothing, and as many heads that do not end.", self.stalled);
        let served = served::Served::start(&settings, folder.path()).await?;
        let strain = strain::run(&served, self.stalled).await?;
        served.stop().await?;

        tell!("{} minutes of readers, kills, faults and changing credentials.", self.minutes);
        let served = Arc::new(served::Served::start(&settings, folder.path()).await?);
        let tally = Arc::new(Tally::default());
        let until = Instant::now() + time;
        let mut figures = tokio::spawn(figures::watch(served.id(), until));
        self.everything(&served, &provider, &settings, folder.path(), &tally, until).await?;
        let figures = (&mut figures).await??;
        Arc::into_inner(served).context("a reader is left")?.stop().await?;

        strain.print()?;
        tally.print(provider.stats().all_faults())?;
        figures.print()?;
        let wrong: Vec<_> = [strain.wrong(), tally.wrong(), figures.wrong()].into_iter().flatten().collect();
        if let Some(descriptors) = descriptors.filter(|_| !wrong.is_empty()) {
            tell!("the process may have {descriptors} descriptors");
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("; "));
        }
        Ok(())
    }

    async fn provider(&self, time: Duration) -> Result<SimulatedServiceTitan> {
        let changes = time.as_secs() / ROTATION.as_secs() + 2;
        let numbered = |name: &str| (0..changes).map(|number| format!("{name}.{number}")).collect();
        SimulatedServiceTitan::start(Config {
            seed: self.seed,
            jobs: self.jobs,
            accounts: vec![Account { client_secrets: numbered("cs2.soak"), ..Account::default() }],
            token_lifetime: Duration::from_secs(20),
            rate_limit: None,
            latency: Duration::from_millis(5),
            remember: 0,
            faults: Faults {
                max_in_a_row: 3,
                retry_after: Duration::from_secs(1),
                delay: Duration::from_millis(300),
                ..Faults::mixed(0.05)
            },
            ..Config::default()
        })
        .await
    }

    /// Runs all that there is until the time is over, and all of it has ended.
    async fn everything(
        &self,
        served: &Arc<served::Served>,
        provider: &Arc<SimulatedServiceTitan>,
        settings: &BTreeMap<String, String>,
        folder: &Path,
        tally: &Arc<Tally>,
        until: Instant,
    ) -> Result<()> {
        let truth: Arc<Vec<i64>> = Arc::new(provider.job_ids());
        let client = clients::Client::of(served);
        let mut all = JoinSet::new();
        for number in 0..READERS {
            let random = fastrand::Rng::with_seed(self.seed.wrapping_add(number as u64));
            let reader =
                readers::Reader { client: client.clone(), truth: truth.clone(), tally: tally.clone(), until };
            all.spawn(reader.clone().whole_lists());
            all.spawn(reader.clone().single_jobs(random.clone()));
            all.spawn(reader.clone().vanishing(random.clone()));
            all.spawn(reader.stalling(random));
        }
        let copier = copies::Copier {
            // Deleted ones too.
            truth: Arc::new(provider.truth_exported(Resource::Jobs)),
            folder: folder.to_owned(),
            settings: settings.clone(),
            random: fastrand::Rng::with_seed(self.seed),
            tally: tally.clone(),
            until,
        };
        all.spawn(copier.run());
        all.spawn(rotation::run(provider.clone(), folder.to_owned(), tally.clone(), until));
        while let Some(ended) = all.join_next().await {
            ended??;
        }
        Ok(())
    }
}
