//! Text that must never be seen.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A secret text: a token, a password, an API key.
///
/// Its memory is wiped when it is dropped. `Debug` shows nothing of it, and there
/// is deliberately no `Display`, no `Serialize` and no comparison, so that it gets
/// into a log or an error only through [`Secret::expose`], which is easy to find.
///
/// Wiping covers this value's own memory. Copies made from `expose` are the
/// caller's to wipe.
#[derive(Clone)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Takes the text over and wipes the buffer that it came in.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        // Not `into_boxed_str`: shrinking may move the text and leave the old
        // buffer behind unwiped.
        let exact: Box<str> = Box::from(text.as_str());
        text.zeroize();
        Self(Zeroizing::new(exact))
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all, as with a setting that was left blank.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::new("cs2.canary".to_owned());
        assert_eq!(secret.expose(), "cs2.canary");
        for shown in [format!("{secret:?}"), format!("{secret:#?}"), format!("{:?}", Some(&secret))] {
            assert!(!shown.contains("canary") && !shown.contains("10"), "{shown}");
            assert!(shown.contains("Secret(..)"), "{shown}");
        }
    }

    #[test]
    fn a_text_with_room_to_spare_is_held_at_its_exact_size() {
        let mut text = String::with_capacity(64);
        text.push_str("abc");
        assert_eq!(Secret::new(text).expose(), "abc");
        assert!(Secret::new(String::new()).is_empty() && !Secret::new("abc".to_owned()).is_empty());
    }
}
