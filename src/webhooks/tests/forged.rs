//! A million altered messages, none of which is accepted.

use super::{Message, verify};
use crate::webhooks::{Encoding, scheme::Scheme, sign};
use base64::{Engine, engine::general_purpose::STANDARD};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const BODY: &str = r#"{"id":"d-1","type":"tn.jpm.job-completed","data":{"tenantId":7,"job":{"id":4711}}}"#;

/// A generator of known quality and one line (Marsaglia's xorshift64*), so that a failure
/// can be played again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap()
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() % bound.max(1)
    }
}

/// Changes one thing; what it comes to may be the same, which the caller sees.
fn alter(message: &Message, signed: &[&str], chance: &mut Chance) -> Message {
    let mut altered = message.clone();
    // One in four times a header, as far as it is signed or the signature.
    if chance.below(4) == 0 {
        let name = signed[chance.below(signed.len())];
        let (_, value) = altered.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        let mut bytes = std::mem::take(value).into_bytes();
        bend(&mut bytes, chance);
        *value = bytes.into_iter().map(|byte| char::from(byte & 0x7f)).collect();
    } else {
        bend(&mut altered.body, chance);
    }
    altered
}

fn bend(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len());
    match chance.below(5) {
        0 => bytes[at] ^= 1 << chance.below(7),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, u8::try_from(chance.below(128)).unwrap()),
        3 => bytes.truncate(at),
        _ => {
            let other = chance.below(bytes.len());
            bytes.swap(at, other);
        }
    }
}

fn forge(scheme: &Scheme, secret: &str, message: &Message, signed: &[&str], rounds: u32) -> u32 {
    assert!(verify(scheme, message, &[secret], 1000).is_ok());
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut altered = 0;
    while altered < rounds {
        let forged = alter(message, signed, &mut chance);
        let headers = |message: &Message| -> Vec<(String, String)> {
            let letters = message.headers.iter().map(|(name, value)| (name.clone(), value.trim().to_owned()));
            letters.collect()
        };
        let same_case = |left: &Message, right: &Message| {
            // Hexadecimal digits mean the same in either case, blanks around a value nothing.
            let lower = |message: &Message| -> Vec<String> {
                headers(message).into_iter().map(|(_, value)| value.to_ascii_lowercase()).collect()
            };
            matches!(scheme, Scheme::Hmac { encoding: Encoding::Hex, .. }) && lower(left) == lower(right)
        };
        if forged.body == message.body
            && (headers(&forged) == headers(message) || same_case(&forged, message))
        {
            continue;
        }
        altered += 1;
        let verified = verify(scheme, &forged, &[secret], 1000);
        assert!(verified.is_err(), "{:?} {}", forged.headers, String::from_utf8_lossy(&forged.body));
    }
    altered
}

#[test]
fn none_of_a_million_altered_messages_is_accepted() {
    let tag = sign(SECRET.as_bytes(), &[BODY.as_bytes()]);
    let mut all = 0;
    for encoding in [Encoding::Hex, Encoding::Base64] {
        let scheme = Scheme::Hmac { header: "x-signature".to_owned(), encoding };
        let message = Message::new(&[("x-signature", &encoding.encode(&tag))], BODY);
        all += forge(&scheme, SECRET, &message, &["x-signature"], 300_000);
    }
    let signature =
        format!("v1,{}", STANDARD.encode(sign(SECRET.as_bytes(), &[b"msg_1.1000.", BODY.as_bytes()])));
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", "1000"), ("webhook-signature", signature.as_str())];
    let signed = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    all += forge(&Scheme::Standard, &secret, &Message::new(&headers, BODY), &signed, 400_000);
    assert_eq!(all, 1_000_000);
}
