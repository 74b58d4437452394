//! What a whole read costs the core, without network and host: `cargo bench --bench read`; with a word
//! behind `--`, only the lines whose names contain it.
//!
//! 40 pages of 1,000 jobs that come in pieces of 64 KiB, from the first byte to records as the
//! typed interface hands them out, or to lines of the normal form.
#![allow(clippy::expect_used, clippy::panic, reason = "a bench whose reads fail has failed")]
#![allow(missing_docs, reason = "a program, not a library")]

#[path = "../common/host.rs"]
mod host;
#[path = "../common/job.rs"]
mod job;

use bytes::Bytes;
use host::Ready;
use penstock::{
    client::Client,
    contract::{
        abi::{Arena, Layout},
        catalogue::{Type, tables::servicetitan::jpm as tables},
    },
    entry::{
        dynamic,
        form::{Form, Lowered, NormalForm},
        stream_records::{Sink, stream_records},
        typed::Arguments,
    },
};
use std::{
    hint::black_box,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// Jobs a page.
const PAGE: usize = 1000;
/// Pages a read.
const PAGES: usize = 40;

static JOB: Type = Type::Record(&tables::JOB);

fn main() {
    let pages: Rc<Vec<Bytes>> = Rc::new((0..PAGES).map(page).collect());
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    if "typed".contains(&asked) {
        measure("typed", &pages, || Lowered(&JOB));
    }
    if "normal form".contains(&asked) {
        measure("normal form", &pages, || NormalForm(&JOB));
    }
}

/// A page of jobs with ids of their own.
fn page(number: usize) -> Bytes {
    let first = 100_000_000 + number * PAGE;
    let jobs: Vec<String> =
        (first..first + PAGE).map(|id| job::JSON.replace("104729583", &id.to_string())).collect();
    let more = number + 1 < PAGES;
    format!(
        "{{\"page\":{},\"pageSize\":{PAGE},\"hasMore\":{more},\"totalCount\":null,\"data\":[{}]}}",
        number + 1,
        jobs.join(",")
    )
    .into()
}

/// Prints the best of several reads.
fn measure<F: Form>(what: &str, pages: &Rc<Vec<Bytes>>, form: impl Fn() -> F) {
    let bytes: usize = pages.iter().map(Bytes::len).sum();
    let reads = std::env::var("READS").ok().and_then(|reads| reads.parse().ok()).unwrap_or(10);
    let best = (0..reads).map(|_| read(pages, form())).min().unwrap_or_default();
    let record = best.as_secs_f64() * 1e6 / (PAGE * PAGES) as f64;
    println!("{what:<16}{record:>8.2} us a record{:>8.0} MB/s", bytes as f64 / best.as_secs_f64() / 1e6);
}

fn read<F: Form>(pages: &Rc<Vec<Bytes>>, form: F) -> Duration {
    let pages = pages.clone();
    let client = Client::new(Ready::new(move |path| {
        let number = path.split("page=").nth(1).and_then(|rest| rest.split('&').next());
        let page = number.and_then(|number| number.parse::<usize>().ok()).expect("pages are asked for");
        pages.get(page.saturating_sub(1)).cloned().expect("no page is asked for behind the last")
    }));
    let operation = dynamic::operation("servicetitan", "jpm.jobs-list").expect("it is in the catalogue");
    // The parameters in memory: zeros for all that may be missing.
    let memory = Arena::with(Layout { size: 4096, align: 8 });
    let arguments = Arguments::lift(operation, true, &memory, 0).expect("they are there");
    let start = Instant::now();
    let reading = async {
        let reader = arguments.reader(&client).await.expect("the parameters fit");
        let mut taken = Taken(0);
        stream_records(reader, &mut taken, form).await.expect("nothing goes wrong here");
        taken.0
    };
    let count = at_once(reading);
    assert_eq!(count, PAGE * PAGES);
    start.elapsed()
}

/// A consumer that takes everything at once.
struct Taken(usize);

impl<T> Sink<T> for Taken {
    async fn write(&mut self, records: Vec<T>) -> Vec<T> {
        self.0 += records.len();
        drop(black_box(records));
        Vec::new()
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("the read waits for something");
}
