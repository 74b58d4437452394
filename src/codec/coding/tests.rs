use super::{
    inflate::{LONGEST_HEADER, crc32},
    *,
};
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec as compress_zstd};

/// A body in a coding: `gzip`, `deflate`, `zstd`, or `raw` for deflate without the zlib format.
pub(crate) fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => gzip(&[], body),
        "deflate" => compress_to_vec_zlib(body, 6),
        "zstd" => compress_zstd(body, CompressionLevel::Fastest),
        _ => compress_to_vec(body, 6),
    }
}

/// A gzip member whose header has these optional parts, with their flags.
fn gzip(optional: &[(u8, &[u8])], body: &[u8]) -> Vec<u8> {
    let flags = optional.iter().fold(0, |flags, (flag, _)| flags | flag);
    let mut member = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
    optional.iter().for_each(|(_, part)| member.extend_from_slice(part));
    member.extend(compress_to_vec(body, 6));
    member.extend(crc32(0, body).to_le_bytes());
    member.extend((body.len() as u32).to_le_bytes());
    member
}

const ALL: [(&str, Coding); 4] =
    [("gzip", Coding::Gzip), ("deflate", Coding::Deflate), ("raw", Coding::Deflate), ("zstd", Coding::Zstd)];

/// Decodes piece by piece, with little room at a time.
fn in_pieces(coding: Coding, coded: &[u8], piece: usize, room: usize) -> Result<Vec<u8>, &'static str> {
    let (mut decoder, mut out) = (Decoder::new(coding), Vec::new());
    for piece in coded.chunks(piece) {
        let mut rest = piece;
        loop {
            let before = out.len();
            rest = &rest[decoder.decode(rest, &mut out, room)?..];
            assert!(out.len() - before <= room, "more than there was room for");
            if out.len() == before && rest.is_empty() {
                break;
            }
        }
    }
    decoder.end().map(|()| out)
}

#[test]
fn the_crc_is_the_standards() {
    assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
    assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xcbf4_3926);
}

#[test]
fn what_another_program_wrote_is_read() {
    // printf '{"id":1}' | gzip -n9 | xxd -i
    let gzip = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x4c, 0x51, 0xb2, 0x32,
        0xac, 0x05, 0x00, 0xc5, 0xf8, 0x5d, 0x44, 0x08, 0x00, 0x00, 0x00,
    ];
    assert_eq!(Coding::Gzip.decode(&gzip, 100), Ok(b"{\"id\":1}".to_vec()));
}

#[test]
fn what_the_zstd_program_wrote_is_read() {
    let body = b"a body, a body, a body that is worth coding: job 1;job 2;job 3;job 4;job 5;job 6;job 7;job 8;job 9;";
    // Version 1.5.4: `zstd -19 --check -c`, and `zstd -3 --no-check -c` from a pipe.
    let with_length_and_checksum = "28b52ffd246335020072c30c1290cf0163b0007723fa9fc40d33115d71b31c2bbdf55ce898428678ebb9\
        c25bcf2b48e56bf7786be35bf9cbe2fd417eddce020720702d1c22ee1a2bd25d45ed2b472e17dcac17";
    let bare = "28b52ffd00584d020074036120626f64792c20207468617420697320776f72746820636f64696e673a206a6f6220313b6a6f\
        6220323334353637383b6a6f6220393b07004004dc81c68008b8ab94f64d2e5c";
    for coded in [with_length_and_checksum, bare].map(|digits| base16ct::lower::decode_vec(digits).unwrap()) {
        assert_eq!(Coding::Zstd.decode(&coded, body.len()), Ok(body.to_vec()));
        assert_eq!(in_pieces(Coding::Zstd, &coded, 1, 1), Ok(body.to_vec()));
        assert_eq!(Coding::Zstd.decode(&coded, body.len() - 1), Err(Undecodable::TooLarge));
        // Frames follow one another, and what is to be skipped is.
        let skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let both = [&skipped[..], &coded, &skipped, &coded].concat();
        assert_eq!(in_pieces(Coding::Zstd, &both, 5, 9), Ok(body.repeat(2)));
    }
    let mut wrong = base16ct::lower::decode_vec(with_length_and_checksum).unwrap();
    *wrong.last_mut().unwrap() ^= 1;
    let told = Err(Undecodable::Broken("the checksum of the coded body does not match"));
    assert_eq!(Coding::Zstd.decode(&wrong, 1000), told);
}

/// RFC 9659 section 3.
#[test]
fn a_window_above_8_mib_is_refused_before_it_is_there() {
    let frame = |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0, window][..], &[0b11_011, 0, 0, b'a']].concat();
    assert_eq!(Coding::Zstd.decode(&frame(13 << 3), 10), Ok(b"aaa".to_vec()));
    let refused = Coding::Zstd.decode(&frame(13 << 3 | 1), 10);
    assert_eq!(refused, Err(Undecodable::Broken("it is no zstd that can be read")));
    // One that is allowed is charged.
    let mut decoder = Decoder::new(Coding::Zstd);
    assert!(decoder.memory() < 10_000, "{}", decoder.memory());
    decoder.decode(&frame(13 << 3), &mut Vec::new(), 10).unwrap();
    assert!((8 << 20..16 << 20).contains(&decoder.memory()), "{}", decoder.memory());
}

#[test]
fn blocks_without_content_do_not_end_a_body() {
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0b01_001, 0, 0, b'a'];
    for piece in 1..=frame.len() {
        assert_eq!(in_pieces(Coding::Zstd, &frame, piece, 10), Ok(b"a".to_vec()), "{piece}");
    }
}

#[test]
fn codings_are_known_by_their_names() {
    let of = |values: &[&'static str]| Coding::of(values.iter().copied());
    assert_eq!((of(&[]), of(&[""]), of(&["Identity"])), (Ok(None), Ok(None), Ok(None)));
    assert_eq!((of(&["gzip"]), of(&["X-GZip"])), (Ok(Some(Coding::Gzip)), Ok(Some(Coding::Gzip))));
    assert_eq!(of(&["identity, deflate"]), Ok(Some(Coding::Deflate)));
    assert_eq!((of(&["br"]), of(&["gzip", "br"])), (Err("br".to_owned()), Err("gzip, br".to_owned())));
    assert_eq!(of(&["gzip, gzip"]), Err("gzip, gzip".to_owned()));
    // Any other text might be a credential that is repeated.
    assert_eq!(of(&["a\u{7}b"]), Err("unregistered".to_owned()));
    assert_eq!(of(&["BR, ak1.key"]), Err("br, unregistered".to_owned()));
}

#[test]
fn everything_in_a_gzip_header_is_passed_over() {
    let long = [b"name".repeat(500), vec![0]].concat();
    let all: [(u8, &[u8]); 4] = [(4, &[3, 0, 1, 2, 3]), (8, &long), (16, b"comment\0"), (2, &[9, 9])];
    for parts in [&all[..], &all[1..2], &all[..1], &all[3..]] {
        let member = gzip(parts, b"body");
        for piece in [1, 7, 600, 5000] {
            assert_eq!(in_pieces(Coding::Gzip, &member, piece, 3), Ok(b"body".to_vec()), "{piece}");
        }
    }
    let endless = gzip(&[(8, &b"x".repeat(LONGEST_HEADER * 2))], b"");
    assert_eq!(in_pieces(Coding::Gzip, &endless, 4096, 9), Err("its gzip header is too long"));
}

#[test]
fn members_follow_one_another_and_padding_is_none() {
    let two = [gzip(&[], b"one "), gzip(&[], b"two")].concat();
    let padded = [two.clone(), vec![0; 20]].concat();
    // Behind padding there is no member, however the body is cut into pieces.
    let more = [padded.clone(), vec![0x1f, 0xcb], gzip(&[], b"three")].concat();
    for body in [two, padded, more] {
        assert_eq!(Coding::Gzip.decode(&body, 7), Ok(b"one two".to_vec()));
        assert_eq!(in_pieces(Coding::Gzip, &body, 1, 1), Ok(b"one two".to_vec()));
    }
}

#[test]
fn what_is_cut_off_or_changed_is_no_body() {
    let body = b"a body that is worth coding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".as_slice();
    for (name, coding) in ALL {
        let whole = coded(name, body);
        assert_eq!(coding.decode(&[], 100), Ok(vec![]), "nothing is nothing");
        for end in 1..whole.len() {
            let cut = coding.decode(&whole[..end], 100);
            assert!(matches!(cut, Err(Undecodable::Broken(_))), "{name} {end}: {cut:?}");
        }
    }
    let mut wrong = coded("gzip", body);
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    let told = Err(Undecodable::Broken("the checksum of the coded body does not match"));
    assert_eq!(Coding::Gzip.decode(&wrong, 100), told);
    assert_eq!(Coding::Gzip.decode(b"{\"id\":1}", 100), Err(Undecodable::Broken("it is no gzip")));
    assert!(Coding::Deflate.decode(b"<html>", 100).is_err());
}

#[test]
fn a_bomb_is_stopped_when_it_is_larger_than_allowed() {
    for (name, coding) in [("gzip", Coding::Gzip), ("zstd", Coding::Zstd)] {
        let bomb = coded(name, &vec![0; 50_000_000]);
        assert!(bomb.len() < 60_000);
        assert_eq!(coding.decode(&bomb, 1_000_000), Err(Undecodable::TooLarge), "{name}");
        let (mut decoder, mut out) = (Decoder::new(coding), Vec::new());
        decoder.decode(&bomb, &mut out, 1000).unwrap();
        assert!(out.len() == 1000 && out.capacity() < 100_000, "{name}: {}", out.capacity());
    }
}

#[test]
fn exactly_as_much_as_allowed_is_allowed() {
    for (name, coding) in ALL {
        let whole = coded(name, &[7; 40_000]);
        assert_eq!(coding.decode(&whole, 40_000).unwrap().len(), 40_000, "{name}");
        assert_eq!(coding.decode(&whole, 39_999), Err(Undecodable::TooLarge), "{name}");
    }
}

proptest! {
    #[test]
    fn whatever_is_coded_comes_back(
        body in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..3000),
        piece in 1_usize..200,
        room in 1_usize..500,
    ) {
        for (name, coding) in ALL {
            let whole = coded(name, &body);
            let pieces = in_pieces(coding, &whole, piece, room).map_err(Undecodable::Broken);
            prop_assert_eq!(pieces.as_deref(), Ok(&body[..]), "{}", name);
            prop_assert_eq!(coding.decode(&whole, body.len()), pieces, "{}", name);
        }
    }

    #[test]
    fn anything_at_all_is_a_body_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
        for (_, coding) in ALL {
            let whole = coding.decode(&bytes, 1_000_000);
            let pieces = in_pieces(coding, &bytes, piece, 997);
            prop_assert_eq!(whole.is_ok(), pieces.is_ok());
        }
    }

    #[test]
    fn what_stands_behind_a_member_is_read_alike_however_it_is_cut(
        behind in prop::collection::vec(prop::sample::select(vec![0, 0x1f, 0x8b, 8, 0xcb]), 0..12),
        piece in 1_usize..8,
    ) {
        let body = [gzip(&[], b"one"), behind].concat();
        let whole = Coding::Gzip.decode(&body, 1_000_000);
        let pieces = in_pieces(Coding::Gzip, &body, piece, 997);
        prop_assert_eq!(whole.ok(), pieces.ok());
    }
}
