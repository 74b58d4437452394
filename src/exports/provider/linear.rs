//! The component's own memory.

use crate::contract::abi::Memory;
use std::{
    alloc::{Layout, dealloc},
    ptr, slice,
};

/// The memory in which the host puts parameters. It allocated each of their blocks with
/// `cabi_realloc`, that is, with the global allocator, and left them to the callee.
pub(super) struct Linear;

impl Memory for Linear {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        if length == 0 {
            return Some(&[]);
        }
        at.checked_add(length)?;
        // SAFETY: the addresses are those that the host wrote, of blocks that it filled;
        // nobody else knows them, so nobody writes to them meanwhile.
        Some(unsafe { slice::from_raw_parts(at as *const u8, length as usize) })
    }

    fn release(&self, at: u32, length: u32, align: u32) {
        let Ok(layout) = Layout::from_size_align(length as usize, align as usize) else { return };
        if length > 0 {
            // SAFETY: `cabi_realloc` allocated the block with this layout, and whoever reads
            // it releases it once.
            unsafe { dealloc(at as *mut u8, layout) }
        }
    }
}

/// Copies a lowered value to a place of its layout.
///
/// # Safety
///
/// The place is allocated with at least as many bytes.
pub(super) unsafe fn fill(place: *mut u8, value: &[u8]) {
    // SAFETY: the caller's promise; a value in a buffer of its own does not overlap with the place.
    unsafe { ptr::copy_nonoverlapping(value.as_ptr(), place, value.len()) }
}
