use super::*;

const ISSUER: (&str, &str) = ("PENSTOCK_OIDC_ISSUER", "https://login.example.com/tenant");
const AUDIENCE: (&str, &str) = ("PENSTOCK_OIDC_AUDIENCE", "penstock");

fn given(settings: &[(&'static str, &str)]) -> Given {
    settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The names and words of what is wrong.
fn wrong(settings: &[(&'static str, &str)]) -> Vec<String> {
    let wrong = parse(&given(settings)).unwrap_err();
    wrong.into_iter().map(|wrong| format!("{} {}", wrong.field, wrong.message)).collect()
}

/// Those of an issuer, and these besides.
#[cfg(feature = "oidc")]
pub(in crate::oidc) fn settings(further: &[(&'static str, &str)]) -> Settings {
    let all: Vec<_> = [ISSUER, AUDIENCE].iter().chain(further).copied().collect();
    parse(&given(&all)).unwrap().unwrap()
}

#[test]
fn without_any_there_is_no_issuer_and_defaults_that_a_host_gives_are_none() {
    assert!(parse(&given(&[])).unwrap().is_none());
    let defaults: Vec<_> =
        table::ALL.iter().filter_map(|setting| Some((setting.name, setting.default?))).collect();
    assert_eq!(defaults.len(), 6);
    assert!(parse(&given(&defaults)).unwrap().is_none());
}

#[cfg(not(feature = "oidc"))]
#[test]
fn without_the_feature_each_that_is_set_is_named_with_it() {
    for setting in table::ALL {
        let wrong = wrong(&[(setting.name, "canary")]);
        let why =
            format!("{} is set, and this program is built without the cargo feature `oidc`", setting.name);
        assert_eq!(wrong, [why]);
    }
    assert_eq!(wrong(&[ISSUER, AUDIENCE]).len(), 2);
}

#[cfg(feature = "oidc")]
mod with_the_feature {
    use super::*;

    #[test]
    fn each_has_its_default_and_its_value() {
        let plain = settings(&[]);
        assert_eq!(plain.configuration.path_and_query.expose(), "/tenant/.well-known/openid-configuration");
        assert_eq!(
            (plain.configuration.https, plain.configuration.authority.as_str()),
            (true, "login.example.com")
        );
        assert_eq!((plain.age, plain.stale), (Duration::from_secs(600), Duration::from_secs(3600)));
        assert_eq!(plain.claims.modules.as_deref(), Some("penstock_modules"));
        assert!(plain.jwks.is_none() && plain.rates.is_empty());
        let full = settings(&[
            ("PENSTOCK_OIDC_JWKS_URL", "http://127.0.0.1:8080/keys?v=1"),
            ("PENSTOCK_ALLOW_HTTP", "true"),
            ("PENSTOCK_OIDC_RATE", "100/h|1/s"),
            ("PENSTOCK_OIDC_MODULES_CLAIM", "off"),
            ("PENSTOCK_OIDC_KEYS_AGE", "60"),
            ("PENSTOCK_OIDC_KEYS_STALE", "0"),
        ]);
        let jwks = full.jwks.unwrap();
        assert_eq!((jwks.https, jwks.path_and_query.expose()), (false, "/keys?v=1"));
        assert_eq!(full.rates.iter().map(Rate::to_string).collect::<Vec<_>>(), ["1/s", "100/h"]);
        assert_eq!(
            (full.claims.modules, full.age, full.stale),
            (None, Duration::from_secs(60), Duration::ZERO)
        );
        // A slash at the end is a part of the name, and of no path.
        let slash = ("PENSTOCK_OIDC_ISSUER", "https://login.example.com/");
        let slash = parse(&given(&[slash, AUDIENCE])).unwrap().unwrap();
        assert_eq!(slash.configuration.path_and_query.expose(), "/.well-known/openid-configuration");
        assert_eq!(slash.issuer, "https://login.example.com/");
    }

    #[test]
    fn what_is_missing_or_malformed_is_named_and_not_shown() {
        let needed = "PENSTOCK_OIDC_AUDIENCE is not set, and PENSTOCK_OIDC_ISSUER is";
        assert_eq!(wrong(&[ISSUER]), [needed]);
        assert_eq!(wrong(&[AUDIENCE]), ["PENSTOCK_OIDC_AUDIENCE is set, and PENSTOCK_OIDC_ISSUER is not"]);
        assert_eq!(wrong(&[("PENSTOCK_OIDC_KEYS_AGE", "60")]).len(), 1);
        for (name, value) in [
            ("PENSTOCK_OIDC_ISSUER", "login.example.com/canary"),
            ("PENSTOCK_OIDC_ISSUER", "http://login.example.com/canary"),
            ("PENSTOCK_OIDC_ISSUER", "https://login.example.com/?canary"),
            ("PENSTOCK_OIDC_ISSUER", "https://login.example.com/#canary"),
            ("PENSTOCK_OIDC_ISSUER", "https://canary@login.example.com/"),
            ("PENSTOCK_OIDC_JWKS_URL", "http://login.example.com/canary"),
            ("PENSTOCK_OIDC_JWKS_URL", "canary"),
            ("PENSTOCK_OIDC_ROLE_CLAIM", "off"),
            ("PENSTOCK_OIDC_RATE", "canary"),
            ("PENSTOCK_OIDC_RATE", "1/s|2/s"),
            ("PENSTOCK_OIDC_KEYS_AGE", "59"),
            ("PENSTOCK_OIDC_KEYS_AGE", "canary"),
            ("PENSTOCK_OIDC_KEYS_STALE", "-1"),
            ("PENSTOCK_OIDC_AUDIENCE", "can\u{7}ary"),
        ] {
            let mut all = given(&[ISSUER, AUDIENCE]);
            all.insert(name, value.to_owned());
            let found = parse(&all).unwrap_err();
            assert!(found.iter().all(|wrong| wrong.field == name), "{name} {value} {found:?}");
            assert!(
                !found.is_empty() && !format!("{found:?}").contains("canary"),
                "{name} {value} {found:?}"
            );
        }
        let long = "x".repeat(257);
        assert_eq!(wrong(&[ISSUER, AUDIENCE, ("PENSTOCK_OIDC_ROLE_CLAIM", &long)]).len(), 1);
    }
}
