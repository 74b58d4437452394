//! The header fields that come with a file: its name, where it is, and which part it is.
#![no_main]

use bytes::Bytes;
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use penstock::{
    files::{
        disposition::file_name,
        location::{Place, same},
        range::{Rest, validator},
    },
    host::{Opened, Response},
    settings::Origin,
};

fn named(disposition: &str) {
    if let Some(name) = file_name(disposition) {
        assert!(!name.is_empty() && name.len() <= 255 && !name.ends_with(['.', ' ']), "{name:?}");
        assert!(!name.chars().any(|letter| letter.is_control() || "/\\".contains(letter)), "{name:?}");
    }
}

fn located(location: &str) {
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
}

fn opened(status: u16, headers: &[(&str, &str)]) -> Opened {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Opened::from(Response { status, headers: headers.collect(), body: Ok(Bytes::new()) })
}

/// A part is only taken for the rest of a file if it begins where the rest does, and ends
/// where the file does.
fn part(range: &str, etag: &str, from: u64, length: Option<u64>) {
    let offer = opened(200, &[("accept-ranges", "bytes"), ("etag", etag)]);
    let Some(etag) = validator(&offer) else { return };
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() >= 2, "{etag:?}");
    HeaderValue::from_str(&etag).expect("it can be sent as it is");
    let rest = Rest { from, etag: etag.clone() };
    let answer = |range: &str| rest.is(&opened(206, &[("content-range", range), ("etag", &etag)]), length);
    if answer(range) {
        let shown: String = range.chars().filter(|letter| *letter != ' ').collect();
        let shown = shown.strip_prefix("bytes").expect("a range of bytes");
        let (first, rest) = shown.split_once('-').expect("a first byte");
        let (last, total) = rest.split_once('/').expect("a last byte");
        assert_eq!(first.trim().parse(), Ok(from), "{range}");
        let last: u64 = last.trim().parse().expect("a last byte");
        assert!(last >= from, "{range}");
        if let Ok(total) = total.trim().parse::<u64>() {
            assert_eq!(last + 1, total, "{range}");
            assert!(length.is_none_or(|length| length == total), "{range} of {length:?}");
        }
    }
    // What a server sends that does as it is asked.
    if let Some(total) = length.filter(|total| *total > from) {
        assert!(answer(&format!("bytes {from}-{}/{total}", total - 1)));
        assert!(answer(&format!("bytes {from}-{}/*", total - 1)));
        assert!(!answer(&format!("bytes {from}-{total}/{total}")), "one byte too many");
        assert_eq!(from > 0, !answer(&format!("bytes 0-{}/{total}", total - 1)), "from the start");
    }
    assert!(!rest.is(&opened(200, &[("content-range", range), ("etag", &etag)]), length), "all of it");
}

fuzz_target!(|data: (&str, &str, &str, &str, u64, Option<u64>)| {
    let (disposition, location, range, etag, from, length) = data;
    named(disposition);
    located(location);
    part(range, etag, from, length);
    part(range, "\"e\"", from, length);
});
