//! A store that answers at once, and nonsense.

use futures_util::future::{BoxFuture, ready};
use penstock_host::{
    sources::HostError,
    state::{State, TurnRequest, Turns},
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

/// Values that are none, counts and times out of all range, keys that nobody has asked for; now and then it fails.
#[derive(Default)]
pub struct Nonsense {
    asked: AtomicUsize,
}

type Answer<T> = Result<T, HostError>;

impl Nonsense {
    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    /// One of these after the other; the error after the last.
    fn one_of<T: Clone + Send + 'static>(&self, answers: &[T]) -> BoxFuture<'static, Answer<T>> {
        let at = self.asked.fetch_add(1, SeqCst);
        let answer = answers.get(at % (answers.len() + 1)).cloned();
        Box::pin(ready(answer.ok_or_else(|| HostError::Failed("the store talks nonsense".to_owned()))))
    }

    fn value(&self) -> BoxFuture<'static, Answer<Option<Vec<u8>>>> {
        let sealed = [&[1][..], &[7; 80]].concat();
        self.one_of(&[Some(Vec::new()), Some(vec![0xff; 9]), Some(sealed), None, Some(b"done".to_vec())])
    }
}

impl State for Nonsense {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        self.value()
    }

    fn set<'a>(&'a self, _: &'a str, _: Vec<u8>, _: Option<Duration>) -> BoxFuture<'a, Answer<()>> {
        self.one_of(&[()])
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Answer<()>> {
        self.one_of(&[()])
    }

    fn claim<'a>(&'a self, _: &'a str, _: Vec<u8>, _: Duration) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        self.value()
    }

    fn swap<'a>(&'a self, _: &'a str, _: &'a [u8], _: Vec<u8>, _: Duration) -> BoxFuture<'a, Answer<bool>> {
        self.one_of(&[false, true])
    }

    fn release<'a>(&'a self, _: &'a str, _: &'a [u8]) -> BoxFuture<'a, Answer<()>> {
        self.one_of(&[()])
    }

    fn keys<'a>(&'a self, _: &'a str, _: usize) -> BoxFuture<'a, Answer<Vec<String>>> {
        self.one_of(&[vec![String::new(); 5_000], vec!["\u{0}/\u{1f600}".to_owned()], Vec::new()])
    }

    fn turns<'a>(&'a self, _: &'a str, request: &'a TurnRequest) -> BoxFuture<'a, Answer<Turns>> {
        let most = u64::MAX;
        let turns = |now, arrival, count, closed| Turns { now, arrival, count, closed, since: now / 3 };
        self.one_of(&[
            turns(0, most, u32::MAX, most),
            turns(most, 0, u32::MAX, 0),
            turns(most, most, 0, most),
            turns(1, request.interval, request.wanted.saturating_add(1), 0),
            turns(most / 2, 0, 0, most / 2),
        ])
    }
}
