//! Reads `wit/` and writes what the contract implies into `OUT_DIR`:
//!
//! - `tables.rs`, every type and operation as data (included by `src/contract/catalogue`);
//! - `shared.rs`, how the shared types stand in memory (included by `src/contract/abi`);
//! - `cases.rs`, the names of the cases of the shared types (included by `src/contract`);
//! - `exports.rs` and `world.bin`, the exported functions of every provider and the
//!   component's world (included by `src/exports`).
//!
//! An operation is added by adding functions to a `.wit` file; no Rust is written
//! for it. The tags that are understood stand in `docs/catalogue.md`.

#![allow(clippy::indexing_slicing, reason = "wit-parser's arenas are indexed by the ids that it gave out")]

mod answer;
mod case_names;
mod cases;
mod contract;
mod exports;
mod names;
mod operation;
mod shared;
mod tables;
mod tags;
mod world;

use proc_macro2::TokenStream;
use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// The packages that every provider builds on, in the order of their dependencies.
const SHARED: [&str; 2] = ["wit/connector", "wit/host"];

/// One folder under `wit/` for each provider.
const PROVIDERS: [&str; 2] = ["wit/servicetitan", "wit/asleep"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=wit");
    println!("cargo::rerun-if-changed=build");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let contract = contract::Contract::read(&root, &SHARED, &PROVIDERS)?;
    let world = world::write(&root, &contract)?;
    write(&out, "tables.rs", tables::write(&contract)?)?;
    write(&out, "shared.rs", shared::write(&contract)?)?;
    write(&out, "cases.rs", cases::write(&contract)?)?;
    write(&out, "exports.rs", exports::write(&contract, world.len())?)?;
    fs::write(out.join("world.bin"), world)?;
    Ok(())
}

/// Writes Rust, laid out to be read.
fn write(folder: &Path, name: &str, code: TokenStream) -> Result<(), Box<dyn Error>> {
    let file = syn::parse2(code).map_err(|error| format!("{name}: {error}"))?;
    fs::write(folder.join(name), prettyplease::unparse(&file))?;
    Ok(())
}
