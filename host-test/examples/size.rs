//! Builds the component with different modules, and prints the table of `docs/size.md`.
//!
//! ```sh
//! cargo run -p penstock-host --example size
//! ```
//!
//! Each row is built from nothing, in a folder of its own that is removed again. The size is
//! that of the stripped component: without its custom sections, which hold names. With
//! `-- --limits` only what has a limit is built, and fails if it is larger.
#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use anyhow::{Context as _, Result, ensure};
use std::{env, fs, path::Path, process::Command, time::Instant};
use wasmparser::{Parser, Payload};

/// For speed, and for size.
const FAST: &str = "component";
const SMALL: &str = "component-small";

const SIX: &str = "servicetitan-accounting,servicetitan-crm,servicetitan-dispatch,servicetitan-jpm,\
                   servicetitan-pricebook,servicetitan-settings";
const EVERYTHING: &str = "all,timezones,webhooks";

const MIB: u64 = 1 << 20;

/// The flavours for WASI 0.3 and 0.2: the package, and what it makes.
const P3: (&str, &str) = ("penstock-plugin", "penstock_plugin.wasm");
const P2: (&str, &str) = ("penstock-plugin-p2", "penstock_plugin_p2.wasm");

/// What a row is called, its flavour, its features, its profile, and how many bytes it may have.
type Row = (&'static str, (&'static str, &'static str), &'static str, &'static str, Option<u64>);

const ROWS: [Row; 11] = [
    ("none", P3, "", SMALL, None),
    ("`jpm`", P3, "servicetitan-jpm", SMALL, Some(31 * MIB / 20)),
    ("`jpm`", P3, "servicetitan-jpm", FAST, None),
    ("`jpm` with time zones and webhooks", P3, "servicetitan-jpm,timezones,webhooks", SMALL, None),
    ("`asleep`", P3, "asleep", SMALL, None),
    ("`accounting`, `crm`, `dispatch`, `jpm`, `pricebook`, `settings`", P3, SIX, SMALL, None),
    ("`accounting`, `crm`, `dispatch`, `jpm`, `pricebook`, `settings`", P3, SIX, FAST, None),
    ("all of both vendors, with time zones and webhooks", P3, EVERYTHING, SMALL, None),
    ("all of both vendors, with time zones and webhooks", P3, EVERYTHING, FAST, Some(9 * MIB / 2)),
    ("`jpm`, for WASI 0.2", P2, "typed,servicetitan-jpm", SMALL, Some(31 * MIB / 20)),
    ("all of both vendors, for WASI 0.2", P2, "all,timezones,typed,webhooks", FAST, None),
];

fn main() -> Result<()> {
    let limits = env::args().any(|argument| argument == "--limits");
    println!("| modules | profile | bytes | MiB | build |\n|---|---|---:|---:|---:|");
    for (name, flavour, features, profile, most) in ROWS {
        if limits && most.is_none() {
            continue;
        }
        let (bytes, seconds) = build(flavour, features, profile)?;
        let mebibytes = bytes as f64 / MIB as f64;
        println!("| {name} | `{profile}` | {bytes} | {mebibytes:.2} | {seconds} s |");
        let fits = most.is_none_or(|most| bytes <= most);
        ensure!(fits, "{name} with `{profile}` has more than {} bytes", most.unwrap_or_default());
    }
    Ok(())
}

/// The stripped size in bytes, and how many seconds the build took.
fn build((package, file): (&str, &str), features: &str, profile: &str) -> Result<(u64, u64)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let target = workspace.join("target/size");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let started = Instant::now();
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace)
        .args(["build", "--quiet", "--locked", "--package", package, "--target", "wasm32-wasip2"])
        .args(["--no-default-features", "--features", features, "--profile", profile, "--target-dir"])
        .arg(&target)
        .status()?;
    ensure!(status.success(), "the build with `{features}` failed");
    let seconds = started.elapsed().as_secs();
    let built = target.join("wasm32-wasip2").join(profile).join(file);
    let component = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let size = stripped(&component)?;
    fs::remove_dir_all(&target)?;
    Ok((size, seconds))
}

/// The size without custom sections, at all depths.
fn stripped(component: &[u8]) -> Result<u64> {
    let mut custom = 0;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::CustomSection(section) = payload? {
            let range = section.range();
            let contents = range.end - range.start;
            // One byte for the kind of the section, and its length as LEB128.
            let header = 1 + (u64::BITS - contents.leading_zeros()).div_ceil(7).max(1);
            custom += u64::from(header) + contents;
        }
    }
    Ok(component.len() as u64 - custom)
}
