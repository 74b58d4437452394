//! One place that events are handed on to.

use crate::target::Target;
use penstock::{entry::webhooks::Verified, host::hash, policy::secret::Secret};
use std::fmt;
use zeroize::Zeroizing;

/// A destination.
pub struct Destination {
    /// What it is called: 1 to 64 small letters, digits and hyphens.
    pub name: String,
    tag: String,
    /// Which events it wants.
    pub wants: Wants,
    /// How they get there.
    pub way: Way,
}

/// Which events a destination wants: those that fit every list that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// Of these providers.
    pub providers: Option<Vec<String>>,
    /// Of these accounts.
    pub accounts: Option<Vec<String>>,
    /// Of these kinds, in the provider's words; a `*` at the end stands for any rest.
    pub kinds: Option<Vec<String>>,
}

/// How events get to a destination.
pub enum Way {
    /// As POST, signed as Standard Webhooks 1.0.0 has it.
    Http(Endpoint),
    /// Into a list of a Redis, as messages of Celery 5.
    Celery {
        /// The Redis, with user and password.
        url: Secret,
        /// The list.
        queue: String,
        /// The task's name.
        task: String,
    },
    /// Into a Redis, as jobs of arq.
    Arq {
        /// The Redis, with user and password.
        url: Secret,
        /// The sorted set.
        queue: String,
        /// The function's name.
        function: String,
    },
}

/// An HTTP endpoint.
pub struct Endpoint {
    /// Where it is.
    pub(crate) target: Target,
    /// What requests are signed with, all of them: two while a secret changes.
    pub keys: Vec<Zeroizing<Vec<u8>>>,
}

impl Destination {
    /// One of this name.
    #[must_use]
    pub fn new(name: String, wants: Wants, way: Way) -> Destination {
        let tag = tag(&name);
        Destination { name, tag, wants, way }
    }

    /// What it is called in keys: 8 hexadecimal digits.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

/// What a destination of this name is called in keys.
#[must_use]
pub fn tag(name: &str) -> String {
    hash([name]).get(..8).unwrap_or_default().to_owned()
}

impl Wants {
    /// Whether it wants this event.
    #[must_use]
    pub fn fit(&self, provider: &str, verified: &Verified) -> bool {
        let is_in = |list: &Option<Vec<String>>, text: &str, same: fn(&str, &str) -> bool| {
            list.as_ref().is_none_or(|list| list.iter().any(|listed| same(listed, text)))
        };
        is_in(&self.providers, provider, |listed, text| listed == text)
            && is_in(&self.accounts, &verified.account, |listed, text| listed.eq_ignore_ascii_case(text))
            && is_in(&self.kinds, &verified.event.name, |listed, text| match listed.strip_suffix('*') {
                Some(begin) => text.starts_with(begin),
                None => listed == text,
            })
    }
}

/// Nothing of where it is: URLs have passwords and tokens.
impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.way {
            Way::Http(_) => "http",
            Way::Celery { .. } => "celery",
            Way::Arq { .. } => "arq",
        };
        f.debug_struct("Destination").field("name", &self.name).field("way", &way).finish_non_exhaustive()
    }
}
