//! Lists whose file can grow no further: what is in it, and where the next run goes on.
#![cfg(unix)]

use crate::{
    feed::{LIST, ids, shell},
    support::server::{Server, json},
};
use serde_json::json;
use std::{fs, path::Path, process::Output};

/// How large a file may grow, in blocks of 512 bytes as `ulimit -f` of a POSIX shell counts them: 10 MiB, more
/// than the program itself needs.
const MOST: u32 = 20_480;

const PAGE: usize = 20;

/// Records of 32 KiB, of which 320 and no page more fit into a file.
const RECORDS: usize = 360;

async fn large() -> Server {
    Server::start(|request| async move {
        if request.uri().path() == "/connect/token" {
            return json(200, &json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}));
        }
        let query = request.uri().query().unwrap_or_default();
        let from = query.split('&').find_map(|pair| pair.strip_prefix("from=t")?.parse().ok());
        let first: usize = from.unwrap_or(0);
        let last = (first + PAGE).min(RECORDS);
        let name = "n".repeat(32 * 1024);
        let data: Vec<_> = (first..last).map(|id| json!({"id": id, "name": name})).collect();
        json(200, &json!({"hasMore": last < RECORDS, "continueFrom": format!("t{last}"), "data": data}))
    })
    .await
}

async fn list(vendor: &Server, folder: &Path, limit: &str, further: &str) -> Output {
    let line = format!("{limit} exec \"$penstock\" {} {further}", LIST.join(" "));
    shell(vendor, folder, &line).output().await.unwrap()
}

fn told(run: &Output) -> String {
    String::from_utf8(run.stderr.clone()).unwrap()
}

/// The ids in a file, all of whose lines are whole.
fn written(folder: &Path) -> Vec<u64> {
    let out = fs::read(folder.join("out")).unwrap();
    assert!(out.is_empty() || out.ends_with(b"\n"), "the last line is cut off");
    ids(&out)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_full_ends_where_the_position_stands() {
    let vendor = large().await;
    let folder = tempfile::tempdir().unwrap();
    let limit = format!("ulimit -f {MOST};");
    for (redirected, before) in [(">> out", ""), ("> out", ""), (">> out", "of another\n")] {
        let _ = fs::remove_file(folder.path().join("position"));
        fs::write(folder.path().join("out"), before).unwrap();
        let run = list(&vendor, folder.path(), &limit, &format!("--resume-file position {redirected}")).await;
        assert_eq!(run.status.code(), Some(1), "{}", told(&run));
        assert!(told(&run).contains("File too large") && told(&run).contains("ulimit -f"), "{}", told(&run));
        assert!(told(&run).contains("behind 300 records of this run"), "{}", told(&run));
        let rest = list(&vendor, folder.path(), "", "--resume-file position >> out").await;
        assert!(rest.status.success(), "{}", told(&rest));
        let out = fs::read_to_string(folder.path().join("out")).unwrap();
        let of_list = out.strip_prefix(before).unwrap();
        assert_eq!(
            ids(of_list.as_bytes()),
            (0..RECORDS as u64).collect::<Vec<_>>(),
            "{redirected} {before:?}"
        );
    }
}

/// The position would be lost.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_for_it_the_position_of_a_full_file_is_told() {
    let vendor = large().await;
    let folder = tempfile::tempdir().unwrap();
    let limit = format!("ulimit -f {MOST};");
    let run = list(&vendor, folder.path(), &limit, "> out").await;
    let said = told(&run);
    let (_, resume) = said.split_once("Go on with: --resume ").expect(&said);
    let resume = resume.lines().next().unwrap();
    assert_eq!((run.status.code(), written(folder.path())), (Some(1), (0..300).collect()), "{}", told(&run));

    // Before a page of this run is whole, it is the one that it began with.
    let filled = fs::File::options().append(true).open(folder.path().join("out")).unwrap();
    filled.set_len(u64::from(MOST) * 512 - 100_000).unwrap();
    let run = list(&vendor, folder.path(), &limit, &format!("--resume {resume} >> out")).await;
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    assert!(told(&run).contains(&format!("Go on with: --resume {resume}\n")), "{}", told(&run));
    assert_eq!(filled.metadata().unwrap().len(), u64::from(MOST) * 512 - 100_000);

    let run = list(&vendor, folder.path(), &limit, "> /dev/full").await;
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    assert!(told(&run).contains("begin with the first record"), "{}", told(&run));
}
