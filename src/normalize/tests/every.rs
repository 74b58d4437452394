//! Every type of the contract once and again, not a sample of them.

use super::{all_types, generate::Generator};
use crate::{catalogue::operations, normalize::transcode};

/// Enough choices for the largest record, the same in every run.
fn choices(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..6000).map(|_| next()).collect()
}

/// Unknown fields, unknown enum values and nulls come out as they went in, for each answer
/// and each body of the 585 operations.
#[test]
fn every_type_comes_out_in_normal_form() {
    for (index, ty) in all_types().into_iter().enumerate() {
        for round in 0..4 {
            let choices = choices(u32::try_from(index).unwrap() * 4 + round);
            let document = Generator::new(&choices).document(ty);
            assert_eq!(
                transcode(ty, document.json.as_bytes()).unwrap(),
                document.normal,
                "{}",
                document.json
            );
        }
    }
}

#[test]
fn the_contract_has_every_operation_of_the_vendor() {
    let operations = operations("servicetitan").unwrap();
    let own = operations.iter().filter(|operation| operation.over.is_none() && !operation.composed);
    assert_eq!(own.count(), 585);
}
