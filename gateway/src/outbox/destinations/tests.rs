//! What is taken for a destination, and what is said of what is not.

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn told(text: &str) -> Vec<String> {
    let errors = parse(text, false).unwrap_err();
    let shown = format!("{errors:?}");
    assert!(!shown.contains("canary") && !shown.contains("MfKQ9"), "{shown}");
    errors
        .into_iter()
        .map(|error| {
            assert_eq!(error.field, "PENSTOCK_WEBHOOK_DESTINATIONS");
            error.message
        })
        .collect()
}

#[test]
fn each_way_is_read() {
    let text = format!(
        r#"[
            {{"name": "crm", "providers": ["servicetitan"], "accounts": ["north"], "kinds": ["tn.jpm.*"],
              "url": "https://crm.example:8443/in?token=canary", "secret": "{SECRET}", "secretSecondary": "{SECRET}"}},
            {{"name": "jobs", "celery": {{"url": "redis://u:canary@redis.example/1", "task": "hooks.event"}}}},
            {{"name": "jobs-2", "arq": {{"url": "rediss://redis.example", "queue": "q", "function": "event"}}}}
        ]"#
    );
    let all = parse(&text, false).unwrap();
    assert!(!format!("{all:?}").contains("canary"), "{all:?}");
    let [crm, celery, arq] = &all[..] else { panic!("{all:?}") };
    let Way::Http(endpoint) = &crm.way else { panic!("{crm:?}") };
    assert_eq!((endpoint.target.https, endpoint.target.authority.as_str()), (true, "crm.example:8443"));
    assert_eq!((endpoint.target.path_and_query.expose(), endpoint.keys.len()), ("/in?token=canary", 2));
    assert_eq!(crm.wants.kinds.as_deref(), Some(&["tn.jpm.*".to_owned()][..]));
    assert!(
        matches!(&celery.way, Way::Celery { queue, task, .. } if queue == "celery" && task == "hooks.event")
    );
    assert!(matches!(&arq.way, Way::Arq { queue, function, .. } if queue == "q" && function == "event"));
    assert_eq!(celery.wants, Wants::default());
}

#[test]
fn what_is_wrong_is_named_all_at_once_and_nothing_shown() {
    assert_eq!(told("{}"), ["must be a list of destinations"]);
    assert_eq!(told("[]"), ["must have 1 to 16 destinations"]);
    assert!(told(r#"[{"name": "canary]"#)[0].starts_with("is not JSON: "));
    assert_eq!(told(r#"["canary"]"#), ["has destination 1, which must be an object"]);
    let all = told(
        r#"[{"name": "No Name", "url": "http://u:canary@h/", "secret": "canary", "kinds": "canary", "extra": "canary",
             "providers": ["acme"]},
            {"name": "a", "celery": {"url": "http://canary", "queue": 7}, "arq": {}},
            {"name": "b", "celery": {"url": "http://canary", "queue": 7, "x": "canary"}},
            {"name": "c", "url": "https://canary#x"}]"#,
    );
    assert_eq!(
        all,
        [
            "has destination `1`: name must be 1 to 64 small letters, digits and hyphens",
            "has destination `1`: kinds must be a list of texts",
            "has destination `1`: there is no provider `acme`",
            "has destination `1`: secret must be whsec_ and 24 to 64 bytes in base64",
            "has destination `1`: url must begin with https:// (unless PENSTOCK_ALLOW_HTTP is true)",
            "has destination `1`: extra is not known",
            "has destination `a`: has both celery and arq",
            "has destination `b`: celery.queue must be a text",
            "has destination `b`: celery.task is missing",
            "has destination `b`: celery.url must have the form redis://user:password@host:6379/0, or rediss://",
            "has destination `b`: celery.x is not known",
            "has destination `c`: secret is missing",
            "has destination `c`: url must name a host, and have no user and no fragment",
        ]
    );
    let twice = format!(r#"{{"name": "a", "url": "https://h/", "secret": "{SECRET}"}}"#);
    assert_eq!(told(&format!("[{twice},{twice}]")), ["has two destinations called `a`"]);
    assert!(parse(&format!("[{}]", twice.replace("https", "http")), true).is_ok());
}
