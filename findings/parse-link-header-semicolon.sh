#!/usr/bin/env bash
# parse_link_header 0.4.1 (crates.io): a semicolon in a link's target ends the target there.
#
# RFC 8288, 3: a link's target stands between `<` and `>`, and may have every character that RFC 3986 allows in a URI,
# `;` and `,` among them: parameters of path segments, lists in a query, opaque cursors. The parser is for that header.
# Seen: it removes the angle brackets, quotes and blanks first, and then splits at commas and semicolons. With `;` in the
# path the target is cut there and what follows is a parameter, without an error: the next page of `/jobs;v=2?page=2`
# is `/jobs`, the first one again. A comma in the target is "missing 'rel' parameter", and the two relations of
# `rel="next last"` become one with the name `nextlast`, so that the last page but one looks like the end.
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
parse_link_header = "=0.4.1"
[workspace]
TOML
cat >"$folder/src/main.rs" <<'RUST'
fn main() {
    for link in [
        r#"<https://api.example.com/jobs?page=2>; rel="next""#,
        r#"<https://api.example.com/jobs;v=2?page=2>; rel="next""#,
        r#"<https://api.example.com/jobs?ids=1,2&page=2>; rel="next""#,
        r#"<https://api.example.com/jobs?page=2>; rel="next last""#,
    ] {
        match parse_link_header::parse_with_rel(link) {
            Ok(links) => links.iter().for_each(|(relation, link)| println!("{relation}: {}", link.raw_uri)),
            Err(error) => println!("{error}"),
        }
    }
}
RUST
cd "$folder"
cargo build --quiet --target-dir target
seen=$(./target/debug/finding)
printf '%s\n' "$seen"
[ "$seen" = "next: https://api.example.com/jobs?page=2
next: https://api.example.com/jobs
missing 'rel' parameter
nextlast: https://api.example.com/jobs?page=2" ]
