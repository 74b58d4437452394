use super::*;
use penstock::{api_key, settings::common::Role};
use proptest::prelude::*;

fn hash(key: &str) -> String {
    api_key::hash(key)
}

/// The digits of a hash.
fn digits(hash: &str) -> &str {
    hash.split_once(':').unwrap().1
}

fn parse(named: &str) -> Result<KeyRing, Vec<String>> {
    both(Some(named), None)
}

fn both(named: Option<&str>, hashes: Option<&str>) -> Result<KeyRing, Vec<String>> {
    KeyRing::parse(named, hashes, "is not set").map_err(|wrong| {
        wrong.into_iter().map(|wrong| format!("{} {}", wrong.field, wrong.message)).collect()
    })
}

#[test]
fn every_field_is_read() {
    let text = format!(
        "billing={};role=operator;accounts=North|south;providers=servicetitan|asleep;modules=jpm|crm;\
         expires=2027-01-01T00:00:00Z;rate=100/min|10/s;operations=jpm.jobs-page:5/min|jpm.jobs-get:9/d,\n\
         plain={}",
        hash("one"),
        hash("two")
    );
    let ring = parse(&text).unwrap();
    let key = ring.find("one").unwrap();
    assert_eq!((key.name.as_str(), key.role), ("billing", Role::Operator));
    let set =
        |set: &Option<std::collections::BTreeSet<String>>| set.clone().map(Vec::from_iter).unwrap().join("|");
    assert_eq!(
        [set(&key.accounts), set(&key.providers), set(&key.modules)],
        ["north|south", "asleep|servicetitan", "crm|jpm"]
    );
    assert_eq!(key.expires.unwrap().to_string(), "2027-01-01T00:00:00Z");
    assert_eq!(key.rates.iter().map(Rate::to_string).collect::<Vec<_>>(), ["10/s", "100/min"]);
    let of = |(name, rate): &(&str, Rate)| format!("{name}:{rate}");
    assert_eq!(
        key.operations.iter().map(of).collect::<Vec<_>>(),
        ["jpm.jobs-get:9/d", "jpm.jobs-list:5/min"]
    );
    assert_eq!(*ring.find("two").unwrap(), Key::named("plain".to_owned()));
    assert!(ring.find("three").is_none());
}

#[test]
fn keys_without_a_name_are_called_by_their_hash_and_may_do_everything() {
    let unnamed = format!("{},{},{}", hash("one"), hash("two"), hash("one"));
    let ring = both(Some(&format!("named={}", hash("three"))), Some(&unnamed)).unwrap();
    let key = ring.find("one").unwrap();
    assert_eq!(key.name, digits(&hash("one")).split_at(8).0);
    assert!(key.role == Role::Admin && key.may_administer(None).is_ok() && key.counted(&[], 1).is_empty());
    assert_eq!(ring.find("three").unwrap().role, Role::ReadOnly);
}

#[test]
fn what_is_malformed_is_named_by_key_and_field_and_no_value_is_shown() {
    let good = hash("one");
    for (fields, named) in [
        (";role=canary", "`billing`, whose `role` is not"),
        (";role=Admin", "`role` is not"),
        (";role=", "`role` is not"),
        (";role=admin|operator", "`role` is not"),
        (";role=admin;role=admin", "`role` is there twice"),
        (";accounts=can ary", "`accounts` has as number 1"),
        (";accounts=", "`accounts` has as number 1"),
        (";accounts=a|b|A", "`accounts` has as number 3 what it has already"),
        (";providers=servicetitan|canary", "`providers` has as number 2"),
        (";modules=canary", "`modules` has as number 1"),
        (";expires=canary", "`expires` is neither"),
        (";expires=2027-02-30", "`expires` is neither"),
        (";rate=5/canary", "`rate` has as number 1"),
        (";rate=5/s|6/s", "`rate` has two rates for one unit"),
        (";operations=canary:5/s", "`operations` has as number 1"),
        (";operations=jpm.jobs-list", "`operations` has as number 1"),
        (";operations=jpm.jobs-list:5/s|jpm.jobs-page:6/s", "`operations` has two rates of one operation"),
        (";hash=canary", "`hash` is there twice"),
        (";canary", "number 1 has not"),
        (";colour=canary", "`colour` is unknown: there are hash, role"),
        (";Role=canary", "`Role` is unknown"),
        (";pk_canary=x", "`...` is unknown"),
    ] {
        let wrong = parse(&format!("billing={good}{fields}")).unwrap_err();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with("PENSTOCK_API_KEYS ") && wrong[0].contains(named), "{wrong:?}");
        assert!(!wrong[0].contains("canary") && !wrong[0].contains(digits(&good)), "{wrong:?}");
    }
    for text in ["billing=canary", "billing=", "billing=sha256:canary", &format!("billing={good}0")] {
        let wrong = parse(text).unwrap_err();
        assert_eq!(
            wrong,
            [
                "PENSTOCK_API_KEYS has the key `billing`, whose `hash` is not sha256: and 64 hexadecimal digits"
            ]
        );
    }
    let missing = parse(r#"{"billing":{"role":"admin"}}"#).unwrap_err();
    assert_eq!(missing, ["PENSTOCK_API_KEYS has the key `billing`, whose `hash` is missing"]);
    // A key in the place of a name is not shown either.
    let key = api_key::generate(&[7; 32]);
    for name in [key.expose(), "", "can ary", &"c".repeat(65)] {
        let wrong = parse(&format!("{name}={good}")).unwrap_err();
        assert!(wrong[0].contains("number 1") && (name.is_empty() || !wrong[0].contains(name)), "{wrong:?}");
    }
}

#[test]
fn one_malformed_key_refuses_all_and_everything_wrong_is_named() {
    let text = format!("one={};role=x;rate=y,two={},three=z;expires=w", hash("one"), hash("two"));
    assert_eq!(parse(&text).unwrap_err().len(), 4);
    assert_eq!(both(Some("one=x"), Some("y")).unwrap_err().len(), 2);
    assert_eq!(parse(" ").unwrap_err(), ["PENSTOCK_API_KEYS has no key"]);
    let none = both(None, None).unwrap_err();
    assert_eq!(
        none,
        ["PENSTOCK_API_KEY_HASH is not set, and neither is PENSTOCK_API_KEYS: one of them is needed"]
    );
}

#[test]
fn two_of_a_name_or_of_a_hash_are_refused() {
    let (one, two) = (hash("one"), hash("two"));
    assert_eq!(parse(&format!("a={one},a={two}")).unwrap_err(), ["PENSTOCK_API_KEYS has the key `a` twice"]);
    let same = parse(&format!("a={one},b={}", one.to_uppercase().replace("SHA256", "sha256"))).unwrap_err();
    assert_eq!(same, ["PENSTOCK_API_KEYS has the keys `a` and `b`, whose `hash` is the same"]);
    let both = |named: &str| both(Some(named), Some(&one)).unwrap_err();
    assert_eq!(
        both(&format!("a={one}")),
        ["PENSTOCK_API_KEY_HASH has the hash of the key `a` of PENSTOCK_API_KEYS"]
    );
    let short = digits(&one).split_at(8).0;
    let called =
        format!("PENSTOCK_API_KEY_HASH has a key that is called `{short}`, as one of PENSTOCK_API_KEYS is");
    assert_eq!(both(&format!("{short}={two}")), [called]);
    assert_eq!(parse(&format!(r#"{{"a":{{"hash":"{one}"}},"a":{{"hash":"{two}"}}}}"#)).unwrap_err().len(), 1);
}

/// Texts that are nearly keys.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(hash("one")),
        "(name|hash|role|accounts|rate|operations|expires|modules|admin|jpm\\.jobs-list|5/s|2027-01-01)",
        "[=;,|:\\[\\]{}\"\n ]",
        "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_the_text_is_it_is_read_or_refused(text in prop_oneof![nearly(), ".{0,60}"]) {
        if let Err(wrong) = KeyRing::parse(Some(&text), None, "is not set") {
            prop_assert!(!wrong.is_empty());
            let hash = hash("one");
            prop_assert!(!wrong.iter().any(|wrong| wrong.message.contains(digits(&hash))), "{wrong:?}");
        }
    }
}
