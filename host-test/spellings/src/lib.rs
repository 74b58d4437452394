//! The spellings in which a secret may come back from a provider, a proxy or a log.
//!
//! For tests, simulated providers and the simulator, and made apart from what looks for them in
//! the product. A test plants secrets that hold [`CANARY`] and looks for [`TRACES`] wherever
//! something leaves the product: that needs no knowledge of the spellings, so what one of them
//! shows is seen though nobody listed it.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a form does not escape (URL Standard, application/x-www-form-urlencoded).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// What a lenient writer of URLs escapes.
const FEW: &AsciiSet = &CONTROLS.add(b'&').add(b'+').add(b'=').add(b'%').add(b'"');

/// A word that planted secrets hold, several times if they are long: one that is encoded, or cut
/// in two, still shows it.
pub const CANARY: &str = "canary";

/// What shows the [`CANARY`] in any spelling: itself, in capitals, and in each of its three places in
/// a text in base64. (Escapes leave letters as they are.)
pub const TRACES: [&str; 5] = [CANARY, "CANARY", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"];

/// Where a text shows the [`CANARY`], with some of what stands around it; none if it does not.
#[must_use]
pub fn shown(text: &str) -> Option<String> {
    let at = TRACES.iter().filter_map(|trace| text.find(trace)).min()?;
    let before: String = text.get(..at)?.chars().rev().take(60).collect();
    Some(before.chars().rev().chain(text.get(at..)?.chars().take(60)).collect())
}

/// The secret itself, and how it may be spelt.
#[must_use]
pub fn spellings(secret: &str) -> Vec<String> {
    let percent = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let form = |text: &str| utf8_percent_encode(text, FORM).to_string().replace(' ', "+");
    let json = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned()
    };
    let mut all = vec![
        secret.to_owned(),
        secret.to_uppercase(),
        secret.to_lowercase(),
        percent(secret),
        percent(secret).to_lowercase(),
        percent(&percent(secret)),
        utf8_percent_encode(secret, FEW).to_string(),
        form(secret),
        html(secret),
        html(&html(secret)),
        html(&percent(secret)),
        json_ascii(secret),
        json_ascii(&json_ascii(secret)),
        json_ascii(&html(secret)),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD_NO_PAD.encode(percent(secret)),
    ];
    // What starts with a quote is left to the form above.
    if !secret.starts_with('"') {
        all.push(json(secret));
    }
    all.retain(|spelling| !spelling.is_empty());
    all.dedup();
    all
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Only letters and digits as they are.
fn json_ascii(text: &str) -> String {
    let mut units = [0; 2];
    let spelt = text.chars().map(|letter| match letter.is_ascii_alphanumeric() {
        true => letter.to_string(),
        false => letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    });
    spelt.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_shows_the_canary() {
        for secret in ["canary&1=canary+%\u{e9}-canary", "a canary\"<b>' /canary/ canary"] {
            for spelling in spellings(secret) {
                assert!(shown(&format!("before {spelling} after")).is_some(), "{spelling}");
            }
        }
        assert_eq!(shown("a text without it"), None);
    }
}
