//! The memory that a component shares with its host: all of the exports that knows real addresses.
//!
//! The canonical ABI says who owns what. Each block of the parameters is allocated by the host, with `cabi_realloc`,
//! and freed by the callee; a result and the records of a stream are copied by the host, out of what the component
//! keeps until then and frees itself.
//!
//! It compiles natively too, for `.ci/long miri`: Miri runs this code as it is, for a machine whose addresses have
//! 32 bits as well, with a caller that allocates, copies and leaves as a host does (`tests`).
#![allow(unsafe_code, reason = "addresses from the host")]

mod records;
#[cfg(test)]
mod tests;

use crate::contract::abi::{Arena, Memory};
pub use records::{Stream, open};
use std::{
    alloc::{Layout, dealloc},
    ptr, slice,
};

/// The memory in which the host puts parameters. It allocated each of their blocks with
/// `cabi_realloc`, that is, with the global allocator, and left them to the callee.
pub struct Linear;

impl Memory for Linear {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        if length == 0 {
            return Some(&[]);
        }
        at.checked_add(length)?;
        // SAFETY: the addresses are those that the host wrote, of blocks that it filled;
        // nobody else knows them, so nobody writes to them meanwhile.
        Some(unsafe { slice::from_raw_parts(pointer(at), length as usize) })
    }

    fn release(&self, at: u32, length: u32, align: u32) {
        let Ok(layout) = Layout::from_size_align(length as usize, align as usize) else { return };
        if length > 0 {
            // SAFETY: `cabi_realloc` allocated the block with this layout, and whoever reads
            // it releases it once.
            unsafe { dealloc(pointer(at), layout) }
        }
    }
}

/// What an address points to. The host knows it from an allocator, so its provenance is that of the block there.
fn pointer(at: u32) -> *mut u8 {
    ptr::with_exposed_provenance_mut(at as usize)
}

/// Copies a lowered value to a place of its layout.
///
/// # Safety
///
/// The place is allocated with at least as many bytes.
unsafe fn fill(place: *mut u8, value: &[u8]) {
    // SAFETY: the caller's promise; a value in a buffer of its own does not overlap with the place.
    unsafe { ptr::copy_nonoverlapping(value.as_ptr(), place, value.len()) }
}

/// Hands the `result` of a function over to its caller: the function's `task.return`.
pub type Return = unsafe extern "C" fn(result: *const u8);

/// Gives its caller a function's result.
///
/// # Safety
///
/// The result has the form that the function of this `task.return` has in the world.
pub unsafe fn hand_over(result: Arena, done: Return) {
    let result = result.settle();
    // SAFETY: the caller's promise; and the result lives until the host has copied it,
    // which is before this returns.
    unsafe { done(result.bytes().as_ptr()) }
}
