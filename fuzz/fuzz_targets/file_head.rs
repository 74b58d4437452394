//! The header fields that come with a file: its name, and where it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    files::{
        disposition::file_name,
        location::{Place, same},
    },
    settings::Origin,
};

fuzz_target!(|data: (&str, &str)| {
    let (disposition, location) = data;
    if let Some(name) = file_name(disposition) {
        assert!(!name.is_empty() && name.len() <= 255 && !name.ends_with(['.', ' ']), "{name:?}");
        assert!(!name.chars().any(|letter| letter.is_control() || "/\\".contains(letter)), "{name:?}");
    }
    let Ok(origin) = Origin::parse("https://api.example") else { return };
    let here = Place { origin: origin.clone(), path_and_query: "/a/b?c".to_owned() };
    let Ok(there) = here.follow(location) else { return };
    assert!(there.path_and_query.starts_with('/') && there.path_and_query.is_ascii(), "{there:?}");
    assert!(!there.origin.authority.contains('@'), "{there:?}");
    if there.check(&origin, false).is_ok() {
        assert!(there.origin.https, "{there:?}");
    }
    // Whoever reads the URL anew sees the same origin.
    let url = format!("{}{}", there.origin, there.path_and_query);
    let Ok(again) = here.follow(&url) else { panic!("{url}") };
    assert!(same(&again.origin, &there.origin), "{again:?} and {there:?}");
});
