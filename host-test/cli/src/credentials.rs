//! Credentials in what was typed, which nothing repeats.

use std::borrow::Cow;

/// What stands in their place.
const HIDDEN: &str = "***";

/// A text without user and password of a URL in it, and without the parameter `password`.
pub(crate) fn hidden(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    if let Some((scheme, rest)) = text.split_once(':') {
        // Up to the last one: a password may have what ought to be written with a percent sign.
        if let Some((_, host)) = rest.rsplit_once('@') {
            let slashes = if rest.starts_with("//") { "//" } else { "" };
            shown = Cow::Owned(format!("{scheme}:{slashes}{HIDDEN}@{host}"));
        }
    }
    if let Some((before, behind)) = shown.split_once("password=") {
        let rest = behind.find('&').and_then(|end| behind.get(end..)).unwrap_or_default();
        shown = Cow::Owned(format!("{before}password={HIDDEN}{rest}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn what_stands_in_a_url_is_not_shown() {
        for (text, shown) in [
            ("mysql://u:cana@ry/x@h/d", "mysql://***@h/d"),
            ("postgres:u:canary@h", "postgres:***@h"),
            ("postgres:///d?password=canary&x=1", "postgres:///d?password=***&x=1"),
            ("postgres://h/d", "postgres://h/d"),
            ("sqlite:a.db", "sqlite:a.db"),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }
}
