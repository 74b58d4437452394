//! Builds the component with different modules, and prints the table of `docs/size.md`.
//!
//! ```sh
//! cargo run -p penstock-host --example size
//! ```
//!
//! Each row is built from nothing, in a folder of its own that is removed again. The size is
//! that of the stripped component: without its custom sections, which hold names.
#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use anyhow::{Context as _, Result, ensure};
use std::{env, fs, path::Path, process::Command, time::Instant};
use wasmparser::{Parser, Payload};

/// What a row is called, and its features.
const ROWS: [(&str, &str); 5] = [
    ("none", ""),
    ("`jpm`", "servicetitan-jpm"),
    ("`asleep`", "asleep"),
    (
        "the six that most integrations need: `accounting`, `crm`, `dispatch`, `jpm`, `pricebook`, `settings`",
        "servicetitan-accounting,servicetitan-crm,servicetitan-dispatch,servicetitan-jpm,servicetitan-pricebook,servicetitan-settings",
    ),
    ("all of both vendors, with time zones", "all,timezones"),
];

const PROFILES: [&str; 2] = ["component", "component-small"];

fn main() -> Result<()> {
    println!("| modules | profile | bytes | MiB | build |\n|---|---|---:|---:|---:|");
    for (name, features) in ROWS {
        for profile in PROFILES {
            let (bytes, seconds) = build(features, profile)?;
            let mebibytes = bytes as f64 / f64::from(1 << 20);
            println!("| {name} | `{profile}` | {bytes} | {mebibytes:.2} | {seconds} s |");
        }
    }
    Ok(())
}

/// The stripped size in bytes, and how many seconds the build took.
fn build(features: &str, profile: &str) -> Result<(usize, u64)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let target = workspace.join("target/size");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let started = Instant::now();
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace)
        .args(["build", "--quiet", "--locked", "--package", "penstock-plugin", "--target", "wasm32-wasip2"])
        .args(["--no-default-features", "--features", features, "--profile", profile, "--target-dir"])
        .arg(&target)
        .status()?;
    ensure!(status.success(), "the build with `{features}` failed");
    let seconds = started.elapsed().as_secs();
    let built = target.join("wasm32-wasip2").join(profile).join("penstock_plugin.wasm");
    let component = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let size = stripped(&component)?;
    fs::remove_dir_all(&target)?;
    Ok((size, seconds))
}

/// The size without custom sections, at all depths.
fn stripped(component: &[u8]) -> Result<usize> {
    let mut custom = 0;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::CustomSection(section) = payload? {
            let contents = section.range().len();
            // One byte for the kind of the section, and its length as LEB128.
            let header = 1 + (usize::BITS - contents.leading_zeros()).div_ceil(7).max(1) as usize;
            custom += header + contents;
        }
    }
    Ok(component.len() - custom)
}
