//! Records that do not fit the contract, on the command line.

use crate::commands::{penstock, text};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

const PAGE: &str =
    r#"{"hasMore":false,"continueFrom":"t","data":[{"id":1},{"id":2,"createdOn":"yesterday"},{"id":3}]}"#;

/// A page of each kind with a record in its middle that is no JSON.
const SESSIONS: &[u8] = b"{\"detail\":\"OK\",\"result\":{\"timezone\":\"UTC\",\"sleep_session_list\":\
    [{\"session_id\":\"a\"},{\"session_id\":\"b\",\"state\":\"\xff\"},{\"session_id\":\"c\"}]}}";
const NO_SESSIONS: &str = r#"{"detail":"OK","result":{"timezone":"UTC","sleep_session_list":[]}}"#;
const ROWS: &str =
    r#"{"page":1,"hasMore":false,"fields":[{"name":"Job"},{"name":"Total"}],"data":[[1,2],[3,NaN],[5,6]]}"#;
const REPORT: &str = r#"{"id":7,"name":"Jobs","fields":[],"parameters":[]}"#;

fn body(request: &str) -> &'static [u8] {
    if request.contains("/connect/token") {
        return br#"{"access_token":"t","expires_in":900}"#;
    }
    if request.contains("/data/v1/sessions") {
        return if request.contains("offset=0&") { SESSIONS } else { NO_SESSIONS.as_bytes() };
    }
    if request.contains("/reports/7") {
        return if request.contains("/data") { ROWS } else { REPORT }.as_bytes();
    }
    PAGE.as_bytes()
}

fn answer(stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).ok()?;
    let body = body(&line);
    while line.trim_end() != "" {
        line.clear();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let mut stream = stream;
    write!(stream, "{head}content-length: {}\r\n\r\n", body.len()).ok()?;
    stream.write_all(body).ok()
}

/// A vendor with one odd record. It ends with the process.
fn vendor() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(&stream));
        }
    });
    url
}

/// Whatever the page comes in, and with the names of a report's values.
#[test]
fn a_record_that_is_no_json_spoils_no_list() {
    let names = ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"];
    let mut settings: BTreeMap<String, String> =
        names.map(|name| (format!("SERVICETITAN_{name}"), "42".to_owned())).into();
    settings.insert("ASLEEP_API_KEY".to_owned(), "made-up".to_owned());
    let url = vendor();
    let sessions = ["list", "asleep", "sleep.sessions-list", "--param=user_id=ann", "--param=order_by=ASC"];
    let report = [
        "list",
        "servicetitan",
        "reporting.reports-data-list",
        "--param=report_category=operations",
        "--param=reportId=7",
        "--body={\"parameters\":[]}",
    ];
    for (list, value) in [
        (&sessions[..], concat!(r#""value":"{\"session_id\":\"b\",\"state\":\""#, "\u{fffd}", r#"\"}""#)),
        (&report, r#""value":"{\"Job\":3,\"Total\":NaN}""#),
    ] {
        let run = penstock(&settings, &[list, &["--vendor", &url]].concat());
        let (out, err) = (text(&run.stdout), text(&run.stderr));
        assert!(run.status.success() && out.lines().count() == 3, "{out}{err}");
        assert!(out.lines().nth(1).unwrap().contains(value), "{out}");
        assert!(err.contains("1 record does not fit") && err.contains("$.data[1]"), "{err}");
    }
}

#[test]
fn a_list_prints_an_odd_record_as_it_came_and_counts_it() {
    let settings: BTreeMap<String, String> = ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"]
        .map(|name| {
            (format!("SERVICETITAN_{name}"), if name == "TENANT_ID" { "42" } else { "made-up" }.to_owned())
        })
        .into();
    let url = vendor();
    let list = ["list", "servicetitan", "jpm.export-jobs-list", "--vendor", &url];
    let run = penstock(&settings, &list);
    let (out, err) = (text(&run.stdout), text(&run.stderr));
    assert!(run.status.success(), "{err}");
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.lines().nth(1).unwrap().contains(r#""$misfit":{"path":"$.createdOn""#), "{out}");
    assert!(err.contains("warning: 1 record does not fit the contract"), "{err}");
    assert!(err.contains("id 2: $.data[1].createdOn: "), "{err}");

    // That it is a warning, a program sees elsewhere.
    let run = penstock(&settings, &[&list[..], &["--json-errors"]].concat());
    assert!(text(&run.stderr).contains(r#""message":"1 record does not fit"#), "{}", text(&run.stderr));

    let run = penstock(&settings, &[&list[..], &["--on-misfit", "skip"]].concat());
    assert!(run.status.success() && text(&run.stdout).lines().count() == 2, "{}", text(&run.stdout));
    assert!(text(&run.stderr).contains("1 record does not fit"), "{}", text(&run.stderr));

    let run = penstock(&settings, &[&list[..], &["--on-misfit", "fail"]].concat());
    assert_eq!((run.status.code(), text(&run.stdout).lines().count()), (Some(1), 1));
    assert!(text(&run.stderr).contains("found `yesterday` (id 2)"), "{}", text(&run.stderr));
}
