//! Files in forms, as the vendor's own clients send them.

use super::*;

const OWN: &str = "/servicetitan/default/forms/v2/tenant/77/jobs/7/attachments";
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=\"aB3\"");
const FILE: &str = "--aB3\r\nContent-Disposition: form-data; name=\"file\"; filename=\"photo \u{fc} 1.png\"\r\n\
                    Content-Type: image/png\r\n\r\n\r\n--aB\r\nbytes\r\n--aB3--\r\n";
/// What the vendor is sent of it, after the boundary and before the next one.
const SENT: &str =
    "filename=\"photo \u{fc} 1.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--aB\r\nbytes\r\n--penstock-";

fn admin() -> Gateway<FakeHost> {
    let host = FakeHost::configured(|_| answer(200, r#"{"fileName":"photo.png"}"#));
    over(host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_ROLE", "admin"))
}

fn post(gateway: &Gateway<FakeHost>, further: &[(&'static str, &str)], body: Vec<&'static str>) -> Seen {
    let key = format!("Bearer {}", key());
    let headers = [&[("authorization", key.as_str()), FORM], further].concat();
    send(gateway, Method::POST, OWN, &headers, body)
}

#[test]
fn a_form_is_taken_however_its_bytes_come() {
    for cut in (1..FILE.len()).filter(|cut| FILE.is_char_boundary(*cut)) {
        let gateway = admin();
        let (one, other) = FILE.split_at(cut);
        let seen = post(&gateway, &[], vec![one, other]);
        assert_eq!((seen.status, seen.body.as_str()), (200, r#"{"fileName":"photo.png"}"#), "{cut}");
        let received = gateway.client().host().received.borrow().clone();
        assert!(received.len() == 1 && received[0].contains(SENT), "{cut} {received:?}");
    }
}

#[test]
fn a_form_that_is_not_whole_or_another_one_is_refused_and_sends_no_file() {
    let field = "--aB3\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--aB3--\r\n";
    let unnamed = "--aB3\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--aB3--\r\n";
    let long: &'static str = format!("--aB3\r\nX: {}", "x".repeat(90_000)).leak();
    for (body, told) in [
        (vec![field], "begins with the field `note` in place of `file`"),
        (vec![unnamed], "must name the file"),
        (vec!["--aB3--\r\n"], "has no field `file`"),
        (vec!["--aB3\r\nContent-"], "is no whole form"),
        (vec!["no form"], "is no whole form"),
        (vec![long], "is no whole form"),
        (vec![], "is no whole form"),
    ] {
        let gateway = admin();
        let seen = post(&gateway, &[], body);
        assert_eq!(seen.status, 400, "{told}: {}", seen.body);
        assert!(seen.body.contains(told), "{told}: {}", seen.body);
        assert_eq!(gateway.client().host().received.borrow().len(), 0, "{told}");
    }
    let gateway = admin();
    let seen = send(
        &gateway,
        Method::POST,
        OWN,
        &[("authorization", &format!("Bearer {}", key())), ("content-type", "multipart/mixed; boundary=x")],
        vec![FILE],
    );
    assert_eq!((seen.status, seen.json()["type"].as_str()), (415, Some("urn:penstock:gateway:form")));
}

/// What is wrong shows only once the file is on its way: the vendor gets no form that ends.
#[test]
fn a_form_that_breaks_off_or_goes_on_after_its_file_is_not_sent_whole() {
    let (begun, _) = FILE.rsplit_once("--aB3--").unwrap();
    let more: &'static str =
        format!("{begun}--aB3\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--aB3--\r\n").leak();
    for body in [vec![begun], vec![more]] {
        let gateway = admin();
        let seen = post(&gateway, &[], body);
        assert_eq!(seen.status, 400, "{}", seen.body);
        assert!(seen.body.contains("the file cannot be read"), "{}", seen.body);
        assert_eq!(gateway.client().host().received.borrow().len(), 0);
    }
}

#[test]
fn a_form_is_the_same_whatever_its_boundary() {
    let host = FakeHost::configured(|_| answer(200, r#"{"fileName":"photo.png"}"#));
    let mut host = host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_ROLE", "admin");
    host.store = Some(fake::store::FakeStore::default());
    let gateway = over(host);
    let once = ("idempotency-key", "one");
    let first = post(&gateway, &[once], vec![FILE]);
    assert_eq!(first.status, 200, "{}", first.body);
    let key = format!("Bearer {}", key());
    let other: &'static str = FILE.replace("aB3", "another").leak();
    let again = |body| {
        let headers = [
            ("authorization", key.as_str()),
            ("content-type", "multipart/form-data; boundary=another"),
            once,
        ];
        send(&gateway, Method::POST, OWN, &headers, vec![body])
    };
    let seen = again(other);
    assert_eq!((seen.status, seen.body.as_str()), (200, first.body.as_str()));
    assert_eq!(gateway.client().host().received.borrow().len(), 1, "it was sent once");
    assert_eq!(again(other.replace("bytes", "other").leak()).status, 422);
}
