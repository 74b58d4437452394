#!/usr/bin/env bash
# ruzstd 0.9.1: `FrameDecoder::decode_from_to` says that it has read four bytes of a source that has two.
#
# It is the way in for bodies that come in pieces: "Returns (read, written)". When all blocks of a frame are decoded
# and its checksum, the last four bytes, is cut in two by the pieces, the call with the first half should say that it
# has read at most what it was given (or nothing: "if read == 0 then the source did not contain a full block").
# Seen: it says 4 for a source of 2 bytes, keeps none of them, and is still not finished. Whoever advances by that
# number goes beyond the piece, and the frame, which is whole and valid, never ends.
#
# Needs cargo and the network for the crate; builds in a temporary folder, which it removes. Exit code 0: as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
ruzstd = "=0.9.1"
[workspace]
TOML
cat >"$folder/src/main.rs" <<'RUST'
use ruzstd::decoding::FrameDecoder;

fn main() {
    // Of zstd 1.5.4: `printf '{"id":1}' | zstd --check -c`, one raw block and a checksum.
    let frame: Vec<u8> = std::env::args().skip(1).map(|byte| u8::from_str_radix(&byte, 16).unwrap()).collect();
    let (body, checksum) = frame.split_at(frame.len() - 4);
    let mut decoder = FrameDecoder::new();
    let mut out = [0; 64];
    let (read, written) = decoder.decode_from_to(body, &mut out).unwrap();
    println!("all but the checksum: {} of {} bytes read, {written} written", read, body.len());
    let (read, _) = decoder.decode_from_to(&checksum[..2], &mut out).unwrap();
    println!("half of the checksum: {read} of 2 bytes read, finished: {}", decoder.is_finished());
}
RUST
cd "$folder"
cargo build --quiet
seen=$(./target/debug/finding 28 b5 2f fd 04 58 41 00 00 7b 22 69 64 22 3a 31 7d 23 e8 df 91)
printf 'ruzstd %s\n%s\n' "$(cargo metadata --format-version 1 | grep -o '"name":"ruzstd","version":"[^"]*"' | cut -d'"' -f8)" "$seen"
[ "$(tail -n 1 <<<"$seen")" = "half of the checksum: 4 of 2 bytes read, finished: false" ]
