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

fn answer(stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut token) = (String::new(), 0, false);
    reader.read_line(&mut line).ok()?;
    token |= line.contains("/connect/token");
    while line.trim_end() != "" {
        line.clear();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let body = if token { r#"{"access_token":"t","expires_in":900}"# } else { PAGE };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let mut stream = stream;
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).ok()
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
