//! Reads `wit/` and writes what the contract implies into `OUT_DIR`:
//!
//! - `tables.rs`, every type and operation as data (included by `src/catalogue`);
//! - `shared.rs`, how the shared types stand in memory (included by `src/abi`);
//! - `exports.rs` and `world.bin`, the exported functions of every vendor and the
//!   component's world (included by `src/exports`).
//!
//! An operation is added by adding functions to a `.wit` file; no Rust is written
//! for it. The tags that are understood stand in `docs/catalogue.md`.

#![allow(clippy::indexing_slicing, reason = "wit-parser's arenas are indexed by the ids that it gave out")]

mod answer;
mod contract;
mod exports;
mod names;
mod shared;
mod tables;
mod tags;
mod world;

use std::{env, error::Error, fs, path::PathBuf};

/// The packages that every vendor builds on, in the order of their dependencies.
const SHARED: [&str; 2] = ["wit/connector", "wit/host"];

/// One folder under `wit/` for each vendor.
const VENDORS: [&str; 2] = ["wit/servicetitan", "wit/asleep"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=wit");
    println!("cargo::rerun-if-changed=build");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let contract = contract::Contract::read(&root, &SHARED, &VENDORS)?;
    fs::write(out.join("tables.rs"), tables::write(&contract)?)?;
    fs::write(out.join("shared.rs"), shared::write(&contract)?)?;
    let world = world::write(&root, &contract)?;
    fs::write(out.join("exports.rs"), exports::write(&contract, world.len())?)?;
    fs::write(out.join("world.bin"), world)?;
    Ok(())
}
