//! Bearer tokens of an issuer: signed by real keys, checked against the issuer's.

#[path = "tokens/agents.rs"]
mod agents;
#[path = "tokens/issuer.rs"]
mod issuer;
#[path = "tokens/told.rs"]
mod told;

use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

const ISSUER: &str = "https://login.example.com/tenant";
const DISCOVERY: &str = "/tenant/.well-known/openid-configuration";

/// The seconds at which the host's wall clock stands.
const NOW: i64 = 1_763_596_800;

/// An issuer's pair of keys, made of one byte.
#[derive(Clone)]
enum Pair {
    Es256(Box<p256::ecdsa::SigningKey>),
    EdDsa(Box<ed25519_dalek::SigningKey>),
}

impl Pair {
    fn es256(seed: u8) -> Pair {
        Pair::Es256(Box::new(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()))
    }

    fn ed_dsa(seed: u8) -> Pair {
        Pair::EdDsa(Box::new(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])))
    }

    fn alg(&self) -> &'static str {
        match self {
            Pair::Es256(_) => "ES256",
            Pair::EdDsa(_) => "EdDSA",
        }
    }

    /// The public key as the issuer shows it.
    fn jwk(&self, kid: &str) -> Value {
        match self {
            Pair::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let coordinates = point.as_bytes()[1..].chunks(32).map(encoded).collect::<Vec<_>>();
                let (x, y) = (&coordinates[0], &coordinates[1]);
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y})
            }
            Pair::EdDsa(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encoded(key.verifying_key().as_bytes())})
            }
        }
    }

    fn sign(&self, signed: &str) -> Vec<u8> {
        match self {
            Pair::Es256(key) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::signature::Signer::sign(&**key, signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            Pair::EdDsa(key) => key.sign(signed.as_bytes()).to_bytes().to_vec(),
        }
    }

    /// A token with this header and these claims.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        format!("{signed}.{}", encoded(self.sign(&signed)))
    }

    /// One that is in order, of this key, with these claims besides.
    fn good(&self, kid: &str, claims: Value) -> String {
        self.token(&json!({"alg": self.alg(), "typ": "at+jwt", "kid": kid}), &claimed(claims))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims of an administrator of everything; one that is null is left out.
fn claimed(changed: Value) -> Value {
    let mut all = json!({
        "iss": ISSUER, "aud": "penstock", "sub": "alice", "exp": NOW + 300, "iat": NOW,
        "penstock_role": "admin", "penstock_accounts": "*", "penstock_providers": "*", "penstock_modules": "*",
    });
    let members = all.as_object_mut().unwrap();
    members.extend(changed.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    all
}

/// What the issuer answers where its keys are, and how often it was asked for them.
#[derive(Clone)]
struct Issuer {
    answer: Rc<RefCell<(u16, String)>>,
    configuration: Rc<RefCell<String>>,
    asked: Rc<Cell<u32>>,
}

impl Issuer {
    fn shows(&self, keys: &[Value]) {
        *self.answer.borrow_mut() = (200, json!({"keys": keys}).to_string());
    }

    fn answers(&self, status: u16, body: &str) {
        *self.answer.borrow_mut() = (status, body.to_owned());
    }
}

/// A gateway that accepts this issuer's tokens, with these settings besides.
fn world(settings: &[(&str, &str)]) -> (Gateway<FakeHost>, Issuer) {
    let configuration = json!({"issuer": ISSUER, "jwks_uri": "https://keys.example.com/keys"}).to_string();
    let issuer = Issuer {
        answer: Rc::new(RefCell::new((200, String::new()))),
        configuration: Rc::new(RefCell::new(configuration)),
        asked: Rc::default(),
    };
    issuer.shows(&[Pair::es256(1).jwk("one"), Pair::ed_dsa(2).jwk("two")]);
    let at = issuer.clone();
    let mut host = FakeHost::configured(move |target| match target {
        DISCOVERY => answer(200, &at.configuration.borrow()),
        "/keys" => {
            at.asked.set(at.asked.get() + 1);
            let (status, body) = at.answer.borrow().clone();
            answer(status, &body)
        }
        _ => answer(200, r#"{"id":5}"#),
    });
    let own = [
        ("PENSTOCK_OIDC_ISSUER", ISSUER),
        ("PENSTOCK_OIDC_AUDIENCE", "penstock"),
        ("PENSTOCK_ROLE", "admin"),
    ];
    for (name, value) in own.iter().chain(settings) {
        host = host.with(name, value);
    }
    (Gateway::new(Client::new(host)), issuer)
}

fn ask(gateway: &Gateway<FakeHost>, token: &str, target: &str) -> Seen {
    let bearer = format!("Bearer {token}");
    send(gateway, Method::GET, target, &[("authorization", &bearer), PEER], "")
}

#[test]
fn a_token_of_either_algorithm_opens_what_its_claims_say() {
    let (gateway, issuer) = world(&[]);
    for token in [Pair::es256(1).good("one", json!({})), Pair::ed_dsa(2).good("two", json!({}))] {
        for target in [JOB, "/v1/_admin/snapshot", "/metrics", "/openapi.json"] {
            assert_eq!(ask(&gateway, &token, target).status, 200, "{target}");
        }
        // Where the provider's own clients call, as a key does.
        assert_eq!(ask(&gateway, &token, "/servicetitan/default/jpm/v2/tenant/77/jobs/5").status, 200);
        assert!(ask(&gateway, &token, "/health").json().get("checks").is_some());
    }
    assert_eq!(issuer.asked.get(), 1, "the keys are kept");
    let of = |claims| ask(&gateway, &Pair::ed_dsa(2).good("two", claims), JOB);
    assert_eq!(of(json!({"penstock_accounts": ["north"]})).problem(), problem(403, "forbidden", "accounts"));
    assert_eq!(of(json!({"penstock_accounts": null})).problem(), problem(403, "forbidden", "accounts"));
    assert_eq!(of(json!({"penstock_providers": "asleep"})).problem(), problem(403, "forbidden", "providers"));
    assert_eq!(of(json!({"penstock_modules": ["crm"]})).problem(), problem(403, "forbidden", "modules"));
    assert_eq!(
        of(json!({"penstock_accounts": ["Default"], "penstock_role": ["x", "read-only"]})).status,
        200
    );
    let none = of(json!({"penstock_role": "boss"}));
    assert_eq!(none.problem(), problem(403, "forbidden", "role"));
    let detail = "the token of `oidc:alice` has no role: its claim `penstock_role` holds none that is known";
    assert_eq!(none.json()["detail"], detail);
    let reader = Pair::ed_dsa(2).good("two", json!({"penstock_role": "read-only"}));
    assert_eq!(ask(&gateway, &reader, "/v1/_admin/snapshot").problem(), problem(403, "forbidden", "role"));
}

#[test]
fn keys_and_tokens_are_told_apart_by_their_form() {
    let named = format!("billing={}", api_key::hash(&key("billing")));
    let (gateway, issuer) = world(&[("PENSTOCK_API_KEYS", &named)]);
    assert_eq!(ask(&gateway, &key("billing"), JOB).status, 200);
    assert_eq!(get(&gateway, "billing", JOB).status, 200);
    assert_eq!(issuer.asked.get(), 0);
    let token = Pair::es256(1).good("one", json!({}));
    assert_eq!(ask(&gateway, &token, JOB).status, 200);
    // The field of keys has no tokens, and two of anything are one too many.
    let own = send(&gateway, Method::GET, JOB, &[("x-api-key", &token)], "");
    assert_eq!((own.status, own.json()["detail"].as_str()), (401, Some("the API key is not valid")));
    let (bearer, billing) = (format!("Bearer {token}"), key("billing"));
    assert_eq!(
        send(&gateway, Method::GET, JOB, &[("authorization", &bearer), ("x-api-key", &billing)], "").status,
        401
    );
    assert_eq!(send(&gateway, Method::GET, JOB, &[("authorization", &token)], "").status, 401);
    // The providers' own tokens stay as they are, and a token of the issuer is no client secret.
    let secret = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_secret={secret}");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        send(&gateway, Method::POST, "/servicetitan/default/connect/token", &[kind], form.leak())
    };
    assert_eq!([secret(&key("billing")).status, secret(&token).status], [200, 401]);
    let given = secret(&key("billing")).json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(ask(&gateway, &given, "/servicetitan/default/jpm/v2/tenant/77/jobs/5").status, 200);
}

/// Each with what is told of it.
fn refused() -> Vec<(String, &'static str)> {
    let pair = Pair::es256(1);
    let with = |claims| pair.good("one", claims);
    let headed = |header: Value| pair.token(&header, &claimed(json!({})));
    let good = with(json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let (header, rest) = good.split_once('.').unwrap();
    let hmac = headed(json!({"alg": "HS256", "typ": "JWT", "kid": "one"}));
    let none =
        format!("{}.{}.", encoded(r#"{"alg":"none","typ":"JWT"}"#), encoded(claimed(json!({})).to_string()));
    let own_key = json!({"alg": "ES256", "typ": "JWT", "kid": "one", "jwk": Pair::es256(9).jwk("one")});
    vec![
        (none, "is not signed by ES256 or EdDSA"),
        (hmac, "is not signed by ES256 or EdDSA"),
        (headed(json!({"alg": "RS256", "typ": "JWT", "kid": "one"})), "is not signed by ES256 or EdDSA"),
        (
            headed(json!({"alg": "ES256", "typ": "JWT", "crit": ["exp"]})),
            "has extensions that are not known here",
        ),
        (
            headed(json!({"alg": "ES256", "typ": "logout+jwt", "kid": "one"})),
            "is not of the type JWT or at+jwt",
        ),
        (headed(json!({"alg": "EdDSA", "typ": "JWT", "kid": "one"})), "is signed by a key that is not known"),
        (with(json!({"iss": "https://login.example.com"})), "is of another issuer"),
        (with(json!({"aud": "other"})), "is for another audience"),
        (with(json!({"aud": null})), "is for another audience"),
        (with(json!({"exp": null})), "does not say when it ends"),
        (with(json!({"exp": NOW - 60})), "has expired"),
        (with(json!({"nbf": NOW + 61})), "is not valid yet"),
        (with(json!({"iat": NOW + 61})), "is not valid yet"),
        (with(json!({"sub": null})), "does not say whose it is"),
        (with(json!({"more": "x".repeat(9000)})), "is too long"),
        (Pair::es256(9).good("one", json!({})), "has a signature that is not valid"),
        (Pair::es256(9).token(&own_key, &claimed(json!({}))), "has a signature that is not valid"),
        (format!("{signed}.{}", encoded([0; 64])), "has a signature that is not valid"),
        (format!("{signed}."), "has a signature that is not valid"),
        (format!("{header}x.{rest}"), "is malformed"),
        (format!("{signed}.A"), "is malformed"),
    ]
}

#[test]
fn what_is_not_in_order_is_a_401_that_says_why_and_nothing_of_it() {
    let (gateway, issuer) = world(&[]);
    for (token, why) in refused() {
        let seen = ask(&gateway, &token, JOB);
        assert_eq!(seen.problem(), problem(401, "unauthorized", ""), "{why}");
        assert_eq!(seen.json()["detail"], format!("the bearer token {why}"));
        let challenge =
            format!(r#"Bearer realm="penstock", error="invalid_token", error_description="the token {why}""#);
        assert_eq!(seen.header("www-authenticate"), challenge);
        assert!(!seen.body.contains("alice") && !seen.body.contains(&token));
        assert_eq!(ask(&gateway, &token, "/health").json().get("checks"), None, "{why}");
        assert_eq!(
            ask(&gateway, &token, "/servicetitan/default/jpm/v2/tenant/77/jobs/5").status,
            401,
            "{why}"
        );
    }
    assert!(issuer.asked.get() <= 2, "{}", issuer.asked.get());
    assert!(!gateway.client().host().asked.borrow().iter().any(|asked| asked.contains("jobs")));
}

#[test]
fn whoever_has_tokens_may_do_without_keys_and_settings_that_are_wrong_shut_the_gateway() {
    let (gateway, _) = world(&[]);
    assert_eq!(ask(&gateway, "pk_guess", JOB).status, 401);
    for (name, value) in
        [("PENSTOCK_OIDC_AUDIENCE", ""), ("PENSTOCK_OIDC_ISSUER", ""), ("PENSTOCK_OIDC_RATE", "canary")]
    {
        let (gateway, _) = world(&[(name, value)]);
        let shut = ask(&gateway, &Pair::es256(1).good("one", json!({})), JOB);
        assert_eq!((shut.status, shut.problem().1.as_str()), (503, "configuration"), "{name}");
        let named = if name.ends_with("ISSUER") { "PENSTOCK_OIDC_AUDIENCE" } else { name };
        assert!(
            shut.json()["fields"].as_array().unwrap().iter().any(|field| field["field"] == named),
            "{}",
            shut.body
        );
        assert!(!shut.body.contains("canary"), "{}", shut.body);
    }
}

#[test]
fn the_description_has_tokens_beside_keys() {
    let (gateway, _) = world(&[("PENSTOCK_PUBLIC_DOCS", "true")]);
    let document = send(&gateway, Method::GET, "/openapi.json", &[], "").json();
    let scheme = &document["components"]["securitySchemes"]["jwt"];
    assert_eq!((&scheme["scheme"], &scheme["bearerFormat"]), (&json!("bearer"), &json!("JWT")));
    let all = json!([{"bearer": []}, {"apiKey": []}, {"jwt": []}]);
    assert_eq!(document["security"], all);
    assert_eq!(
        document["paths"]["/ready"]["get"]["security"],
        json!([{}, {"bearer": []}, {"apiKey": []}, {"jwt": []}])
    );
}
