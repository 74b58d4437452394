//! Known answers, each from where its scheme is specified.

use super::{Message, verify};
use crate::webhooks::{Encoding, Trust, scheme::Scheme, sign};

#[test]
fn hmac_sha256_is_that_of_rfc_4231() {
    // Section 4.3, test case 2.
    let tag = sign(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(
        Encoding::Hex.encode(&tag),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    // Section 4.7, test case 6: a key longer than a block.
    let tag = sign(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
    assert_eq!(
        Encoding::Hex.encode(&tag),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

#[test]
fn a_prefixed_hexadecimal_signature_is_that_of_githubs_documentation() {
    let scheme = Scheme::Hmac { header: "X-Hub-Signature-256".to_owned(), encoding: Encoding::Hex };
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let message = Message::new(&[("x-hub-signature-256", signature)], "Hello, World!");
    let proof = verify(&scheme, &message, &["It's a Secret to Everybody"], 0).unwrap();
    assert_eq!((proof.trust, proof.delivery), (Trust::Signed, None));
}

/// From the reference libraries of Standard Webhooks.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT: i64 = 1_614_265_330;

fn standard(signature: &str) -> Message {
    let headers = [("webhook-id", ID), ("webhook-timestamp", "1614265330"), ("webhook-signature", signature)];
    Message::new(&headers, r#"{"test": 2432232314}"#)
}

#[test]
fn standard_webhooks_are_those_of_the_reference_libraries() {
    let message = standard("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let proof = verify(&Scheme::Standard, &message, &[SECRET], SENT).unwrap();
    assert_eq!(proof.delivery.as_deref(), Some(ID));
    // Without the prefix it is the same secret.
    assert!(verify(&Scheme::Standard, &message, &[SECRET.strip_prefix("whsec_").unwrap()], SENT).is_ok());
}

#[test]
fn a_standard_webhook_may_carry_several_signatures_of_which_one_is_ours() {
    let message = standard(
        "v1a,AAAA v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,zzz v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    assert!(verify(&Scheme::Standard, &message, &[SECRET], SENT).is_ok());
    let other = standard("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=");
    assert!(verify(&Scheme::Standard, &other, &[SECRET], SENT).is_err());
    // The right bytes under the name of another algorithm prove nothing.
    let renamed = standard("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert!(verify(&Scheme::Standard, &renamed, &[SECRET], SENT).is_err());
}

#[test]
fn a_time_stamp_too_old_or_too_new_is_refused_either_way() {
    let message = standard("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    for (now, fits) in [(300, true), (-300, true), (301, false), (-301, false), (86_400, false)] {
        let verified = verify(&Scheme::Standard, &message, &[SECRET], SENT + now);
        assert_eq!(verified.is_ok(), fits, "{now}");
    }
}
