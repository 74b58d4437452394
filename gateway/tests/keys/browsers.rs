//! Pages of the web: CORS, and what browsers may do with an answer.

use super::*;

const APP: (&str, &str) = ("origin", "https://app.example.com");

fn preflight(gateway: &Gateway<FakeHost>, target: &str, origin: (&'static str, &str)) -> Seen {
    let asked = ("access-control-request-method", "DELETE");
    send(gateway, Method::OPTIONS, target, &[origin, asked], "")
}

#[test]
fn pages_of_the_web_may_call_only_where_a_setting_says_so() {
    let gateway = gateway(&[("all", "")]);
    let host = gateway.client().host();
    let with_key = |origin| send(&gateway, Method::GET, JOB, &[origin, ("x-api-key", &key("all"))], "");
    let off = with_key(APP);
    assert_eq!((off.status, off.header("access-control-allow-origin"), off.header("vary")), (200, "", ""));
    assert_eq!(preflight(&gateway, JOB, APP).status, 401);

    host.reset("PENSTOCK_CORS_ORIGINS", "https://app.example.com, http://localhost:8080");
    host.pass(Duration::from_secs(1));
    let on = with_key(APP);
    assert_eq!((on.header("access-control-allow-origin"), on.header("vary")), (APP.1, "Origin"));
    assert!(on.header("access-control-expose-headers").contains("ratelimit-policy"));
    assert_eq!(on.header("access-control-allow-credentials"), "");
    assert_eq!(on.header("cross-origin-resource-policy"), "cross-origin");
    // A page may read as well why it was refused.
    let refused = send(&gateway, Method::GET, JOB, &[APP], "");
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, APP.1));
    for other in
        ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://APP.example.com"]
    {
        let seen = with_key(("origin", other));
        assert_eq!((seen.status, seen.header("access-control-allow-origin")), (200, ""), "{other}");
        assert_eq!(
            (seen.header("vary"), seen.header("cross-origin-resource-policy")),
            ("Origin", "same-origin")
        );
        assert_eq!(preflight(&gateway, JOB, ("origin", other)).status, 401);
    }

    host.reset("PENSTOCK_CORS_ORIGINS", "*");
    host.pass(Duration::from_secs(1));
    let all = with_key(("origin", "https://anywhere.example"));
    assert_eq!((all.header("access-control-allow-origin"), all.header("vary")), ("*", ""));
}

#[test]
fn a_preflight_is_answered_without_a_key_and_alike_for_every_path() {
    let gateway = gateway(&[("all", "")]);
    gateway.client().host().reset("PENSTOCK_CORS_ORIGINS", "https://app.example.com");
    for target in [JOB, "/v1/nothing", "/ready", "/servicetitan/default/connect/token"] {
        let seen = preflight(&gateway, target, APP);
        assert_eq!((seen.status, seen.body.as_str()), (204, ""), "{target}");
        assert_eq!(seen.header("access-control-allow-origin"), APP.1);
        assert_eq!(seen.header("access-control-allow-methods"), "GET, HEAD, POST, PUT, PATCH, DELETE");
        let allowed: Vec<_> = seen.header("access-control-allow-headers").split(", ").collect();
        assert!(
            ["authorization", "x-api-key", "content-type", "x-deadline-ms"]
                .iter()
                .all(|name| allowed.contains(name))
        );
        assert!(!allowed.contains(&"x-forwarded-for") && !allowed.contains(&"origin"), "{allowed:?}");
        assert_eq!((seen.header("access-control-max-age"), seen.header("vary")), ("600", "Origin"));
    }
    // An OPTIONS that is no preflight needs a key, as everything does.
    assert_eq!(send(&gateway, Method::OPTIONS, JOB, &[APP], "").status, 401);
}

#[test]
fn browsers_may_do_nothing_with_an_answer_by_themselves() {
    let gateway = gateway(&[("all", "")]);
    for (target, status) in
        [(JOB, 200), ("/v1/nothing", 404), ("/nothing", 404), ("/live", 200), ("/ready", 200)]
    {
        let seen = get(&gateway, "all", target);
        assert_eq!(seen.status, status);
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(seen.header(name), value, "{target}");
        }
    }
}
