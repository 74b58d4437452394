//! What holds for every type of the contract and any JSON of that type.

use super::{
    all_types, bodies,
    generate::Generator,
    memory::{decoded, encode_body, encode_query, normal_form, read},
    queries,
};
use crate::{
    codec::{body_from_json, decode, transcode},
    contract::catalogue::Type,
};
use proptest::{collection::vec, prelude::*, sample::Index};

fn choices() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Nothing fails and nothing is lost, whatever the provider adds or leaves out.
    #[test]
    fn vendor_json_comes_out_in_normal_form(pick: Index, choices in choices()) {
        let ty = *pick.get(&all_types());
        let document = Generator::new(&choices).document(ty);
        prop_assert_eq!(transcode(ty, document.json.as_bytes()).unwrap(), &*document.normal, "{}", document.json);
        prop_assert_eq!(transcode(ty, document.normal.as_bytes()).unwrap(), &*document.normal);
    }

    /// What a caller reads from memory loses nothing either, and says the same.
    #[test]
    fn typed_and_dynamic_agree(pick: Index, choices in choices()) {
        let ty = *pick.get(&all_types());
        let document = Generator::new(&choices).document(ty);
        let arena = decode(ty, document.json.as_bytes())
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", document.json)))?;
        prop_assert_eq!(normal_form(ty, arena), document.normal);
    }

    /// A typed body reads back as the same value: absent, null and value stay apart.
    #[test]
    fn typed_bodies_round_trip(pick: Index, choices in choices()) {
        let ty = *pick.get(&all_types());
        let document = Generator::new(&choices).document(ty);
        let value = decoded(ty, &document.json);
        // A provider may name an unknown field twice; a caller may not.
        let Ok(body) = encode_body(ty, &value) else { return Ok(()) };
        serde_json::from_str::<&serde_json::value::RawValue>(&body).unwrap();
        prop_assert_eq!(read(ty, decode(ty, body.as_bytes()).unwrap()), value, "{}", body);
    }

    #[test]
    fn typed_queries_are_read_from_memory(pick: Index, choices in choices()) {
        let record = *pick.get(&queries());
        let ty = Type::Record(record);
        let document = Generator::new(&choices).document(&ty);
        if let Ok(arena) = decode(&ty, document.json.as_bytes()) {
            let _ = encode_query(record, &read(&ty, arena));
        }
    }

    #[test]
    fn a_persons_body_means_the_same(pick: Index, choices in choices()) {
        let ty = *pick.get(&bodies());
        let mut generator = Generator::new(&choices);
        generator.person = true;
        let document = generator.document(ty);
        let body = body_from_json(ty, &document.json).unwrap();
        prop_assert_eq!(transcode(ty, body.as_bytes()).unwrap(), &*document.normal, "{}", document.json);
    }

    /// The error names the value that is wrong, for both paths.
    #[test]
    fn a_wrong_type_is_named_by_its_path(pick: Index, scalar in 0_usize..40, choices in choices()) {
        let ty = *pick.get(&all_types());
        let mut generator = Generator::new(&choices);
        generator.break_scalar = Some(scalar);
        let document = generator.document(ty);
        let Some(place) = generator.broken_at else { return Ok(()) };
        let failure = transcode(ty, document.json.as_bytes()).unwrap_err();
        prop_assert_eq!(&failure.path, &format!("${place}"), "{}", document.json);
        prop_assert!(!failure.malformed, "{failure:?}");
        prop_assert_eq!(decode(ty, document.json.as_bytes()).err(), Some(failure));
    }

    /// A caller gets the same place, and all other problems too.
    #[test]
    fn a_persons_wrong_type_is_named_by_its_path(pick: Index, scalar in 0_usize..20, choices in choices()) {
        let ty = *pick.get(&bodies());
        let mut generator = Generator::new(&choices);
        (generator.person, generator.break_scalar) = (true, Some(scalar));
        let document = generator.document(ty);
        let Some(place) = generator.broken_at else { return Ok(()) };
        let problems = body_from_json(ty, &document.json).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        prop_assert_eq!(fields, [place.trim_start_matches('.')], "{}", document.json);
    }
}
