use super::*;
use penstock_spellings::spellings;
use proptest::prelude::*;

const SECRET: &str = "cs2.Made&up=<né> \"+/\\%41";

fn clean(text: &str) -> String {
    Redactor::of([SECRET, "ak1-made_up/key"]).clean(text).into_owned()
}

#[test]
fn every_spelling_is_taken_out_and_nothing_else() {
    for secret in [SECRET, "ak1-made_up/key"] {
        for spelling in spellings(secret) {
            let text = format!("before {spelling} after");
            let clean = clean(&text);
            assert!(
                clean.starts_with("before [redacted]") && clean.ends_with(" after"),
                "{spelling}: {clean}"
            );
            // The end of a base64 text may depend on what follows.
            assert!(clean.len() <= "before [redacted] after".len() + 1, "{spelling}: {clean}");
        }
    }
    for harmless in ["", "nothing here", "50% of &amp; \\n \\u0041", "cs2.", "Q3Mx"] {
        assert_eq!(clean(harmless), harmless);
    }
}

#[test]
fn it_is_found_within_other_base64() {
    for before in ["", "i", "id", "id:", "client:"] {
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{before}{SECRET}!"));
        let clean = clean(&text);
        assert!(clean.contains("[redacted]"), "{before}");
        assert!(clean.len() < 32, "{clean}");
    }
}

#[test]
fn secrets_side_by_side_leave_nothing() {
    let text = format!("{SECRET}{SECRET}");
    assert_eq!(clean(&text), "[redacted][redacted]");
    assert_eq!(Redactor::of(["aaaaaaaa"]).clean("xaaaaaaaaaaay"), "x[redacted]y");
}

#[test]
fn short_texts_are_no_secrets() {
    assert_eq!(Redactor::of(["abcde", ""]).clean("abcde fghij"), "abcde fghij");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the secret, and however it is escaped, nobody can read it afterwards.
    #[test]
    fn nothing_readable_is_left(secret in "[ -~é]{8,40}", noise in "[a-z ]{0,40}") {
        let redactor = Redactor::of([secret.as_str()]);
        for spelling in spellings(&secret) {
            let text = format!("{noise}{spelling}{noise}");
            let clean = redactor.clean(&text).into_owned();
            for seen in spellings(&secret) {
                prop_assert!(!clean.contains(&seen), "{} in {}", seen, clean);
            }
        }
    }
}
