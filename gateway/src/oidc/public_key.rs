//! The two kinds of keys that signatures are checked by.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{self, signature::Verifier};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// Ed25519 (RFC 8037, RFC 9864).
    EdDsa,
}

impl Algorithm {
    /// The one that `alg` names; none of those that are not accepted.
    pub(super) fn named(name: &str) -> Option<Algorithm> {
        match name {
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }
}

/// A key of an issuer. It is for one algorithm, whatever a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Es256(ecdsa::VerifyingKey),
    EdDsa(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    /// A point of P-256 by its coordinates, in base64url as a JWK has them; none if it is none.
    pub(super) fn p256(x: &str, y: &str) -> Option<PublicKey> {
        let mut point = vec![4];
        for coordinate in [x, y] {
            point.extend(bytes(coordinate)?);
        }
        ecdsa::VerifyingKey::from_sec1_bytes(&point).ok().map(PublicKey::Es256)
    }

    /// A point of Ed25519, likewise. One of small order would let anybody sign.
    pub(super) fn ed25519(x: &str) -> Option<PublicKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes(x)?).ok()?;
        (!key.is_weak()).then_some(PublicKey::EdDsa(key))
    }

    /// What it is for.
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::Es256(_) => Algorithm::Es256,
            PublicKey::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// Whether this is its signature.
    pub(super) fn has_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Es256(key) => ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            PublicKey::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(signed, &signature).is_ok()),
        }
    }
}

/// 32 bytes in base64url; none for more or fewer.
fn bytes(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7515, appendix A.3.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const SIGNED: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    #[test]
    fn the_example_of_rfc_7515_is_signed_by_its_key_and_nothing_else_is() {
        let key = PublicKey::p256(X, Y).unwrap();
        let signature = decoded(SIGNATURE);
        assert!(key.algorithm() == Algorithm::Es256 && key.has_signed(SIGNED.as_bytes(), &signature));
        assert!(!key.has_signed(b"eyJhbGciOiJFUzI1NiJ9.e30", &signature));
        for place in [0, 31, 32, 63] {
            let mut other = signature.clone();
            other[place] ^= 1;
            assert!(!key.has_signed(SIGNED.as_bytes(), &other), "{place}");
        }
        // Zeros hold for any message where nobody looks (CVE-2022-21449).
        let (r, s) = signature.split_at(32);
        for wrong in [&[][..], &[0; 64], &signature[..63], &[&signature, &[0][..]].concat(), &[s, r].concat()]
        {
            assert!(!key.has_signed(SIGNED.as_bytes(), wrong), "{wrong:?}");
        }
    }

    #[test]
    fn the_example_of_rfc_8037_is_signed_by_its_key_and_nothing_else_is() {
        // Appendix A.2 and A.4.
        let key = PublicKey::ed25519("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature =
            decoded("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
        assert!(key.algorithm() == Algorithm::EdDsa && key.has_signed(signed, &signature));
        assert!(!key.has_signed(b"eyJhbGciOiJFZERTQSJ9.e30", &signature));
        let mut other = signature.clone();
        other[40] ^= 1;
        for wrong in [&[][..], &[0; 64], &signature[..63], &other] {
            assert!(!key.has_signed(signed, wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_point_is_no_key() {
        for (x, y) in
            [(X, X), (Y, X), (X, ""), ("", Y), (X, Y.trim_start_matches('x')), (X, &format!("A{Y}"))]
        {
            assert_eq!(PublicKey::p256(x, y), None, "{x} {y}");
        }
        let zero = URL_SAFE_NO_PAD.encode([0; 32]);
        assert_eq!(PublicKey::p256(&zero, &zero), None);
        // The identity, and what is not 32 bytes.
        let mut one = [0; 32];
        one[0] = 1;
        for x in [URL_SAFE_NO_PAD.encode(one), zero, String::new(), URL_SAFE_NO_PAD.encode([7; 33])] {
            assert_eq!(PublicKey::ed25519(&x), None, "{x}");
        }
    }
}
