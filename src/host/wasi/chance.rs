//! Random bits that differ from one another also on a host whose source of them stands still or begins anew with each
//! instance: names of calls, nonces of what is sealed and marks of who holds a claim are made of them.
//!
//! What is added is known, so it takes nothing away from bits that are random; and without those it is no secret.

use std::cell::Cell;

/// 2^64 divided by the golden ratio: an odd step, which comes back to where it began after 2^64 of them.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

thread_local! {
    static AT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// These bits, with something that no other call has. `began` tells instances apart and is asked once.
pub(super) fn spread(bits: u64, began: impl FnOnce() -> u64) -> u64 {
    let at = AT.get().unwrap_or_else(|| mixed(began())).wrapping_add(STEP);
    AT.set(Some(at));
    bits ^ mixed(at)
}

/// The last step of SplitMix64 (Steele, Lea and Flood 2014): each number for one other number.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
