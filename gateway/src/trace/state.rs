//! `tracestate` (W3C Trace Context, level 1, section 3.3): passed on as it came, within bounds.

use std::collections::BTreeSet;

/// The most members of a list (section 3.3.1.1).
const MOST_MEMBERS: usize = 32;

/// What is passed on at least where there is so much (section 3.3.1.5), and here at most.
const MOST: usize = 512;

/// Of a list that is longer, members beyond this length go first.
const LONG: usize = 128;

/// The list that these fields make together; none if it is empty or malformed. Of two members of one key the
/// first stays.
pub(super) fn read(fields: &[&str]) -> Option<String> {
    let all = fields.iter().flat_map(|field| field.split(',')).map(|member| member.trim_matches([' ', '\t']));
    let mut members = Vec::new();
    let mut keys = BTreeSet::new();
    for member in all.filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        if !is_key(key) || !is_value(value) || members.len() >= MOST_MEMBERS {
            return None;
        }
        if keys.insert(key) {
            members.push(member);
        }
    }
    shorten(&mut members);
    Some(members.join(",")).filter(|list| !list.is_empty())
}

/// Leaves out whole members until the list is short enough: long ones first, and then from its end, where those
/// are that were changed longest ago.
fn shorten(members: &mut Vec<&str>) {
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(members) > MOST + 1 {
        match members.iter().rposition(|member| member.len() > LONG) {
            Some(at) => drop(members.remove(at)),
            None => drop(members.pop()),
        }
    }
}

/// `key`, or `tenant@system`.
fn is_key(key: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let is_word = |word: &str, first: fn(u8) -> bool, longest: usize| {
        let is_other = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/')
        };
        word.len() <= longest && word.bytes().next().is_some_and(first) && word.bytes().all(is_other)
    };
    match key.split_once('@') {
        None => is_word(key, is_letter, 256),
        Some((tenant, system)) => {
            let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            is_word(tenant, begins, 241) && is_word(system, is_letter, 14)
        }
    }
}

/// Printable ASCII but for a comma and an equals sign; blanks at its end are none of it.
fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b',' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(fields: &[&str]) -> String {
        read(fields).unwrap_or_default()
    }

    #[test]
    fn a_list_is_passed_on_as_it_came() {
        assert_eq!(kept(&["foo=1"]), "foo=1");
        assert_eq!(kept(&["foo=1,bar=2", "baz=3"]), "foo=1,bar=2,baz=3");
        assert_eq!(kept(&[" foo=1 \t,\t bar=2, ,,"]), "foo=1,bar=2");
        assert_eq!(kept(&["0tenant@system=a b!", "a*/-_z=~"]), "0tenant@system=a b!,a*/-_z=~");
        assert_eq!(kept(&["foo=1,foo=2,bar=3"]), "foo=1,bar=3");
        assert_eq!((read(&[]), read(&[""]), read(&[" , "])), (None, None, None));
    }

    #[test]
    fn a_malformed_member_spoils_the_list() {
        let (long_key, long_value) = ("k".repeat(257), "v".repeat(257));
        for member in [
            "foo",
            "=1",
            "foo=",
            "foo=1=2",
            "foo =1",
            "Foo=1",
            "1foo=1",
            "foo@=1",
            "@bar=1",
            "foo@bar@baz=1",
            "foo@1bar=1",
            "foo@bbbbbbbbbbbbbbb=1",
            "foo.bar=1",
            "foo=bär",
            &format!("{long_key}=1"),
            &format!("foo={long_value}"),
        ] {
            assert_eq!(read(&["ok=1", member]), None, "{member}");
        }
    }

    #[test]
    fn there_are_32_members_and_512_characters_at_most() {
        let many =
            |count: usize| (0..count).map(|number| format!("k{number}=v")).collect::<Vec<_>>().join(",");
        assert_eq!(kept(&[&many(32)]), many(32));
        assert_eq!(read(&[&many(33)]), None);
        // Exactly 512 stay; of more, the long ones go first, and then the last ones.
        let filled = |key: &str, length: usize| format!("{key}={}", "x".repeat(length - key.len() - 1));
        let four = [128, 128, 128, 125].map(|length| filled("a", length));
        let four: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .zip(four)
            .map(|(key, text)| text.replace("a=", &format!("{key}=")))
            .collect();
        let whole = four.join(",");
        assert_eq!((whole.len(), kept(&[&whole])), (512, whole.clone()));
        assert_eq!(kept(&[&format!("{whole},e=1")]), whole);
        let long = filled("long", 200);
        assert_eq!(kept(&[&long, &whole]), whole);
        assert_eq!(kept(&[&filled("first", 250), "b=1"]), format!("{},b=1", filled("first", 250)));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_a_list_within_bounds(fields in proptest::collection::vec("([a-z@0-9]{1,9}=[ -~]{1,60},?){0,9}|.{0,40}", 0..5)) {
            let fields: Vec<_> = fields.iter().map(String::as_str).collect();
            if let Some(list) = read(&fields) {
                prop_assert!(list.len() <= MOST);
                prop_assert_eq!(read(&[&list]), Some(list));
            }
        }
    }
}
