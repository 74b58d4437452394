//! The issuer's keys (RFC 7517), as far as tokens can be checked by them.

use super::public_key::{Algorithm, PublicKey};
use serde::Deserialize;
use serde_json::Value;

/// The most keys that are kept. Issuers have two to ten.
const MOST: usize = 64;

/// The keys that can be used, each with its name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct KeySet(Vec<(Option<String>, PublicKey)>);

/// What counts of a key. Members that are not texts make it none.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<Value>,
}

impl KeySet {
    /// Reads the document. Keys of other kinds, for other uses, and malformed ones are passed over; what is there
    /// twice counts once.
    ///
    /// # Errors
    /// Where it is no JWK Set.
    pub(super) fn parse(document: &[u8]) -> Result<KeySet, &'static str> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| "is no JWK Set")?;
        let mut keys = Vec::new();
        for value in document.keys {
            let key =
                serde_json::from_value::<Jwk>(value).ok().and_then(|jwk| Some((jwk.public_key()?, jwk)));
            let Some((key, jwk)) = key else { continue };
            let named = (jwk.kid, key);
            if keys.len() < MOST && !keys.contains(&named) {
                keys.push(named);
            }
        }
        Ok(KeySet(keys))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The keys by which a token may be signed that names this one, or none. Several if the issuer gave several one
    /// name. A token without a name is only for an issuer with one key for the algorithm.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Vec<&PublicKey> {
        let of_kind = self.0.iter().filter(|(_, key)| key.algorithm() == algorithm);
        let all: Vec<_> = match kid {
            Some(_) => of_kind.filter(|(name, _)| name.as_deref() == kid).collect(),
            None => of_kind.collect(),
        };
        if kid.is_none() && all.len() > 1 {
            return Vec::new();
        }
        all.into_iter().map(|(_, key)| key).collect()
    }
}

impl Jwk {
    fn public_key(&self) -> Option<PublicKey> {
        let is_for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
        // A private key that everybody can read proves nothing.
        if !is_for_signatures || !verifies || self.d.is_some() {
            return None;
        }
        let x = self.x.as_deref()?;
        let key = match (self.kty.as_str(), self.crv.as_deref()?) {
            ("EC", "P-256") => PublicKey::p256(x, self.y.as_deref()?)?,
            ("OKP", "Ed25519") => PublicKey::ed25519(x)?,
            _ => return None,
        };
        let fits = self.alg.as_deref().is_none_or(|alg| Algorithm::named(alg) == Some(key.algorithm()));
        fits.then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    /// RFC 8032, section 7.1, test 2.
    const OTHER: &str = r#""kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw""#;

    fn set(keys: &[String]) -> KeySet {
        let keys: Vec<_> = keys.iter().map(|key| format!("{{{key}}}")).collect();
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn one(key: &str) -> usize {
        set(&[key.to_owned()]).len()
    }

    #[test]
    fn a_key_is_found_by_its_name_for_its_algorithm_only() {
        let set = set(&[
            format!(r#""kid":"a",{EC}"#),
            format!(r#""kid":"b",{ED}"#),
            format!(r#""kid":"c",{OTHER}"#),
        ]);
        let found = |kid, algorithm| set.find(kid, algorithm).len();
        assert_eq!([found(Some("a"), Algorithm::Es256), found(Some("b"), Algorithm::EdDsa)], [1, 1]);
        assert_eq!([found(Some("a"), Algorithm::EdDsa), found(Some("d"), Algorithm::EdDsa)], [0, 0]);
        // Without a name there must be no doubt.
        assert_eq!([found(None, Algorithm::Es256), found(None, Algorithm::EdDsa)], [1, 0]);
    }

    #[test]
    fn keys_for_something_else_are_passed_over_and_the_others_are_not() {
        for good in [
            format!(r#"{EC},"use":"sig","key_ops":["verify"],"alg":"ES256","x5c":["AAAA"],"exp":7"#),
            format!(r#"{ED},"alg":"EdDSA""#),
            format!(r#"{ED},"alg":"Ed25519","use":null"#),
        ] {
            assert_eq!(one(&good), 1, "{good}");
        }
        for wrong in [
            format!(r#"{EC},"use":"enc""#),
            format!(r#"{EC},"key_ops":["sign"]"#),
            format!(r#"{EC},"key_ops":[]"#),
            format!(r#"{EC},"key_ops":"verify""#),
            format!(r#"{EC},"alg":"ES384""#),
            format!(r#"{EC},"alg":"EdDSA""#),
            format!(r#"{ED},"alg":"RS256""#),
            format!(r#"{EC},"d":"AAAA""#),
            format!(r#"{EC},"kid":7"#),
            EC.replace("P-256", "P-384"),
            EC.replace("P-256", "secp256k1"),
            ED.replace("Ed25519", "X25519"),
            EC.replace("f83", "f84"),
            EC.replace(r#","y""#, r#","z""#),
            ED.replace("OKP", "EC"),
            r#""kty":"RSA","n":"AQAB","e":"AQAB","kid":"r""#.to_owned(),
            r#""kty":"oct","k":"AAAA""#.to_owned(),
            String::new(),
        ] {
            assert_eq!(one(&wrong), 0, "{wrong}");
            assert_eq!(set(&[wrong.clone(), format!(r#""kid":"b",{ED}"#)]).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn one_name_may_have_two_keys_and_what_is_there_twice_is_one() {
        let (one, other) = (format!(r#""kid":"a",{ED}"#), format!(r#""kid":"a",{OTHER}"#));
        let set = set(&[one.clone(), one, other, format!(r#""kid":"a",{EC}"#)]);
        assert_eq!((set.len(), set.find(Some("a"), Algorithm::EdDsa).len()), (3, 2));
        let many: Vec<_> = (0..MOST + 9).map(|number| format!(r#""kid":"{number}",{ED}"#)).collect();
        assert_eq!(super::tests::set(&many).len(), MOST);
    }

    #[test]
    fn what_is_no_set_is_told_from_an_empty_one() {
        assert_eq!(KeySet::parse(br#"{"keys":[],"more":1}"#), Ok(KeySet::default()));
        assert_eq!(KeySet::parse(br#"{"keys":[7,null,"x",[]]}"#), Ok(KeySet::default()));
        for wrong in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>", r#"{"keys":[]"#] {
            assert!(KeySet::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
