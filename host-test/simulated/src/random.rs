//! Reproducible chance: a stream of numbers for each thing that is made.

use fastrand::Rng;

/// Joins two numbers into a seed (the finaliser of SplitMix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.rotate_left(32) ^ b.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The stream of thing number `index` of a kind: it does not depend on how many
/// others there are.
pub(crate) fn random(seed: u64, kind: u64, index: u64) -> Rng {
    Rng::with_seed(mix(mix(seed, kind), index))
}
