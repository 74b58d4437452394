//! Streams of records, whatever their type.

use super::fill;
use crate::contract::{
    abi::{Layout, LoweredRecord},
    catalogue::Type,
};
use std::{alloc, cell::RefCell, collections::VecDeque, rc::Rc};
use wit_bindgen::rt::async_support::{RawStreamWriter, StreamOps};

/// The intrinsics of one type of stream, as far as its writing end needs them.
pub struct Stream {
    /// `stream.new`: the reading end in the lower half, the writing end in the upper.
    pub new: unsafe extern "C" fn() -> u64,
    /// `stream.write`
    pub write: unsafe extern "C" fn(stream: u32, from: *const u8, count: usize) -> u32,
    /// `stream.cancel-write`
    pub cancel: unsafe extern "C" fn(stream: u32) -> u32,
    /// `stream.drop-writable`
    pub drop: unsafe extern "C" fn(stream: u32),
}

/// A new stream of such records: its writing end, and the handle of its reading end,
/// which belongs to whoever gets it.
pub fn open(stream: &'static Stream, ty: &'static Type) -> (RawStreamWriter<Records>, u32) {
    let mut records = Records { stream, layout: Layout::of(ty), offered: Rc::default() };
    let ends = records.new();
    let (reader, writer) = (ends & u64::from(u32::MAX), ends >> 32);
    #[allow(clippy::cast_possible_truncation, reason = "two handles of 32 bits")]
    // SAFETY: the handle is that of a writing end of this type, and nobody else has it.
    (unsafe { RawStreamWriter::new(writer as u32, records) }, reader as u32)
}

/// How wit-bindgen's runtime is to treat the records of a stream.
#[derive(Clone)]
pub struct Records {
    stream: &'static Stream,
    layout: Layout,
    /// What is offered to the reader and not yet taken, in its order: the place of each
    /// record, and the memory that it points into.
    offered: Rc<RefCell<VecDeque<(*mut u8, LoweredRecord)>>>,
}

impl Records {
    /// The record at a place, which is offered no more.
    fn taken(&self, place: *mut u8) -> Option<LoweredRecord> {
        let mut offered = self.offered.borrow_mut();
        let index = offered.iter().position(|(at, _)| *at == place)?;
        offered.remove(index).map(|(_, record)| record)
    }
}

// SAFETY: the layout is that of the stream's type, `lower` fills it as the canonical ABI
// says, and what it points to lives until `dealloc_lists` or `lift` is called for it.
unsafe impl StreamOps for Records {
    type Payload = LoweredRecord;

    fn new(&mut self) -> u64 {
        // SAFETY: it has no conditions.
        unsafe { (self.stream.new)() }
    }

    fn elem_layout(&self) -> alloc::Layout {
        alloc::Layout::from_size_align(self.layout.size as usize, self.layout.align as usize)
            .unwrap_or(alloc::Layout::new::<u64>())
    }

    fn native_abi_matches_canonical_abi(&self) -> bool {
        false
    }

    fn contains_lists(&self) -> bool {
        true
    }

    unsafe fn lower(&mut self, record: LoweredRecord, place: *mut u8) {
        let value = record.bytes().get(..self.layout.size as usize).unwrap_or_default();
        // SAFETY: the runtime allocated the place with the layout above.
        unsafe { fill(place, value) }
        self.offered.borrow_mut().push_back((place, record));
    }

    unsafe fn dealloc_lists(&mut self, place: *mut u8) {
        drop(self.taken(place));
    }

    unsafe fn lift(&mut self, place: *mut u8) -> LoweredRecord {
        self.taken(place).unwrap_or_default()
    }

    unsafe fn start_write(&mut self, stream: u32, from: *const u8, count: usize) -> u32 {
        // SAFETY: the runtime's promise, here and below.
        unsafe { (self.stream.write)(stream, from, count) }
    }

    unsafe fn cancel_write(&mut self, stream: u32) -> u32 {
        // SAFETY: see above.
        unsafe { (self.stream.cancel)(stream) }
    }

    unsafe fn drop_writable(&mut self, stream: u32) {
        // SAFETY: see above.
        unsafe { (self.stream.drop)(stream) }
    }

    // The reading end is given away as soon as it is made, so nobody reads here.
    unsafe fn start_read(&mut self, _stream: u32, _to: *mut u8, _count: usize) -> u32 {
        unreachable!("{NO_READER}")
    }

    unsafe fn cancel_read(&mut self, _stream: u32) -> u32 {
        unreachable!("{NO_READER}")
    }

    unsafe fn drop_readable(&mut self, _stream: u32) {
        unreachable!("{NO_READER}")
    }
}

const NO_READER: &str = "the component never keeps the reading end of such a stream";
