//! Threads on one bucket that behaves as Spin's on SQLite does (`spin:key-value` 4.1): a swap of
//! a key that was not there is written whatever is there by now, and a counter is eight bytes.

use super::*;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
    thread,
};

const NOW: u64 = 1_790_000_000_000_000;

#[derive(Default)]
struct Spin(Mutex<HashMap<String, Vec<u8>>>);

struct Handle {
    key: String,
    current: Option<Vec<u8>>,
}

impl Bucket for Spin {
    type Handle = Handle;
    type Error = ();

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ()> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), ()> {
        assert!(key.starts_with(VALUE), "only values are set: {key}");
        self.0.lock().unwrap().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), ()> {
        self.0.lock().unwrap().remove(key);
        Ok(())
    }

    fn keys(&self) -> Result<Vec<String>, ()> {
        Ok(self.0.lock().unwrap().keys().cloned().collect())
    }

    fn create(&self, key: &str) -> Result<(), ()> {
        assert!(key.starts_with(CELL), "only cells are counters at first: {key}");
        let mut all = self.0.lock().unwrap();
        let present = all.entry(key.to_owned()).or_insert_with(|| vec![0; 8]);
        // Incrementing something else fails in Spin, and it would be our fault.
        assert!(present.len() == 8 || cell::until_ms(present).is_some());
        Ok(())
    }

    fn open(&self, key: &str) -> Result<(Handle, Option<Vec<u8>>), ()> {
        let current = self.get(key)?;
        thread::yield_now();
        Ok((Handle { key: key.to_owned(), current: current.clone() }, current))
    }

    fn swap(&self, handle: Handle, value: &[u8]) -> Result<bool, ()> {
        assert!(handle.key.starts_with(CELL), "only cells are swapped: {}", handle.key);
        let mut all = self.0.lock().unwrap();
        match &handle.current {
            Some(current) if all.get(&handle.key) != Some(current) => return Ok(false),
            Some(_) => {}
            None => panic!("a swap of an absent key may succeed twice"),
        }
        all.insert(handle.key, value.to_vec());
        Ok(true)
    }
}

fn at(bucket: &Spin, ms: u64) -> Embedded<'_, Spin> {
    Embedded { bucket, now: NOW + ms * 1_000 }
}

#[test]
fn values_expire() {
    let bucket = Spin::default();
    at(&bucket, 0).set("k", b"v", Some(50)).unwrap();
    assert_eq!(at(&bucket, 49).get("k"), Ok(Some(b"v".to_vec())));
    assert_eq!(at(&bucket, 50).get("k"), Ok(None));
    at(&bucket, 0).set("k", b"", None).unwrap();
    assert_eq!(at(&bucket, 1 << 50).get("k"), Ok(Some(Vec::new())));
    at(&bucket, 0).delete("k").unwrap();
    assert_eq!(at(&bucket, 0).get("k"), Ok(None));
}

#[test]
fn a_claim_is_one_callers_until_it_is_given_up_or_expires() {
    let bucket = Spin::default();
    let now = at(&bucket, 0);
    assert_eq!(now.claim("k", b"a", 100), Ok(None));
    assert_eq!(now.claim("k", b"a", 100), Ok(None), "the same again");
    assert_eq!(now.claim("k", b"b", 100), Ok(Some(b"a".to_vec())));
    assert_eq!(now.swap("k", b"b", b"c", 100), Ok(false));
    now.release("k", b"b").unwrap();
    assert_eq!(now.swap("k", b"a", b"c", 200), Ok(true));
    assert_eq!(now.swap("k", b"a", b"c", 200), Ok(true), "done already");
    assert_eq!(at(&bucket, 199).claim("k", b"d", 9), Ok(Some(b"c".to_vec())));
    assert_eq!(at(&bucket, 200).swap("k", b"c", b"d", 9), Ok(false), "expired");
    assert_eq!(at(&bucket, 200).claim("k", b"d", 9), Ok(None));
    at(&bucket, 200).release("k", b"d").unwrap();
    assert_eq!(at(&bucket, 200).claim("k", b"e", 9), Ok(None));
}

#[test]
fn of_many_claims_at_once_one_succeeds() {
    let bucket = Spin::default();
    for round in 0..50 {
        let key = format!("k{round}");
        let winners: usize = thread::scope(|scope| {
            let claims: Vec<_> = (0..8_u8)
                .map(|me| {
                    let (bucket, key) = (&bucket, &key);
                    scope.spawn(move || at(bucket, 0).claim(key, &[me], 1_000).unwrap().is_none())
                })
                .collect();
            claims.into_iter().map(|claim| usize::from(claim.join().unwrap())).sum()
        });
        assert_eq!(winners, 1, "{key}");
    }
}

#[test]
fn turns_of_many_at_once_are_all_different() {
    let bucket = Spin::default();
    let all = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for owner in 1..=6_u64 {
            let (bucket, all) = (&bucket, &all);
            scope.spawn(move || {
                for number in 1..=50 {
                    let request = TurnRequest {
                        owner,
                        number,
                        interval: 1_000,
                        horizon: 1_000_000,
                        wanted: 3,
                        ..TurnRequest::default()
                    };
                    let turns = loop {
                        match at(bucket, 0).turns("limit", &request) {
                            Err(Undone::Contended) => thread::yield_now(),
                            turns => break turns.unwrap(),
                        }
                    };
                    for turn in 0..u64::from(turns.count) {
                        assert!(all.lock().unwrap().insert(turns.arrival + turn * 1_000));
                    }
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    assert_eq!(all.len(), 900);
    assert_eq!((all.first(), all.last()), (Some(&NOW), Some(&(NOW + 899_000))), "none is lost");
}

#[test]
fn keys_in_use_are_found_by_their_beginning_and_removed_whatever_they_are() {
    let bucket = Spin::default();
    at(&bucket, 0).set("a/1", b"v", Some(10)).unwrap();
    at(&bucket, 0).claim("a/2", b"c", 10).unwrap();
    at(&bucket, 0).set("b/1", b"v", None).unwrap();
    at(&bucket, 0).claim("a/3", b"c", 5).unwrap();
    let found = |after| {
        let mut found = at(&bucket, after).keys("a/", 9).unwrap();
        found.sort();
        found
    };
    assert_eq!(found(0), ["a/1", "a/2", "a/3"]);
    assert_eq!(found(5), ["a/1", "a/2"]);
    assert_eq!(at(&bucket, 0).keys("", 2).unwrap().len(), 2);
    at(&bucket, 0).delete("a/1").unwrap();
    at(&bucket, 0).delete("a/2").unwrap();
    assert_eq!(found(0), ["a/3"]);
    assert_eq!(at(&bucket, 0).claim("a/2", b"other", 10), Ok(None));
}

#[test]
fn what_expired_long_ago_is_swept_and_nothing_else() {
    let bucket = Spin::default();
    for number in 0..10 {
        at(&bucket, 0).set(&format!("old/{number}"), b"v", Some(10)).unwrap();
        at(&bucket, 0).claim(&format!("old/{number}"), b"c", 10).unwrap();
        at(&bucket, 0).set(&format!("for-good/{number}"), b"v", None).unwrap();
    }
    let hour = SWEPT_AFTER_MS;
    at(&bucket, hour).claim("late", b"c", 1).unwrap();
    let foreign = bucket.0.lock().unwrap().insert("theirs".to_owned(), cell::full(b"v", 0));
    assert_eq!(foreign, None);
    assert_eq!(at(&bucket, hour + 10).sweep(99, 7), Ok(0), "an hour is not over");
    assert_eq!(at(&bucket, hour + 11).sweep(0, 7), Ok(0));
    let mut gone = 0;
    for random in [0, 5, u64::MAX] {
        gone += at(&bucket, hour + 11).sweep(12, random).unwrap();
    }
    gone += at(&bucket, hour + 11).sweep(99, 3).unwrap();
    assert_eq!(gone, 20);
    let left = bucket.0.lock().unwrap().len();
    assert_eq!(left, 12, "ten values for good, a claim that ended a moment ago, and what is another's");
}
