//! A host, as far as memory is concerned: it allocates parameters in the component's memory, and copies what the
//! component gives it.

use super::{Linear, job};
use crate::{
    codec,
    contract::{
        Failure,
        abi::{Abi, Arena, Layout, Memory},
    },
    linear::Stream,
};
use std::{
    cell::RefCell,
    collections::VecDeque,
    ops::Range,
    ptr::{copy_nonoverlapping, null_mut},
};
use wit_bindgen::rt::cabi_realloc;

thread_local! {
    static COPIED: RefCell<Vec<String>> = RefCell::default();
    static TAKES: RefCell<VecDeque<Take>> = RefCell::default();
}

/// What it has copied since it was last asked.
pub fn copied() -> Vec<String> {
    COPIED.take()
}

/// The component's memory to a host, which frees nothing there.
struct Lent;

impl Memory for Lent {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        Linear.read(at, length)
    }

    fn release(&self, _at: u32, _length: u32, _align: u32) {}
}

/// What reading frees of an arena: start, length and alignment of each block.
struct Blocks<'a>(&'a Arena, RefCell<Vec<(u32, u32, u32)>>);

impl Memory for Blocks<'_> {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        self.0.read(at, length)
    }

    fn release(&self, at: u32, length: u32, align: u32) {
        self.1.borrow_mut().push((at, length, align));
    }
}

/// The address that the host knows.
fn address(place: *mut u8) -> u32 {
    u32::try_from(place.expose_provenance()).unwrap()
}

/// Puts parameters into blocks of their own, as many as `read` frees, and returns the address of the first.
pub fn pass(parameters: &Arena, read: impl FnOnce(&dyn Memory)) -> u32 {
    let blocks = Blocks(parameters, RefCell::default());
    read(&blocks);
    let blocks: Vec<(Range<u32>, *mut u8)> = blocks
        .1
        .take()
        .into_iter()
        .map(|(start, length, align)| {
            let bytes = parameters.read(start, length).unwrap();
            // SAFETY: a new block, with room for what is copied to it.
            unsafe {
                let place = cabi_realloc(null_mut(), 0, align as usize, length as usize);
                copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
                (start..start + length, place)
            }
        })
        .collect();
    let place = |offset: u32| {
        let (range, place) = blocks.iter().find(|(range, _)| range.contains(&offset)).unwrap();
        place.wrapping_add((offset - range.start) as usize)
    };
    for &at in parameters.pointers() {
        let target = u32::lift(parameters, at).unwrap();
        // SAFETY: a pointer stands here, within its block.
        unsafe { place(at).cast::<[u8; 4]>().write(address(place(target)).to_le_bytes()) }
    }
    address(place(0))
}

/// A `task.return` of a failure.
pub extern "C" fn failure(result: *const u8) {
    let failure = Failure::lift(&Lent, address(result.cast_mut()) + Layout::number(8).size).unwrap();
    COPIED.with_borrow_mut(|copied| copied.push(format!("{failure:?}")));
}

/// A `task.return` of a record.
pub extern "C" fn record(result: *const u8) {
    let record = codec::lift_normal(job(), &Lent, address(result.cast_mut()));
    COPIED.with_borrow_mut(|copied| copied.push(record));
}

/// What a reader does that is offered records.
#[derive(Debug, Clone, Copy)]
pub enum Take {
    /// It copies so many.
    AtMost(usize),
    /// It copies so many, and is gone.
    Leave(usize),
}

/// A reader that does this, one after the other.
pub fn reader(takes: &[Take]) {
    TAKES.set(takes.iter().copied().collect());
}

/// The intrinsics of a stream whose reader is there whenever something is offered.
pub static STREAM: Stream = Stream { new, write, cancel, drop };

extern "C" fn new() -> u64 {
    7 << 32 | 6
}

extern "C" fn write(_stream: u32, from: *const u8, count: usize) -> u32 {
    let (most, gone) = match TAKES.with_borrow_mut(VecDeque::pop_front).unwrap() {
        Take::AtMost(most) => (most, 0),
        Take::Leave(most) => (most, 1),
    };
    let taken = most.min(count);
    for index in 0..taken {
        record(from.wrapping_add(index * Layout::of(job()).size as usize));
    }
    // CanonicalABI.md, "canon stream.{read,write}": how many, and COMPLETED or DROPPED.
    u32::try_from(taken).unwrap() << 4 | gone
}

extern "C" fn cancel(_stream: u32) -> u32 {
    unreachable!("every write is done at once")
}

extern "C" fn drop(_stream: u32) {}
