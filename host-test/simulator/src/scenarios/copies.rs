//! A feed is copied into a database while its records change, and the instance that reads it is killed at every host
//! call, one after another.
//!
//! The database is a model of one: rows and the position behind them become durable together, a while after they
//! were written and a while before who wrote them hears of it. Whoever was killed in between has either both or neither,
//! and goes on from the position that the database has. What is promised, and checked here: at the end the rows are
//! what the vendor has, each in its last version.

use super::set_up;
use crate::{
    Config, Violation,
    cluster::{Cluster, Ended, options},
    invariant::Invariant,
    vendor::{Kind, List, SPAN},
    workload::{Target, id, stream_as},
    world::World,
};
use penstock::{
    client::ListPosition,
    codec::DecodeError,
    contract::{CallOptions, ListEnd, catalogue::Type},
    entry::{
        form::{Form, NormalForm},
        stream_records::Sink,
    },
};
use serde::Serialize;
use std::{cell::RefCell, collections::BTreeMap, mem, rc::Rc, time::Duration};

/// How long rows take until they are durable, and as long again until that is known.
const COMMIT: Duration = Duration::from_millis(4);

/// How often a record of the vendor's changes.
const OFTEN: Duration = Duration::from_millis(15);

/// Changes in all.
const CHANGES: u64 = 60;

/// Reads of one copy at most: those that were killed, and those that came to the feed's end before its last change.
const READS: u32 = 200;

/// How a database makes rows and positions durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Together.
    Together,
    /// The position before the rows, which is wrong, and found.
    PositionFirst,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Copies {
    /// Host calls of an undisturbed copy.
    pub host_calls: u64,
    /// Copies whose reader was killed, each at another one.
    pub kills: u64,
    /// Copies that were not the vendor's truth at the end.
    pub wrong: u64,
    /// Batches that became durable in all.
    pub commits: u64,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

impl Copies {
    /// Whether a reader was killed at one in `every` of the host calls, and each copy was right.
    #[must_use]
    pub fn is_good(&self, every: u64) -> bool {
        self.kills > 0
            && self.kills == self.host_calls.div_ceil(every.max(1))
            && self.wrong == 0
            && self.violations.is_empty()
    }
}

/// Copies a feed of so many full pages, and kills its reader at one in `every` of the host calls.
#[must_use]
pub fn copies(pages: u64, page_size: u32, every: u64, commit: Commit) -> Copies {
    let whole = copy(pages, page_size, commit, None);
    let mut all =
        Copies { host_calls: whole.host_calls, wrong: u64::from(!whole.is_right), ..Copies::default() };
    let mut at = 1;
    while at <= whole.host_calls {
        let one = copy(pages, page_size, commit, Some(at));
        all.kills += u64::from(one.is_killed);
        all.wrong += u64::from(!one.is_right);
        all.commits += one.commits;
        all.violations.extend(one.violations.into_iter().take(1));
        at += every.max(1);
    }
    all
}

/// What one copy came to.
struct Copy {
    host_calls: u64,
    is_killed: bool,
    is_right: bool,
    commits: u64,
    violations: Vec<Violation>,
}

fn copy(pages: u64, page_size: u32, commit: Commit, dies_at: Option<u64>) -> Copy {
    let cluster = set_up(1, &Config::default(), 2, None);
    cluster.set("LOG_LEVEL", "error");
    let target = Target::new(&cluster, Kind::Feed, 0, pages, page_size, 0);
    of_list(&cluster, target, |list| list.versions = true);
    if let Some(first) = cluster.instances.first() {
        first.die_at(dies_at);
    }
    let database = Rc::new(RefCell::new(Database::default()));
    let reader = Reader { cluster: cluster.clone(), target, commit, database: database.clone() };
    let is_killed = cluster.world.run(async {
        let changed = RefCell::new(0);
        futures_util::join!(reader.read(&changed), change(&cluster, target, &changed)).0
    });
    let database = database.take();
    let truth = of_list(&cluster, target, |list| {
        let records: Vec<u64> = list.older_than(u64::MAX).collect();
        records.into_iter().map(|record| (record, list.modifications(record))).collect::<BTreeMap<_, _>>()
    });
    let is_right = truth.is_some_and(|truth| truth == database.rows);
    if !is_right {
        let what = format!("a copy differs, killed at {dies_at:?}");
        cluster.world.violate(Invariant::CopyIsTruth, what);
    }
    Copy {
        host_calls: cluster.instances.first().map_or(0, |instance| instance.asked()),
        is_killed,
        is_right,
        commits: database.commits,
        violations: cluster.world.close().1,
    }
}

fn of_list<T>(cluster: &Cluster, target: Target, with: impl FnOnce(&mut List) -> T) -> Option<T> {
    cluster.world.vendor.borrow_mut().lists.get_mut(target.list).map(with)
}

/// Changes records, and adds some.
async fn change(cluster: &Cluster, target: Target, changed: &RefCell<u64>) {
    for number in 0..CHANGES {
        cluster.world.wait(OFTEN).await;
        of_list(cluster, target, |list| match number % 5 {
            0 => list.insert(false),
            _ => list.modify((number as usize * 37) % list.len().max(1)),
        });
        *changed.borrow_mut() += 1;
    }
}

/// A model of a database.
#[derive(Default)]
struct Database {
    /// The version of each record, by its number.
    rows: BTreeMap<u64, u32>,
    /// Where to go on.
    position: Option<String>,
    commits: u64,
}

/// Who copies the feed.
struct Reader {
    cluster: Rc<Cluster>,
    target: Target,
    commit: Commit,
    database: Rc<RefCell<Database>>,
}

impl Reader {
    /// Reads until the copy has the last change; whether it was killed.
    async fn read(&self, changed: &RefCell<u64>) -> bool {
        let (mut instance, mut is_killed) = (0, false);
        for _ in 0..READS {
            let is_last = *changed.borrow() == CHANGES;
            match self.once(instance).await {
                Ended::Done(Ok(_)) if is_last => return is_killed,
                // There may be more soon.
                Ended::Done(Ok(_)) => self.cluster.world.wait(OFTEN).await,
                Ended::Killed => (instance, is_killed) = (1, true),
                Ended::Done(Err(_)) | Ended::Cancelled => return is_killed,
            }
        }
        is_killed
    }

    async fn once(&self, instance: usize) -> Ended<ListEnd> {
        let (target, world) = (self.target, self.cluster.world.clone());
        let options = CallOptions { resume: self.database.borrow().position.clone(), ..options(None) };
        let mut writer =
            Writer { world, database: self.database.clone(), commit: self.commit, batch: Vec::new() };
        self.cluster
            .call(instance, target.call(true), "", None, async move |client| {
                let end = stream_as(&client, &target, &options, &mut writer, Versions).await?;
                writer.write_all(end.resume.clone()).await;
                Ok(end)
            })
            .await
    }
}

/// What is on its way into the database. It is lost with its instance.
struct Writer {
    world: Rc<World>,
    database: Rc<RefCell<Database>>,
    commit: Commit,
    batch: Vec<(u64, u32)>,
}

impl Writer {
    async fn write_all(&mut self, position: String) {
        if self.commit == Commit::PositionFirst {
            self.database.borrow_mut().position = Some(position.clone());
        }
        self.world.wait(COMMIT).await;
        {
            let mut database = self.database.borrow_mut();
            database.rows.extend(mem::take(&mut self.batch));
            (database.position, database.commits) = (Some(position), database.commits + 1);
        }
        self.world.wait(COMMIT).await;
    }
}

impl Sink<(u64, u32)> for Writer {
    async fn write(&mut self, items: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
        self.batch.extend(items);
        Vec::new()
    }

    fn wants_positions(&self) -> bool {
        true
    }

    async fn stand(&mut self, position: ListPosition) -> bool {
        self.write_all(position.resume).await;
        true
    }
}

/// Makes the number and the version of a record.
struct Versions(&'static Type);

impl Form for Versions {
    type Record = (u64, u32);
    type Batch = Vec<(u64, u32)>;

    fn batch(&self, room: usize) -> Vec<(u64, u32)> {
        Vec::with_capacity(room)
    }

    fn add(&self, batch: &mut Vec<(u64, u32)>, json: &[u8]) -> Result<(), DecodeError> {
        let form = NormalForm(self.0);
        let mut lines = form.batch(1);
        form.add(&mut lines, json)?;
        batch.extend(form.finish(lines).into_iter().map(|line| (id(&line) % SPAN, version(&line))));
        Ok(())
    }

    fn add_misfit(&self, _batch: &mut Vec<(u64, u32)>, _json: &[u8], _misfit: &DecodeError) -> bool {
        false
    }

    fn finish(&self, batch: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
        batch
    }
}

/// What stands behind the point of `"jobNumber":"J7.2"`; 0 if there is none.
fn version(line: &str) -> u32 {
    let name = line.split_once(r#""jobNumber":"J"#).map_or("", |(_, name)| name);
    let digits = name.split('"').next().and_then(|name| name.split_once('.'));
    digits.and_then(|(_, version)| version.parse().ok()).unwrap_or_default()
}
