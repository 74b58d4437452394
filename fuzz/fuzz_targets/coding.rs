//! A coded body, whole and in pieces: both come to the same, and neither gives more than there is
//! room for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::codec::{Coding, Decoder};

/// The most bytes that a body may have.
const MOST: usize = 1 << 16;

fuzz_target!(|data: (u8, u8, u8, &[u8])| {
    let (coding, piece, room, coded) = data;
    let coding = [Coding::Gzip, Coding::Deflate, Coding::Zstd][usize::from(coding % 3)];
    let whole = coding.decode(coded, MOST);
    assert!(whole.as_ref().is_ok_and(|body| body.len() <= MOST) || whole.is_err());

    let (mut decoder, mut out) = (Decoder::new(coding), Vec::new());
    let room = usize::from(room) + 1;
    for piece in coded.chunks(usize::from(piece) + 1) {
        let mut rest = piece;
        loop {
            let before = out.len();
            let Ok(taken) = decoder.decode(rest, &mut out, room) else {
                assert!(whole.is_err());
                return;
            };
            assert!(out.len() - before <= room);
            rest = &rest[taken..];
            if out.len() > MOST {
                assert!(whole.is_err());
                return;
            }
            if out.len() == before && rest.is_empty() {
                break;
            }
        }
    }
    assert_eq!(decoder.end().is_ok(), whole.is_ok());
    if let Ok(whole) = whole {
        assert_eq!(out, whole);
    }
});
