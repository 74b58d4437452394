//! The name of a file that came, from `Content-Disposition` (RFC 6266).

use crate::policy::shown::is_obeyed;
use percent_encoding::percent_decode_str;

/// The longest name that is passed on, in bytes: the most that usual file systems take.
const LONGEST: usize = 255;

/// The name that the field states, as a name alone: without a path, without what no name
/// may hold. `filename*` goes before `filename`.
#[must_use]
pub fn file_name(field: &str) -> Option<String> {
    let parameters = parameters(field);
    let value = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let extended = value("filename*").and_then(|value| extended(value)).and_then(|name| safe(&name));
    extended.or_else(|| value("filename").and_then(|name| safe(name)))
}

/// The parameters after the type, names in lower case. What is no parameter ends them.
fn parameters(field: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Some((_, mut rest)) = field.split_once(';') else { return found };
    while let Some((name, value)) = rest.split_once('=') {
        let (value, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => match unquote(quoted) {
                Some(unquoted) => unquoted,
                None => break,
            },
            None => {
                let (value, after) = value.split_once(';').unwrap_or((value, ""));
                (value.trim().to_owned(), after)
            }
        };
        found.push((name.trim().to_ascii_lowercase(), value));
        rest = after.trim_start().trim_start_matches(';');
    }
    found
}

/// The text up to the closing quote, and what follows. A backslash takes the next
/// character as it is (RFC 9110 section 5.6.4); before anything but a quote or a backslash
/// it is kept, since some servers put a path there.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((text, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => text.push(escaped),
                (_, other) => text.extend(['\\', other]),
            },
            _ => text.push(letter),
        }
    }
    None
}

/// `UTF-8'en'%e2%82%ac` (RFC 8187). No other character set needs to be known.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (set, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    if !set.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// The name alone; none if nothing of it is left.
fn safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|letter| !is_obeyed(*letter)).collect();
    // Windows drops dots and blanks at the end, so that `..` and `. .` are folders there. With a dot
    // before it a file is hidden, and perhaps read as settings by whatever runs beside it.
    let clean = clean.trim().trim_matches(['.', ' ']);
    if clean.is_empty() {
        return None;
    }
    let end = (0..=LONGEST.min(clean.len())).rev().find(|end| clean.is_char_boundary(*end))?;
    clean.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn names(field: &str, expected: &str) {
        assert_eq!(file_name(field).as_deref(), Some(expected), "{field}");
    }

    #[test]
    fn the_extended_form_goes_before_the_plain_one() {
        names(r#"attachment; filename="call.mp3""#, "call.mp3");
        names("attachment; filename=call.mp3", "call.mp3");
        names("ATTACHMENT ;FileName = call.mp3 ; size=3", "call.mp3");
        names(r#"inline; filename="EURO rates"; filename*=utf-8''%e2%82%ac%20rates"#, "€ rates");
        names(r#"attachment; filename*=UTF-8'de'%C3%BCber.pdf; filename="uber.pdf""#, "über.pdf");
        // A set that is not known, and one that is no text: the plain one serves.
        names("attachment; filename*=iso-8859-1'en'%A3; filename=pound", "pound");
        names("attachment; filename*=utf-8''%ff; filename=plain", "plain");
    }

    #[test]
    fn quotes_and_backslashes() {
        names(r#"attachment; filename="a \"b\"; c=d.txt"; x=y"#, r#"a "b"; c=d.txt"#);
        names(r#"attachment; filename="C:\temp\call.mp3""#, "call.mp3");
        assert_eq!(file_name(r#"attachment; filename="never closed"#), None);
    }

    #[test]
    fn no_paths_no_control_characters_no_folders() {
        names(r#"attachment; filename="../../etc/passwd""#, "passwd");
        names("attachment; filename*=utf-8''..%2f..%2fetc%2fpasswd", "passwd");
        names(r#"attachment; filename=".env""#, "env");
        names("attachment; filename=. .bash_profile", "bash_profile");
        names("attachment; filename*=utf-8''a%0d%0ab%00c.txt", "abc.txt");
        names("attachment; filename*=utf-8''harm%E2%80%AE3pm.exe", "harm3pm.exe");
        names(r#"attachment; filename=" report. . ""#, "report");
        for nothing in
            ["", "attachment", "attachment; filename=", r#"x; filename="..""#, r#"x; filename="a/""#, "x; y"]
        {
            assert_eq!(file_name(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = file_name(&format!("x; filename={}", "ü".repeat(200))).unwrap();
        assert_eq!(name, "ü".repeat(127));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_name_or_none(field in r#"([a-z]{0,3};)?([ ;="'*%./\\a-fA-F0-9\x00-\x1fé\u{202e}]|filename\*?=|utf-8''){0,40}"#) {
            if let Some(name) = file_name(&field) {
                prop_assert!(!name.is_empty() && name.len() <= LONGEST && !name.ends_with(['.', ' ']));
                prop_assert!(!name.chars().any(|letter| is_obeyed(letter) || "/\\".contains(letter)));
            }
        }
    }
}
