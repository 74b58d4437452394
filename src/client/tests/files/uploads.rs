//! Files to the provider.

use super::*;
use crate::{
    client::tests::rig::within,
    contract::{FailureKind, FieldError, Outcome, RetryAdvice},
    entry::stream_file::upload,
    files::Upload,
    host::simulated::{Pieces, Reply},
};

const ATTACHMENT: &str = "forms.jobs-upload-attachment";

impl Rig {
    /// Stores a file with the job 7.
    async fn store(
        &self,
        file: Result<Upload, Vec<FieldError>>,
        options: &CallOptions,
    ) -> Result<dynamic::Answer, Failure> {
        let operation = dynamic::operation("servicetitan", ATTACHMENT)?;
        let id = [("id".to_owned(), "7".to_owned())];
        self.noted(upload(&self.client, operation, &id, file, Some(options)).await)
    }
}

fn photo(length: Option<u64>, content: impl Source + 'static) -> Result<Upload, Vec<FieldError>> {
    Upload::new("photo.png".to_owned(), Some("image/png".to_owned()), length, Box::new(content))
}

/// A provider that answers every upload with this.
fn rig(reply: impl Fn(usize) -> Reply + 'static) -> Rig {
    let rig = Rig::new();
    rig.titan.on_api(move |number, _| Some(reply(number)));
    rig
}

fn stored() -> Reply {
    Reply::ok(r#"{"fileName":"photo.png"}"#)
}

#[test]
fn a_file_goes_as_a_form() {
    let rig = rig(|_| stored());
    let answer = rig.run(rig.store(photo(Some(6), Pieces::new(["abc", "def"])), &options())).unwrap();
    assert!(answer.body.unwrap().contains("photo.png"));
    let requests = rig.host.requests();
    let request = requests.last().unwrap();
    assert_eq!((request.method, request.path()), ("POST", "/forms/v2/tenant/1234/jobs/7/attachments"));
    let types: Vec<_> = request.headers.iter().filter(|(name, _)| *name == "content-type").collect();
    let [(_, content_type)] = types.as_slice() else { panic!("{types:?}") };
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(boundary.len() > 32);
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"photo.png\"\r\n\
         Content-Type: image/png\r\n\r\nabcdef\r\n--{boundary}--\r\n"
    );
    assert_eq!(request.body.as_deref(), Some(expected.as_str()));
    assert_eq!(request.stated_length, Some(expected.len() as u64));
    // Another one has another boundary.
    rig.run(rig.store(photo(None, Pieces::new(["abc"])), &options())).unwrap();
    let requests = rig.host.requests();
    let next = requests.last().unwrap();
    assert!(!next.body.as_ref().unwrap().contains(boundary) && next.stated_length.is_none());
}

#[test]
fn what_is_refused_before_sending_leaves_the_stream_untouched() {
    let refused = |set: &dyn Fn(&Rig), length, options: &CallOptions| {
        let rig = Rig::new();
        set(&rig);
        let slow = Slow::new(&rig.host, 3, SECOND);
        let (given, dropped) = (slow.given.clone(), slow.dropped.clone());
        let failure = rig.run(rig.store(photo(length, slow), options)).unwrap_err();
        assert_eq!((given.get(), dropped.get()), (0, true));
        assert_eq!((failure.outcome, rig.titan.api_requests()), (Outcome::NotSent, 0));
        failure.kind
    };
    let role = |rig: &Rig| rig.host.set("PENSTOCK_ROLE", "read-only");
    assert_eq!(refused(&role, None, &options()), FailureKind::Role);
    let small = |rig: &Rig| rig.host.set("PENSTOCK_MAX_FILE_BYTES", "29");
    assert_eq!(refused(&small, Some(30), &options()), FailureKind::TooLarge);
    let fallback = CallOptions { fallback: Some("{}".to_owned()), ..options() };
    assert_eq!(refused(&|_| {}, None, &fallback), FailureKind::BadInput);
    let incomplete = |rig: &Rig| rig.host.unset("SERVICETITAN_APP_KEY");
    assert_eq!(refused(&incomplete, None, &options()), FailureKind::Configuration);
}

#[test]
fn everything_that_does_not_fit_is_named_at_once() {
    let rig = Rig::new();
    let file = Upload::new("a/b".to_owned(), Some("png".to_owned()), None, Box::new(Pieces::new(["a"])));
    let operation = dynamic::operation("servicetitan", ATTACHMENT).unwrap();
    let failure = rig.run(upload(&rig.client, operation, &[], file, None)).unwrap_err();
    let fields: Vec<_> = failure.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["id", "body.file-name", "body.content-type"]);
    let operation = dynamic::operation("servicetitan", "jpm.jobs-create-note").unwrap();
    let id = [("id".to_owned(), "7".to_owned())];
    let file = photo(None, Pieces::new(["a"]));
    let failure = rig.run(upload(&rig.client, operation, &id, file, None)).unwrap_err();
    assert!(failure.message.contains("takes no file"), "{failure:?}");
    assert_eq!(rig.host.requests().len(), 0);
}

#[test]
fn as_long_as_no_byte_was_taken_it_is_sent_again() {
    let rig = rig(|_| stored());
    rig.run(rig.store(photo(None, Pieces::new(["abc"])), &options())).unwrap();
    rig.host.refuse_connections(2);
    rig.run(rig.store(photo(None, Pieces::new(["def"])), &options())).unwrap();
    let requests = rig.host.requests();
    assert_eq!(rig.titan.api_requests(), 2);
    assert!(requests.last().unwrap().body.as_ref().unwrap().contains("\r\n\r\ndef\r\n"));
}

#[test]
fn once_a_byte_was_taken_it_is_not() {
    let ends = |reply: fn() -> Reply, resend| {
        let rig = rig(move |_| reply());
        let options = CallOptions { allow_resend: resend, ..options() };
        let failure = rig.run(rig.store(photo(None, Pieces::new(["abc"])), &options)).unwrap_err();
        assert_eq!((rig.titan.api_requests(), failure.attempts.len()), (1, 1));
        (failure.kind, failure.outcome, failure.retry, failure.message)
    };
    for resend in [false, true] {
        let (kind, outcome, retry, message) = ends(|| Reply::status(503, "down"), resend);
        assert_eq!((kind, outcome, retry), (FailureKind::Vendor, Outcome::Unknown, RetryAdvice::Never));
        assert!(message.contains("may have taken effect"), "{message}");
        let (_, outcome, retry, _) = ends(Reply::dropped, resend);
        assert_eq!((outcome, retry), (Outcome::Unknown, RetryAdvice::Never));
    }
    // The provider refused it before acting: the caller may begin anew.
    let (kind, outcome, retry, message) = ends(|| Reply::status(401, "{}"), false);
    assert_eq!(kind, FailureKind::Authentication);
    assert_eq!((outcome, retry), (Outcome::NotApplied, RetryAdvice::Later));
    assert!(message.contains("a stream cannot be sent again"), "{message}");
    let (_, outcome, retry, _) = ends(|| Reply::status(429, "{}").header("retry-after", "3"), false);
    assert_eq!((outcome, retry), (Outcome::NotApplied, RetryAdvice::After(3000)));
}

#[test]
fn a_file_that_is_not_as_it_was_said_is_not_taken_for_whole() {
    let ends = |length, content: Pieces| {
        let rig = rig(|_| stored());
        rig.host.set("PENSTOCK_MAX_FILE_BYTES", "8");
        let failure = rig.run(rig.store(photo(length, content), &options())).unwrap_err();
        // The provider never saw the end of the form.
        assert_eq!((rig.titan.api_requests(), failure.outcome), (0, Outcome::Unknown));
        (failure.kind, failure.fields.first().map(|error| error.field.clone()).unwrap_or_default())
    };
    assert_eq!(ends(Some(4), Pieces::new(["abc"])), (FailureKind::BadInput, "body.length".to_owned()));
    assert_eq!(ends(Some(2), Pieces::new(["abc"])), (FailureKind::BadInput, "body.length".to_owned()));
    assert_eq!(ends(None, Pieces::broken(["abc"])), (FailureKind::BadInput, "body.content".to_owned()));
    assert_eq!(ends(None, Pieces::new(["abcdef", "ghi"])), (FailureKind::TooLarge, "body.length".to_owned()));
}

#[test]
fn it_may_take_long_as_long_as_it_moves() {
    let rig = rig(|_| stored());
    let slow = Slow::new(&rig.host, 40, 25 * SECOND);
    rig.run(rig.store(photo(None, slow), &options())).unwrap();
    assert!(rig.host.elapsed() >= 1000 * SECOND);
    // The caller's own deadline holds all the same.
    let rig = self::rig(|_| stored());
    let slow = Slow::new(&rig.host, 40, 25 * SECOND);
    let failure = rig.run(rig.store(photo(None, slow), &within(100 * SECOND))).unwrap_err();
    assert_eq!((failure.kind, rig.host.elapsed().as_secs()), (FailureKind::Timeout, 100));
}

#[test]
fn what_stands_still_is_given_up() {
    // The caller brings nothing, or the provider answers nothing.
    let stalled = |each, after| {
        let rig = rig(move |_| stored().after(after));
        let slow = Slow::new(&rig.host, 2, each);
        let dropped = slow.dropped.clone();
        let failure = rig.run(rig.store(photo(None, slow), &options())).unwrap_err();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Outcome::Unknown));
        assert!(dropped.get());
        assert!((30..=61).contains(&rig.host.elapsed().as_secs()), "{:?}", rig.host.elapsed());
    };
    stalled(500 * SECOND, Duration::ZERO);
    stalled(Duration::ZERO, 500 * SECOND);
}
