//! The compact form of a signed token (RFC 7515 section 7.1), taken apart. Nothing of it is proved yet.

use super::{public_key::Algorithm, refused::Refused};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// The longest token, in bytes. Those of large issuers have one to three thousand.
const LONGEST: usize = 8 * 1024;

/// The parts of a token.
#[derive(Debug)]
pub(super) struct Jws<'t> {
    /// What is signed: header and payload as they came.
    pub(super) signed: &'t [u8],
    /// The algorithm that the header names.
    pub(super) algorithm: Algorithm,
    /// Which key it names.
    pub(super) kid: Option<String>,
    /// The claims, as JSON.
    pub(super) payload: Vec<u8>,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

/// What counts of a header. Where keys are (`jku`, `jwk`, `x5u`, `x5c`) is for the settings to say.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Whether a text has the form of a token: three parts of base64url between dots.
pub(crate) fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().filter(|byte| *byte == b'.').count() == 2 && !text.starts_with('.') && text.bytes().all(fits)
}

impl Jws<'_> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// What of its form is not accepted.
    pub(super) fn parse(token: &str) -> Result<Jws<'_>, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Invalid("is too long"));
        }
        let malformed = Refused::Invalid("is malformed");
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            Some((signed, decoded(header)?, decoded(payload)?, decoded(signature)?))
        });
        let Some((signed, header, payload, signature)) = parts else { return Err(malformed) };
        let header: Header = serde_json::from_slice(&header).map_err(|_| malformed)?;
        if header.crit {
            return Err(Refused::Invalid("has extensions that are not known here"));
        }
        if !header.typ.as_deref().is_some_and(is_type) {
            return Err(Refused::Invalid("is not of the type JWT or at+jwt"));
        }
        let Some(algorithm) = Algorithm::named(&header.alg) else {
            return Err(Refused::Invalid("is not signed by ES256 or EdDSA"));
        };
        Ok(Jws { signed: signed.as_bytes(), algorithm, kid: header.kid, payload, signature })
    }
}

/// Media types may leave `application/` out, and their case does not matter (RFC 7515 section 4.1.9).
fn is_type(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.strip_prefix("application/").unwrap_or(&name), "jwt" | "at+jwt")
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
    }

    fn refused(header: &str) -> Refused {
        Jws::parse(&token(header)).unwrap_err()
    }

    #[test]
    fn keys_of_ours_have_not_the_form_of_a_token() {
        let key = penstock::api_key::generate(&[7; 32]);
        for text in [key.expose(), "pt_AAAA", "", "a.b", "a.b.c.d", ".b.c", "a.b.c=", "a.b. c", "a.b.ä"] {
            assert!(!is_token(text), "{text}");
        }
        // Without a signature it is one, and refused as one.
        for text in ["eyJhbGciOiJub25lIn0.e30.", "eyJh.e30.AA-_"] {
            assert!(is_token(text), "{text}");
        }
    }

    #[test]
    fn the_header_says_which_key_and_its_place_does_not_count() {
        let token =
            token(r#"{"typ":"at+JWT","alg":"ES256","kid":"k","jku":"https://evil.example","jwk":{}}"#);
        let jws = Jws::parse(&token).unwrap();
        assert_eq!((jws.algorithm, jws.kid.as_deref()), (Algorithm::Es256, Some("k")));
        assert_eq!((jws.payload.as_slice(), jws.signature.len()), (&b"{}"[..], 3));
        assert_eq!(jws.signed, token.rsplit_once('.').unwrap().0.as_bytes());
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt", "APPLICATION/JWT"] {
            Jws::parse(&super::tests::token(&format!(r#"{{"typ":"{typ}","alg":"EdDSA"}}"#))).unwrap();
        }
    }

    #[test]
    fn other_algorithms_types_and_extensions_are_refused() {
        for alg in
            ["none", "None", "HS256", "HS512", "RS256", "PS256", "ES384", "ES256K", "Ed448", "es256", ""]
        {
            let header = format!(r#"{{"typ":"JWT","alg":"{alg}"}}"#);
            assert_eq!(refused(&header), Refused::Invalid("is not signed by ES256 or EdDSA"), "{alg}");
        }
        for typ in [r#""typ":"dpop+jwt","#, r#""typ":"","#, r#""typ":null,"#, ""] {
            let header = format!(r#"{{{typ}"alg":"ES256"}}"#);
            assert_eq!(refused(&header), Refused::Invalid("is not of the type JWT or at+jwt"), "{typ}");
        }
        for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null", "7"] {
            let header = format!(r#"{{"typ":"JWT","alg":"ES256","crit":{crit}}}"#);
            assert_eq!(
                refused(&header),
                Refused::Invalid("has extensions that are not known here"),
                "{crit}"
            );
        }
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        let good = r#"{"typ":"JWT","alg":"ES256"}"#;
        for header in
            ["", "[]", "{}", "{", r#"{"alg":7,"typ":"JWT"}"#, r#"{"alg":"ES256","alg":"ES256","typ":"JWT"}"#]
        {
            assert_eq!(refused(header), Refused::Invalid("is malformed"), "{header}");
        }
        let first = URL_SAFE_NO_PAD.encode(good);
        // Padding, other alphabets, bits that are left over.
        for rest in ["e30=.AAAA", "e+/0.AAAA", "e30.AAB", "e.AAAA", "e30.A"] {
            assert_eq!(
                Jws::parse(&format!("{first}.{rest}")).unwrap_err(),
                Refused::Invalid("is malformed"),
                "{rest}"
            );
        }
        let long = format!("{first}.{}.AAAA", "A".repeat(LONGEST));
        assert_eq!(Jws::parse(&long).unwrap_err(), Refused::Invalid("is too long"));
    }
}
