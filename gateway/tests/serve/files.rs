//! Files, both ways.

use super::*;

const CALL: &str = "/v1/servicetitan/default/telecom/calls/7/recording";
const ATTACHMENTS: &str = "/v1/servicetitan/default/forms/jobs/7/attachments";

/// A file of so many bytes, by its own account.
fn file(length: usize) -> Response {
    let mut response = answer(200, "abc");
    for (name, value) in [
        ("content-type", "audio/mpeg"),
        ("content-length", &length.to_string()),
        ("content-disposition", "inline; filename=call.mp3"),
    ] {
        response.headers.push((name.to_owned(), value.to_owned()));
    }
    response
}

#[test]
fn a_file_is_passed_on_with_its_name_type_and_length() {
    let gateway = gateway(|_| file(3));
    let seen = get(&gateway, CALL);
    assert_eq!((seen.status, seen.body.as_str(), seen.ended), (200, "abc", Some(Ended::Complete)));
    assert_eq!((seen.header("content-type"), seen.header("content-length")), ("audio/mpeg", "3"));
    assert_eq!(seen.header("content-disposition"), r#"attachment; filename="call.mp3""#);
    assert!(!seen.header("x-penstock-call-id").is_empty());
    let key = format!("Bearer {}", key());
    let seen = ask_with(&gateway, Method::HEAD, CALL, &[("authorization", &key)]);
    assert_eq!((seen.status, seen.body.as_str(), seen.header("content-length")), (200, "", "3"));
    assert_eq!(
        gateway.client().host().asked.borrow().last().unwrap(),
        "/telecom/v2/tenant/77/calls/7/recording"
    );
}

#[test]
fn a_file_that_breaks_off_does_not_end_well() {
    assert_eq!(get(&gateway(|_| file(4)), CALL).ended, Some(Ended::Failed));
    let seen = get(&gateway(|_| answer(404, "{}")), CALL);
    assert_eq!((seen.status, seen.header("content-type")), (404, "application/problem+json"));
}

#[test]
fn a_body_goes_to_the_vendor_as_a_form() {
    let admin = || {
        let host = FakeHost::configured(|_| answer(200, r#"{"fileName":"photo.png"}"#));
        over(host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_ROLE", "admin"))
    };
    let key = format!("Bearer {}", key());
    let post = |gateway: &Gateway<FakeHost>, fields: &[(&'static str, &str)]| {
        let fields = [&[("authorization", key.as_str())], fields].concat();
        ask_with(gateway, Method::POST, ATTACHMENTS, &fields)
    };
    let name = ("content-disposition", r#"attachment; filename="photo.png""#);
    let gateway = admin();
    let seen = post(&gateway, &[name, ("content-type", "image/png"), ("content-length", "6")]);
    assert_eq!((seen.status, seen.json()["fileName"].as_str()), (200, Some("photo.png")));
    let received = gateway.client().host().received.borrow().clone();
    assert!(
        received[0].contains("filename=\"photo.png\"\r\nContent-Type: image/png\r\n\r\nabcdef\r\n"),
        "{received:?}"
    );

    let gateway = admin();
    let seen = post(&gateway, &[]);
    assert_eq!((seen.status, seen.json()["fields"][0]["field"].as_str()), (400, Some("Content-Disposition")));
    let seen = post(&gateway, &[name, ("content-type", "multipart/form-data; boundary=x")]);
    assert_eq!((seen.status, seen.json()["type"].as_str()), (415, Some("urn:penstock:gateway:form")));
    let seen = post(&self::gateway(|_| answer(200, "{}")), &[name]);
    assert_eq!((seen.status, seen.json()["type"].as_str()), (403, Some("urn:penstock:failure:role")));
    assert_eq!(gateway.client().host().asked.borrow().len(), 0);

    // One byte too many: by what is said of it, and by what comes.
    for (length, sent) in [(&[("content-length", "6")][..], 0), (&[], 1)] {
        let gateway = admin();
        gateway.client().host().reset("PENSTOCK_MAX_FILE_BYTES", "5");
        let seen = post(&gateway, &[&[name], length].concat());
        assert_eq!(
            (seen.status, seen.json()["type"].as_str()),
            (413, Some("urn:penstock:failure:too-large"))
        );
        assert_eq!(seen.json()["fields"][0]["field"], "body.length");
        assert_eq!(gateway.client().host().asked.borrow().len(), sent, "{length:?}");
    }
}
