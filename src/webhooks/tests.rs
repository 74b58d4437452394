//! The schemes against published vectors and forged messages, and claims under trouble.

mod claims;
mod forged;
mod schemes;
mod vectors;

use super::{
    Delivery,
    scheme::{Check, Proof, Refused, Scheme},
};
use crate::policy::{secret::Secret, time::WallTime};
use std::time::Duration;

#[derive(Clone)]
struct Message {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    fn new(headers: &[(&str, &str)], body: &str) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Message { headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    fn delivery(&self) -> Delivery<'_> {
        Delivery { headers: &self.headers, body: &self.body }
    }
}

fn verify(scheme: &Scheme, message: &Message, secrets: &[&str], now: i64) -> Result<Proof, Refused> {
    let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect();
    let now = WallTime::from_millis(now * 1000);
    let check = Check { secrets: &secrets, now, tolerance: Duration::from_secs(300) };
    scheme.verify(&message.delivery(), &check)
}
