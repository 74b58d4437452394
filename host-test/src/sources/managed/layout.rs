/// How names become secrets of a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One secret, an object in JSON whose members are the names.
    Document(String),
    /// A secret for each name, whose id is this prefix and the name. A manager is asked for names that are secrets alone.
    Names(String),
}

/// How names end that a secret of its own is asked for.
const SECRETS: [&str; 12] = [
    "_ACCOUNTS",
    "_API_KEY",
    "_API_KEYS",
    "_API_KEY_HASH",
    "_APP_KEY",
    "_CLIENT_ID",
    "_CLIENT_SECRET",
    "_STATE_SECRET",
    "_STATE_URL",
    "_TENANT_ID",
    "_WEBHOOK_DESTINATIONS",
    "_WEBHOOK_SECRET",
];

impl Layout {
    /// The secret that may have the value of a name.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        match self {
            Self::Document(id) => Some(id.clone()),
            Self::Names(prefix) => {
                let primary = name.strip_suffix(super::SECONDARY).unwrap_or(name);
                // Another slot of its own would be asked for at each use, and is in the version before.
                (primary == name && is_secret(name)).then(|| format!("{prefix}{name}"))
            }
        }
    }
}

/// Whether a name is one of a secret, and of no other setting.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|end| name.ends_with(end))
}
