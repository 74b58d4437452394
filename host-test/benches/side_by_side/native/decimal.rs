//! Money: the digits that the vendor sent.

use super::ndjson::Print;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An exact decimal number.
pub struct Decimal(pub String);

impl std::fmt::Debug for Decimal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = <&RawValue>::deserialize(deserializer)?.get();
        match number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-')) {
            true => Ok(Self(number.to_owned())),
            false => Err(serde::de::Error::custom("no plain decimal number")),
        }
    }
}

impl Print for Decimal {
    fn print(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.0.as_bytes());
        out.push(b'"');
    }
}
