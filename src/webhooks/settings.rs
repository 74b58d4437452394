//! What an account's webhooks are set up with.

use super::Encoding;
use crate::settings::{Kind, Setting, Values};

/// The setting that chooses the scheme. Each provider has its own choices.
pub const SCHEME: &str = "WEBHOOK_SCHEME";
/// The secret that deliveries are signed with. A second one may be live next to it.
pub const SECRET: &str = "WEBHOOK_SECRET";
/// The header field that carries an HMAC.
pub const HEADER: &str = "WEBHOOK_HEADER";
/// How an HMAC is written.
pub const ENCODING: &str = "WEBHOOK_ENCODING";

/// Those that every provider has, with the choices of schemes, the default one and the header
/// field of its own.
#[must_use]
pub const fn table(
    schemes: &'static [&'static str],
    scheme: &'static str,
    header: &'static str,
) -> [Setting; 5] {
    [
        Setting {
            name: SCHEME,
            kind: Kind::Choice(schemes),
            default: Some(scheme),
            required: false,
            secret: false,
            doc: "How the vendor's webhooks prove where they come from.",
        },
        Setting {
            name: SECRET,
            kind: Kind::Text,
            default: None,
            required: false,
            secret: true,
            doc: "Secret that webhooks are signed with. Without it none is accepted.",
        },
        Setting {
            name: "WEBHOOK_SECRET_SECONDARY",
            kind: Kind::Text,
            default: None,
            required: false,
            secret: true,
            doc: "Second secret of webhooks, while it changes.",
        },
        Setting {
            name: HEADER,
            kind: Kind::Text,
            default: Some(header),
            required: false,
            secret: false,
            doc: "Header field with the HMAC-SHA256 of a webhook.",
        },
        Setting {
            name: ENCODING,
            kind: Kind::Choice(&["hex", "base64"]),
            default: Some("hex"),
            required: false,
            secret: false,
            doc: "How that HMAC is written.",
        },
    ]
}

/// The chosen encoding.
#[must_use]
pub fn encoding(values: &Values) -> Encoding {
    if values.text(ENCODING) == Some("base64") { Encoding::Base64 } else { Encoding::Hex }
}
