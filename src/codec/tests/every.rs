//! Every type of the contract once and again, not a sample of them.

use super::{
    all_types,
    generate::{Document, Generator},
    memory::{decoded, encode_body, normal_form, read},
};
use crate::{
    codec::{decode, transcode},
    contract::catalogue::{Type, operations},
};

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

/// Four documents of each type, with unknown fields, unknown enum values, and nulls.
fn documents() -> impl Iterator<Item = (Type, Document)> {
    all_types().into_iter().enumerate().flat_map(|(index, ty)| {
        (0..4).map(move |round| {
            let choices = choices(u32::try_from(index).unwrap() * 4 + round);
            (*ty, Generator::new(&choices).document(ty))
        })
    })
}

/// They come out as they went in, for each answer and each body of the 585 operations.
#[test]
fn every_type_comes_out_in_normal_form() {
    for (ty, document) in documents() {
        assert_eq!(transcode(&ty, document.json.as_bytes()).unwrap(), document.normal, "{}", document.json);
    }
}

/// What a typed caller reads from memory says the same as what is returned by name, and
/// what it sends comes back as the same value.
#[test]
fn every_type_is_the_same_typed_and_by_name() {
    let mut sent = 0;
    for (ty, document) in documents() {
        let arena = decode(&ty, document.json.as_bytes()).unwrap();
        assert_eq!(normal_form(&ty, arena), document.normal, "{}", document.json);
        let value = decoded(&ty, &document.json);
        // A provider may name an unknown field twice; a caller may not.
        let Ok(body) = encode_body(&ty, &value) else { continue };
        assert_eq!(read(&ty, decode(&ty, body.as_bytes()).unwrap()), value, "{body}");
        sent += 1;
    }
    assert!(sent > 2 * all_types().len(), "most of them can be sent: {sent}");
}

#[test]
fn the_contract_has_every_operation_of_the_vendor() {
    let operations = operations("servicetitan").unwrap();
    let own = operations.iter().filter(|operation| operation.variant_of.is_none() && !operation.composed);
    assert_eq!(own.count(), 585);
}
