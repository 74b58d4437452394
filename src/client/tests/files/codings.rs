//! Files that come in a content coding, which nobody asked for.

use super::*;
use crate::{
    client::tests::codings::{ALL, accepted},
    codec::coding::tests::coded,
    contract::FailureKind,
    host::simulated::{Pieces, Reply},
};

fn file(coding: (&str, &str), whole: &[u8], piece: usize) -> Reply {
    let pieces: Vec<Vec<u8>> = coded(coding.0, whole).chunks(piece).map(<[u8]>::to_vec).collect();
    Reply::streamed(200, Pieces::new(pieces)).header("content-encoding", coding.1)
}

#[test]
fn a_file_that_comes_coded_all_the_same_is_decoded() {
    let whole: Vec<u8> = (0..200_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
    for coding in ALL {
        for piece in [1000, 70_000] {
            let (rig, sent) = (Rig::new(), whole.clone());
            rig.titan.on_api(move |_, request| {
                assert_eq!(accepted(request), Some("identity"));
                let length = coded(coding.0, &sent).len();
                Some(
                    file(coding, &sent, piece)
                        .header("content-length", length.to_string())
                        .header("etag", "\"1\""),
                )
            });
            let got = rig.whole();
            assert!(got.bytes == whole, "{coding:?} {piece}");
            // The length on the way is not that of the file.
            assert_eq!(got.info.length, None);
        }
    }
}

#[test]
fn a_coded_file_that_breaks_off_is_not_gone_on_with() {
    let whole = vec![7; 5000];
    let cut = coded("gzip", &whole);
    let cut = cut[..cut.len() - 9].to_vec();
    let rig = Rig::new();
    rig.titan.on_api(move |_, _| {
        let pieces = Pieces::new([cut.clone()]);
        Some(Reply::streamed(200, pieces).header("content-encoding", "gzip").header("etag", "\"1\""))
    });
    let failure = rig.run(rig.recording(&options())).unwrap().end.unwrap_err();
    assert!(failure.message.contains("cut off"), "{}", failure.message);
    assert_eq!(rig.titan.api_requests(), 1);
}

#[test]
fn a_file_or_a_part_of_one_in_another_coding_is_refused_by_name() {
    for (status, coding) in [(200, "br"), (206, "gzip")] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| {
            Some(Reply::streamed(status, Pieces::new(["abc"])).header("content-encoding", coding))
        });
        let failure = rig.run(rig.recording(&options())).unwrap_err();
        assert_eq!((failure.kind, failure.attempts.len()), (FailureKind::Decode, 1));
        assert!(failure.message.contains(&format!("`{coding}`")), "{}", failure.message);
    }
}

#[test]
fn a_bomb_of_a_file_ends_at_the_files_limit() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MAX_FILE_BYTES", "1000000");
    let bomb = vec![0; 30_000_000];
    rig.titan.on_api(move |_, _| Some(file(("gzip", "gzip"), &bomb, 10_000)));
    let failure = rig.run(rig.recording(&options())).unwrap().end.unwrap_err();
    assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::TooLarge, 1));
    assert!(failure.message.contains("PENSTOCK_MAX_FILE_BYTES"), "{}", failure.message);
}
