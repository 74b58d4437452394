//! Whole reads: every record of every page, streamed.

use super::{Caller, ReadCheck, Target, read_check::Manner};
use crate::{
    calls::NewCall,
    cluster::{Cluster, Ended, millis, options},
    instance::Instance,
    invariant::Invariant,
    trace::{Event, Who},
    world::World,
};
use penstock::{
    client::Client,
    codec::DecodeError,
    contract::{CallOptions, Failure, ListEnd, OnMisfit, catalogue::Type},
    entry::{
        dynamic,
        form::{Form, NormalForm},
        stream_records::{Sink, stream_records},
    },
    policy::failpoint::{self, Failpoint},
};
use std::{rc::Rc, time::Duration};

/// Stops after which a reader gives up.
const MOST_STOPS: u32 = 40;

/// Pages that a read may hold when its deadline passes, and still hand over.
const HELD: u32 = 9;

/// How a list is streamed.
pub(crate) struct Stream {
    pub target: Target,
    /// How long the consumer takes over a page.
    pub pause: Duration,
    /// Stops reading after so many records, and goes on later.
    pub room: Option<usize>,
    /// Pages fetched ahead, if the caller names it.
    pub window: Option<u32>,
    /// For the whole read, each time.
    pub deadline: Option<Duration>,
    /// Drops the read after this long, and begins anew.
    pub patience: Option<Duration>,
    /// What becomes of records that do not fit the contract.
    pub on_misfit: OnMisfit,
}

/// A record as it is delivered.
pub(crate) struct Record {
    pub id: u64,
    /// Whether it is marked as one that does not fit the contract.
    pub odd: bool,
}

/// Takes the records of a read.
pub(crate) struct Consumer<'j> {
    pub world: Rc<World>,
    pub check: &'j mut ReadCheck,
    pub pause: Duration,
    pub room: usize,
    pub taken: u64,
    /// How many of these are marked.
    pub odd: u64,
}

impl Sink<Record> for Consumer<'_> {
    async fn write(&mut self, mut items: Vec<Record>) -> Vec<Record> {
        if !self.pause.is_zero() {
            self.world.wait(self.pause).await;
        }
        let refused = items.split_off(items.len().min(self.room));
        self.room -= items.len();
        self.taken += items.len() as u64;
        for Record { id, odd } in items {
            self.odd += u64::from(odd);
            self.world.note(Who { instance: None, call: self.world.current.get() }, &Event::Record(id));
            self.world.count(|figures| figures.records += 1);
            self.check.deliver(&self.world, id);
            if let Some(call) = self.world.current.get() {
                self.world.record_delivered(call, id);
            }
        }
        refused
    }
}

impl Stream {
    /// Reads the list to its end, through whatever stops.
    pub(crate) async fn read(mut self, mut caller: Caller) {
        let cluster = caller.cluster.clone();
        let world = &cluster.world;
        let mut check = ReadCheck::new(world, self.target, Manner::Streams);
        let (mut resume, mut stops) = (None::<String>, 0);
        while stops < MOST_STOPS {
            let index = cluster.up(caller.instance).await;
            let ended = self.segment(&cluster, index, &mut check, resume.clone()).await;
            stops += 1;
            match ended {
                Ended::Done(Ok(end)) if end.complete => return check.complete(world, &end),
                Ended::Done(Ok(end)) => {
                    resume = Some(end.resume);
                    // Now all the rest is wanted.
                    self.room = None;
                }
                Ended::Done(Err(failure)) => resume = failure.resume.or(resume),
                // Nobody told this consumer where to go on: it begins anew.
                Ended::Killed | Ended::Cancelled => {
                    check.abandon(world);
                    check = ReadCheck::new(world, self.target, Manner::Streams);
                    (resume, self.patience) = (None, None);
                }
            }
            if let Some(resume) = &resume {
                world.count(|figures| figures.resumed += 1);
                if caller.chance.u8(..8) == 0 {
                    self.misplaced(&cluster, caller.instance, resume).await;
                }
            }
            caller.breathe(stops).await;
            caller.move_on();
        }
        world.count(|figures| figures.abandoned_reads += 1);
        check.abandon(world);
    }

    /// Goes on at a position of this read in the other tenant's list: that is refused before
    /// anything is sent.
    async fn misplaced(&self, cluster: &Cluster, index: usize, resume: &str) {
        let target = Target { place: usize::from(self.target.place == 0), ..self.target };
        let world = &cluster.world;
        let mut check = ReadCheck::new(world, self.target, Manner::Streams);
        let options = CallOptions { resume: Some(resume.to_owned()), ..options(target.account()) };
        let new = NewCall::stream(target.operation(), target.tenant(), None, Duration::ZERO);
        let mut consumer = Consumer {
            world: world.clone(),
            check: &mut check,
            pause: Duration::ZERO,
            room: 0,
            taken: 0,
            odd: 0,
        };
        let about = format!("c{} goes on with the other tenant", target.list);
        let reading = {
            let consumer = &mut consumer;
            async move |client| stream(&client, &target, &options, consumer).await
        };
        let sent = match cluster.call(index, new, &about, None, reading).await {
            Ended::Done(Ok(_)) => true,
            Ended::Done(Err(failure)) => !failure.attempts.is_empty(),
            Ended::Killed | Ended::Cancelled => false,
        };
        if sent {
            let what = format!("a position in list {} is taken for another tenant", target.list);
            world.violate(Invariant::PositionsOfTenant, what);
        }
        check.abandon(world);
    }

    async fn segment(
        &self,
        cluster: &Cluster,
        index: usize,
        check: &mut ReadCheck,
        resume: Option<String>,
    ) -> Ended<ListEnd> {
        let operation = self.target.operation();
        let about = format!("c{} {}", self.target.list, if resume.is_some() { "goes on" } else { "" });
        let options = CallOptions {
            resume,
            deadline_ms: self.deadline.map(millis),
            page_size: (self.target.kind != crate::vendor::Kind::Feed).then_some(self.target.page_size),
            window: self.window,
            on_misfit: Some(self.on_misfit),
            ..options(self.target.account())
        };
        let new = NewCall::stream(operation, self.target.tenant(), self.deadline, self.pause * HELD);
        let room = self.room.unwrap_or(usize::MAX);
        let mut consumer =
            Consumer { world: cluster.world.clone(), check, pause: self.pause, room, taken: 0, odd: 0 };
        let target = self.target;
        let ended = {
            let consumer = &mut consumer;
            cluster
                .call(index, new, &about, self.patience, async move |client| {
                    stream(&client, &target, &options, consumer).await
                })
                .await
        };
        let (taken, odd) = (consumer.taken, consumer.odd);
        match &ended {
            Ended::Done(Ok(end)) => check.ended(&cluster.world, end, taken, odd, self.on_misfit),
            Ended::Done(Err(failure)) => check.failed(&failure.fields, self.on_misfit),
            Ended::Killed | Ended::Cancelled => {}
        }
        ended
    }
}

/// Makes records of what the vendor sent.
struct Records(&'static Type);

impl Form for Records {
    type Record = Record;
    type Batch = Vec<Record>;

    fn batch(&self, room: usize) -> Vec<Record> {
        Vec::with_capacity(room)
    }

    fn add(&self, batch: &mut Vec<Record>, json: &[u8]) -> Result<(), DecodeError> {
        let form = NormalForm(self.0);
        let mut lines = form.batch(1);
        form.add(&mut lines, json)?;
        let lines = form.finish(lines).into_iter();
        batch.extend(lines.map(|line| Record { id: super::pages::id(&line), odd: false }));
        Ok(())
    }

    fn add_misfit(&self, batch: &mut Vec<Record>, json: &[u8], misfit: &DecodeError) -> bool {
        if failpoint::on(Failpoint::LoseMisfits) {
            return false;
        }
        let form = NormalForm(self.0);
        let mut lines = form.batch(1);
        let given = form.add_misfit(&mut lines, json, misfit);
        let lines = form.finish(lines).into_iter();
        batch.extend(
            lines.map(|line| Record { id: super::pages::id(&line), odd: line.contains("\"$misfit\"") }),
        );
        given
    }

    fn finish(&self, batch: Vec<Record>) -> Vec<Record> {
        batch
    }
}

/// Streams a list into a consumer.
pub(crate) async fn stream(
    client: &Rc<Client<Instance>>,
    target: &Target,
    options: &CallOptions,
    consumer: &mut impl Sink<Record>,
) -> Result<ListEnd, Failure> {
    stream_as(client, target, options, consumer, Records).await
}

/// The same, of which each record is made into what a form says.
pub(crate) async fn stream_as<F: Form>(
    client: &Rc<Client<Instance>>,
    target: &Target,
    options: &CallOptions,
    consumer: &mut impl Sink<F::Record>,
    form: impl FnOnce(&'static Type) -> F,
) -> Result<ListEnd, Failure> {
    let operation = dynamic::operation("servicetitan", target.operation())?;
    let reader = dynamic::list(client, operation, &target.parameters(), None, Some(options)).await?;
    // A list without a type of its records could not be streamed at all.
    let ty = operation.answer.as_ref().unwrap_or(&Type::Json);
    stream_records(reader, consumer, form(ty)).await
}
