//! What holds for every type of the contract and any JSON of that type.

use super::{
    all_types, bodies,
    generate::Generator,
    typed::{PAIRS, Pair},
};
use crate::normalize::{body_from_json, transcode};
use proptest::{collection::vec, prelude::*, sample::Index};

fn choices() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Nothing fails and nothing is lost, whatever the vendor adds or leaves out.
    #[test]
    fn vendor_json_comes_out_in_normal_form(pick: Index, choices in choices()) {
        let ty = *pick.get(&all_types());
        let document = Generator::new(&choices).document(ty);
        prop_assert_eq!(transcode(ty, document.json.as_bytes()).unwrap(), &*document.normal, "{}", document.json);
        prop_assert_eq!(transcode(ty, document.normal.as_bytes()).unwrap(), &*document.normal);
    }

    /// The Rust types lose nothing either, and say the same.
    #[test]
    fn typed_and_dynamic_agree(pick: Index, choices in choices()) {
        let Pair { ty, agree, .. } = pick.get(PAIRS);
        let document = Generator::new(&choices).document(ty);
        agree(ty, &document.json, &document.normal)?;
    }

    /// A typed body reads back as the same value: absent, null and value stay apart.
    #[test]
    fn typed_bodies_round_trip(pick: Index, choices in choices()) {
        let Pair { ty, round_trip, .. } = pick.get(PAIRS);
        let document = Generator::new(&choices).document(ty);
        round_trip(ty, &document.json)?;
    }

    /// What a person writes reaches the vendor as it was meant.
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
        let Pair { ty, error, .. } = pick.get(PAIRS);
        let mut generator = Generator::new(&choices);
        generator.sabotage = Some(scalar);
        let document = generator.document(ty);
        let Some(place) = generator.sabotaged else { return Ok(()) };
        let failure = transcode(ty, document.json.as_bytes()).unwrap_err();
        prop_assert_eq!(&failure.path, &format!("${place}"), "{}", document.json);
        prop_assert!(!failure.malformed, "{failure:?}");
        prop_assert_eq!(error(ty, document.json.as_bytes()), Some(failure));
    }

    /// A caller gets the same place, and all other problems too.
    #[test]
    fn a_persons_wrong_type_is_named_by_its_path(pick: Index, scalar in 0_usize..20, choices in choices()) {
        let ty = *pick.get(&bodies());
        let mut generator = Generator::new(&choices);
        (generator.person, generator.sabotage) = (true, Some(scalar));
        let document = generator.document(ty);
        let Some(place) = generator.sabotaged else { return Ok(()) };
        let problems = body_from_json(ty, &document.json).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        prop_assert_eq!(fields, [place.trim_start_matches('.')], "{}", document.json);
    }
}
