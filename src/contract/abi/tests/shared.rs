//! The shared types, there and back.

use super::Placed;
use crate::contract::{
    AnswerInfo, AnswerSource, Attempt, CallOptions, Failure, FailureKind, FieldError, FileInfo, Instant,
    ListEnd, Misfit, OnMisfit, Outcome, PageInfo, PageRequest, RetryAdvice,
    abi::{Abi, AbiError, Arena, Handle, Layout, Upload},
};
use std::fmt::Debug;

#[track_caller]
fn there_and_back<T: Abi + PartialEq + Debug>(value: &T) {
    let mut arena = Arena::with(T::LAYOUT);
    value.lower(&mut arena, 0);
    let placed = Placed::at(0x1230, arena);
    assert_eq!(T::lift(&placed, 0x1230).as_ref(), Ok(value));
    placed.assert_released(T::LAYOUT.size);
}

fn failure(retry: RetryAdvice) -> Failure {
    let attempt = |number| Attempt {
        number,
        started: Instant { seconds: -7, nanoseconds: 999_999_999 },
        elapsed_ms: u64::MAX,
        status: Some(503),
        reason: "server-error".to_owned(),
    };
    let field = |name: &str| FieldError::new(name, "");
    Failure {
        kind: FailureKind::Internal,
        message: "größer".to_owned(),
        outcome: Outcome::Unknown,
        retry,
        operation: None,
        status: Some(0xabc),
        vendor_trace_id: Some("x".to_owned()),
        call_id: "0123".to_owned(),
        fields: vec![field("a"), field("pageSize"), field("")],
        attempts: (1..4).map(attempt).collect(),
        resume: Some("more".to_owned()),
    }
}

#[test]
fn failures() {
    for retry in [RetryAdvice::Never, RetryAdvice::Now, RetryAdvice::After(u64::MAX), RetryAdvice::Later] {
        there_and_back(&failure(retry));
    }
    there_and_back(&Failure { fields: vec![], attempts: vec![], ..failure(RetryAdvice::Now) });
}

#[test]
fn everything_else_that_calls_pass_and_return() {
    there_and_back(&ListEnd {
        items: 1,
        pages: 2,
        suppressed: 3,
        drifted: true,
        complete: false,
        misfits: 101,
        first_misfits: vec![
            Misfit { id: Some("7".to_owned()), path: "$.data[3].total".to_owned(), reason: "odd".to_owned() },
            Misfit { id: None, path: "$".to_owned(), reason: String::new() },
        ],
        resume: "r".to_owned(),
    });
    let answer = AnswerInfo {
        call_id: "c".to_owned(),
        status: 200,
        source: AnswerSource::Fallback,
        age_ms: 9,
        degraded: true,
        misfits: 0,
        first_misfits: vec![],
    };
    there_and_back(&PageInfo {
        page: 1,
        page_size: 50,
        has_more: true,
        total_count: Some(7),
        continue_from: None,
        resume: String::new(),
        drifted: true,
        answer,
    });
    there_and_back(&PageRequest { page: Some(1), page_size: None, include_total: true, resume: None });
    there_and_back(&Some(CallOptions {
        account: Some("east".to_owned()),
        deadline_ms: Some(1 << 40),
        resume: None,
        correlation_id: Some("c".to_owned()),
        fresh: true,
        accept_stale: false,
        fallback: Some("{}".to_owned()),
        allow_resend: true,
        page_size: Some(5),
        window: None,
        on_misfit: Some(OnMisfit::Raw),
    }));
    there_and_back(&None::<CallOptions>);
}

#[test]
fn files_with_their_handles() {
    there_and_back(&FileInfo {
        call_id: "c".to_owned(),
        status: 200,
        content_type: Some("audio/mpeg".to_owned()),
        file_name: None,
        length: Some(u64::MAX),
    });
    let upload = Upload {
        file_name: "a.png".to_owned(),
        content_type: None,
        length: Some(1 << 40),
        content: Handle(0x1234_5678),
    };
    let mut arena = Arena::with(Upload::LAYOUT);
    upload.lower(&mut arena, 0);
    let lifted = Upload::lift(&arena, 0).unwrap();
    assert_eq!((lifted.file_name, lifted.content), (upload.file_name, upload.content));
    assert_eq!((lifted.content_type, lifted.length), (upload.content_type, upload.length));
}

#[test]
fn memory_that_holds_something_else_is_broken() {
    let mut arena = Arena::with(Layout::LIST);
    arena.put(0, &100_u32.to_le_bytes());
    arena.put(4, &1_u32.to_le_bytes());
    assert_eq!(String::lift(&arena, 0), Err(AbiError));
    assert_eq!(<Vec<u64>>::lift(&arena, 0), Err(AbiError));
    assert_eq!(u64::lift(&arena, 4), Err(AbiError));
    let mut arena = Arena::with(Layout::number(1));
    arena.put(0, &[200]);
    assert_eq!(FailureKind::lift(&arena, 0), Err(AbiError));
    let mut arena = Arena::with(Layout::LIST);
    arena.put_text(0, "abc");
    arena.put(8, &[0xff]);
    assert_eq!(String::lift(&arena, 0), Err(AbiError));
}

#[test]
fn a_settled_arena_is_aligned_and_its_pointers_are_addresses() {
    let mut arena = Arena::with(<Vec<String>>::LAYOUT);
    vec!["one".to_owned(), "two".to_owned()].lower(&mut arena, 0);
    let settled = arena.settle();
    let base = settled.bytes().as_ptr() as usize;
    assert_eq!(base % 8, 0);
    let word = |at: usize| u32::from_le_bytes(settled.bytes()[at..at + 4].try_into().unwrap());
    let first = word(0).wrapping_sub(base as u32) as usize;
    assert_eq!((word(4), first % 4), (2, 0));
    let text = word(first).wrapping_sub(base as u32) as usize;
    assert_eq!(&settled.bytes()[text..text + 3], b"one");
}
