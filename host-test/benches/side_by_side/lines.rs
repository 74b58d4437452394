//! The lines of the table: each measures ours and the native client's, one after the other.

use crate::{
    component,
    figures::{Pair, Unit},
    jobs::Jobs,
    machine,
    native::{JobPage, List, Native, RawPage},
    program, reader,
    served::{self, CACHED, JOBS, LIVE, Served, Store},
    upstream::{self, Upstream},
};
use anyhow::{Result, ensure};
use futures_util::{FutureExt as _, future::BoxFuture};
use penstock_host::{Engine, Environment, Plugin};
use std::{
    hint::black_box,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How long a measure takes at least: what is shorter is done again and again.
const LONG_ENOUGH: Duration = Duration::from_millis(400);

/// What is measured together.
pub struct Line {
    /// What it can be asked for by.
    pub name: &'static str,
    pub measure: fn(Arc<Sides>) -> BoxFuture<'static, Result<Vec<Pair>>>,
    /// Not in every round: it takes long, and is the same each time.
    pub once: bool,
}

impl Line {
    const fn new(
        name: &'static str,
        measure: fn(Arc<Sides>) -> BoxFuture<'static, Result<Vec<Pair>>>,
    ) -> Self {
        Self { name, measure, once: false }
    }
}

pub const ALL: [Line; 17] = [
    Line::new("typed", |sides| typed(sides).boxed()),
    Line::new("by-name", |sides| by_name(sides).boxed()),
    Line::new("raw", |sides| raw(sides).boxed()),
    Line::new("typed-50ms", |sides| typed_slow(sides).boxed()),
    Line::new("program", |sides| to_file(sides).boxed()),
    Line::new("get-1", |sides| get(sides, 1, ["get-1-p50", "get-1-p99", "get-1-rate"]).boxed()),
    Line::new("get-16", |sides| get(sides, 16, ["get-16-p50", "get-16-p99", "get-16-rate"]).boxed()),
    Line::new("get-256", |sides| get(sides, 256, ["get-256-p50", "get-256-p99", "get-256-rate"]).boxed()),
    Line::new("file", |sides| file(sides).boxed()),
    Line::new("instantiate", |sides| instantiate(sides).boxed()),
    Line::new("serve-live", |sides| served(sides, LIVE, ["serve-live", "serve-live-p99"]).boxed()),
    Line::new("serve-cached", |sides| served(sides, CACHED, ["serve-cached", "serve-cached-p99"]).boxed()),
    Line::new("serve-get", |sides| served(sides, JOBS, ["serve-get", "serve-get-p99"]).boxed()),
    Line::new("serve-list", |sides| served_list(sides).boxed()),
    Line::new("shared-sqlite", |sides| shared(sides, "shared-sqlite", Store::Sqlite).boxed()),
    Line::new("shared-redis", |sides| shared(sides, "shared-redis", Store::Redis).boxed()),
    Line { once: true, ..Line::new("memory", |sides| memory(sides).boxed()) },
];

/// How fast records are read.
struct Speed {
    per_second: f64,
    /// Microseconds of processor time a record, in this process.
    spent: f64,
}

/// Both clients, and whom they read from.
pub struct Sides {
    upstream: Upstream,
    native: Native,
    /// For [`Sides::fast`] and [`Sides::slow`].
    fast: OnceCell<Plugin>,
    slow: OnceCell<Plugin>,
    program: PathBuf,
    folder: tempfile::TempDir,
    /// By where the gateway's limits are shared; and the native server.
    memory: OnceCell<Served>,
    sqlite: OnceCell<Served>,
    redis: OnceCell<Served>,
    native_server: OnceCell<Served>,
}

impl Sides {
    pub fn start(program: Option<PathBuf>) -> Result<Self> {
        Ok(Self {
            upstream: Upstream::start()?,
            native: Native::new(),
            fast: OnceCell::new(),
            slow: OnceCell::new(),
            program: program.map_or_else(program::find, Ok)?,
            folder: tempfile::tempdir()?,
            memory: OnceCell::new(),
            sqlite: OnceCell::new(),
            redis: OnceCell::new(),
            native_server: OnceCell::new(),
        })
    }

    /// 40 pages of 1,000 jobs that come at once.
    fn fast(&self) -> List {
        List { origin: self.upstream.fast.clone(), jobs: 40_000, page_size: 1000, window: 4 }
    }

    /// 40 pages of 200 jobs that take 50 ms each.
    fn slow(&self) -> List {
        List { origin: self.upstream.slow.clone(), jobs: 8000, page_size: 200, window: 8 }
    }

    async fn fast_plugin(&self) -> Result<Plugin> {
        let list = self.fast();
        Ok(self.fast.get_or_try_init(|| component::start(&list.origin, list.jobs)).await?.clone())
    }

    async fn gateway(&self, store: Store) -> Result<Served> {
        let cell = match store {
            Store::Memory => &self.memory,
            Store::Sqlite => &self.sqlite,
            Store::Redis => &self.redis,
        };
        let list = self.fast();
        let start =
            || async { Served::gateway(&self.program, &list.origin, list.jobs, store, self.folder.path()) };
        Ok(cell.get_or_try_init(start).await?.clone())
    }

    async fn native_server(&self) -> Result<Served> {
        let start = || async { Served::native(&self.upstream.fast) };
        Ok(self.native_server.get_or_try_init(start).await?.clone())
    }

    async fn slow_plugin(&self) -> Result<Plugin> {
        let list = self.slow();
        Ok(self.slow.get_or_try_init(|| component::start(&list.origin, list.jobs)).await?.clone())
    }
}

/// How fast records are read, again and again.
async fn speed<F: Future<Output = Result<()>>>(list: &List, read: impl Fn(List) -> F) -> Result<Speed> {
    let (began, spent) = (Instant::now(), machine::spent()?);
    let mut times = 0;
    while began.elapsed() < LONG_ENOUGH {
        read(list.clone()).await?;
        times += 1;
    }
    let records = (list.jobs * times) as f64;
    let spent = machine::spent()? - spent;
    Ok(Speed {
        per_second: records / began.elapsed().as_secs_f64(),
        spent: spent.as_secs_f64() * 1e6 / records,
    })
}

async fn native_speed(native: &Native, list: &List) -> Result<Speed> {
    let read = |list: List| async move {
        let mut count = 0;
        let consumer = |page: JobPage| {
            for job in page.data {
                black_box(&job);
                count += 1;
            }
            Ok(())
        };
        native.pages(&list, consumer).await?;
        ensure!(count == list.jobs, "{count} jobs");
        Ok(())
    };
    speed(list, read).await
}

async fn typed_speed(plugin: &Plugin, list: &List) -> Result<Speed> {
    speed(list, |list| async move { component::typed(plugin, &list).await }).await
}

/// Both must have the same records before they are compared.
async fn ensure_same(plugin: &Plugin, native: &Native, list: &List) -> Result<()> {
    let one = List { window: 1, ..list.clone() };
    // The names of fields are spelled as in WIT, those of cases with their type.
    let spelled = |text: String| text.replace('-', "_").replace("JobStatus::", "");
    let ours = spelled(format!("{:?}", component::first(plugin, &one).await?));
    let mut theirs = None;
    let consumer = |page: JobPage| {
        theirs.get_or_insert_with(|| spelled(format!("{:?}", page.data)));
        Ok(())
    };
    native.pages(&one, consumer).await?;
    let theirs = theirs.unwrap_or_default();
    ensure!(ours == theirs, "not the same records:\n{ours:.1500}\n{theirs:.1500}");
    Ok(())
}

fn records(line: &'static str, ours: Speed, native: Speed) -> Vec<Pair> {
    let pair = |line, unit, ours, native| Pair { line, unit, ours, native: Some(native) };
    vec![
        pair(line, Unit::RecordsPerSecond, ours.per_second, native.per_second),
        pair(line, Unit::ProcessorMicroseconds, ours.spent, native.spent),
    ]
}

async fn typed(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let (plugin, list) = (sides.fast_plugin().await?, sides.fast());
    ensure_same(&plugin, &sides.native, &list).await?;
    let ours = typed_speed(&plugin, &list).await?;
    Ok(records("typed", ours, native_speed(&sides.native, &list).await?))
}

async fn by_name(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let (plugin, list) = (&sides.fast_plugin().await?, sides.fast());
    let ours = speed(&list, |list| async move { component::by_name(plugin, &list).await }).await?;
    Ok(records("by-name", ours, native_speed(&sides.native, &list).await?))
}

/// What the vendor and the network could give: ours is a native client here as well, that looks
/// into nothing.
async fn raw(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let (native, list) = (&sides.native, sides.fast());
    let consumer = |page: RawPage| {
        black_box(page.bytes.len());
        Ok(())
    };
    let ours = speed(&list, |list| async move { native.pages(&list, consumer).await }).await?;
    Ok(records("raw", ours, native_speed(native, &list).await?))
}

async fn typed_slow(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let (plugin, list) = (sides.slow_plugin().await?, sides.slow());
    let ours = typed_speed(&plugin, &list).await?;
    Ok(records("typed-50ms", ours, native_speed(&sides.native, &list).await?))
}

/// The start of the program is counted.
async fn to_file(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let list = List { jobs: 200_000, ..sides.fast() };
    let (program, ours_at) = (&sides.program, &sides.folder.path().join("ours"));
    let ours = speed(&list, |list| async move { program::list(program, &list, ours_at).await }).await?;
    let (client, native_at) = (&sides.native, &sides.folder.path().join("native"));
    let native = speed(&list, |list| async move { program::native(client, &list, native_at).await }).await?;
    ensure!(std::fs::read(ours_at)? == std::fs::read(native_at)?, "not the same lines");
    // The program spends its own time.
    Ok(records("program", ours, native).into_iter().take(1).collect())
}

/// Single jobs, so many of them under way: how long a call takes, and how many there are a second.
async fn get(sides: Arc<Sides>, at_once: usize, [p50, p99, rate]: [&'static str; 3]) -> Result<Vec<Pair>> {
    let plugin = sides.fast_plugin().await?;
    let ours = calls(at_once, move |id| {
        let plugin = plugin.clone();
        async move { component::get(&plugin, id).await }
    });
    let ours = ours.await?;
    let (native, origin) = (sides.native.clone(), sides.upstream.fast.clone());
    let native = calls(at_once, move |id| {
        let (native, origin) = (native.clone(), origin.clone());
        async move { native.job(&origin, id).await.map(|job| drop(black_box(job))) }
    });
    let native = native.await?;
    let pair =
        |line, unit, of: fn(&Calls) -> f64| Pair { line, unit, ours: of(&ours), native: Some(of(&native)) };
    Ok(vec![
        pair(p50, Unit::Microseconds, |calls| calls.p50),
        pair(p99, Unit::Microseconds, |calls| calls.p99),
        pair(rate, Unit::CallsPerSecond, |calls| calls.rate),
    ])
}

/// So many connections at once.
const CONNECTIONS: usize = 16;

/// One path of a server, or jobs one after the other behind it.
async fn requests(server: Served, path: &'static str) -> Result<Calls> {
    let ask = move |id: u64| {
        let server = server.clone();
        async move {
            let path = if path == JOBS { format!("{path}{id}") } else { path.to_owned() };
            server.get(&path).await.map(|length| _ = black_box(length))
        }
    };
    calls(CONNECTIONS, ask).await
}

/// A path of the gateway beside the native server; and how much longer than the middle one the slowest of a
/// hundred answers takes.
async fn served(sides: Arc<Sides>, path: &'static str, [rate, p99]: [&'static str; 2]) -> Result<Vec<Pair>> {
    let ours = requests(sides.gateway(Store::Memory).await?, path).await?;
    let native = requests(sides.native_server().await?, path).await?;
    let pair = |line, unit, ours, native| Pair { line, unit, ours, native };
    Ok(vec![
        pair(rate, Unit::CallsPerSecond, ours.rate, Some(native.rate)),
        pair(p99, Unit::Times, ours.p99 / ours.p50, None),
    ])
}

/// All records through the gateway as lines, beside the native client that writes the same to a file.
async fn served_list(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let (gateway, list) = (sides.gateway(Store::Memory).await?, sides.fast());
    let read = |list: List| {
        let gateway = gateway.clone();
        async move {
            // The last line is no record.
            let lines = gateway.lines(served::ALL).await?;
            ensure!(lines >= list.jobs, "{lines} lines");
            Ok(())
        }
    };
    let ours = speed(&list, read).await?;
    let (client, native_at) = (&sides.native, &sides.folder.path().join("native"));
    let native = speed(&list, |list| async move { program::native(client, &list, native_at).await }).await?;
    Ok(records("serve-list", ours, native).into_iter().take(1).collect())
}

/// What a limit that is shared costs: the other one has a limit of its own.
async fn shared(sides: Arc<Sides>, line: &'static str, store: Store) -> Result<Vec<Pair>> {
    let ours = requests(sides.gateway(store).await?, JOBS).await?;
    let own = requests(sides.gateway(Store::Memory).await?, JOBS).await?;
    Ok(vec![Pair { line, unit: Unit::CallsPerSecond, ours: ours.rate, native: Some(own.rate) }])
}

/// How long calls took, in microseconds, and how many there were a second.
struct Calls {
    p50: f64,
    p99: f64,
    rate: f64,
}

/// Calls from so many tasks.
async fn calls<F>(at_once: usize, call: impl Fn(u64) -> F + Clone + Send + 'static) -> Result<Calls>
where
    F: Future<Output = Result<()>> + Send,
{
    let began = Instant::now();
    let callers = (0..at_once).map(|caller| {
        let call = call.clone();
        tokio::spawn(async move {
            let mut times = Vec::new();
            let mut id = Jobs::id(caller);
            while began.elapsed() < LONG_ENOUGH {
                let one = Instant::now();
                call(id).await?;
                times.push(one.elapsed().as_secs_f64() * 1e6);
                id += at_once as u64;
            }
            anyhow::Ok(times)
        })
    });
    let mut times = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        times.extend(caller.await??);
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
    Ok(Calls { p50: at(0.5), p99: at(0.99), rate })
}

async fn file(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let plugin = sides.fast_plugin().await?;
    let speed = |began: Instant| upstream::FILE as f64 / 1e6 / began.elapsed().as_secs_f64();
    let began = Instant::now();
    ensure!(component::file(&plugin).await? == upstream::FILE, "a part of the file");
    let ours = speed(began);
    let began = Instant::now();
    let mut bytes = 0;
    sides.native.file(&sides.upstream.fast, |piece| bytes += black_box(piece).len()).await?;
    let native = speed(began);
    ensure!(bytes == upstream::FILE, "a part of the file");
    Ok(vec![Pair { line: "file", unit: Unit::MegabytesPerSecond, ours, native: Some(native) }])
}

/// The peak of the memory of a process that reads 1,000,000 records, beside that of one that reads
/// 20,000.
async fn memory(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let origin = &sides.upstream.fast;
    let (much, little) = (reader::peak(origin, 1_000_000)?, reader::peak(origin, 20_000)?);
    Ok(vec![Pair { line: "memory", unit: Unit::Kibibytes, ours: much, native: Some(little) }])
}

/// A plugin whose component is compiled: linked and made ready for calls.
async fn instantiate(sides: Arc<Sides>) -> Result<Vec<Pair>> {
    let engine = Engine::shared()?;
    let component = engine.plugin()?;
    let list = sides.fast();
    let environment = Environment::loopback(component::settings(&list.origin, list.jobs));
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        black_box(Plugin::start_on(&engine, &component, environment.clone()).await?);
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let ours = times.get(50).copied().unwrap_or(f64::NAN);
    Ok(vec![Pair { line: "instantiate", unit: Unit::Microseconds, ours, native: None }])
}
