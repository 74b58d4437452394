//! Reads `wit/` and writes what the contract implies into `OUT_DIR`:
//!
//! - `tables.rs`, every type and operation as data (included by `src/contract/catalogue`);
//! - `shared.rs`, how the shared types stand in memory (included by `src/contract/abi`);
//! - `cases.rs`, the names of the cases of the shared types (included by `src/contract`);
//! - `exports.rs` and `world.bin`, the exported functions of every provider and the
//!   component's world (included by `src/exports`);
//! - with the feature `p2`, the contract of WASI 0.2 (`wit-p2/`), its `exports_p2.rs`, `bindings_p2.rs`,
//!   `shared_p2.rs` and `world_p2.bin` (included by `src/exports/p2` and `src/contract`).
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
mod p2;
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
    if contract::feature("p2") {
        write_p2(&root, &out, &contract)?;
    }
    Ok(())
}

/// The same for WASI 0.2.
fn write_p2(root: &Path, out: &Path, contract: &contract::Contract) -> Result<(), Box<dyn Error>> {
    let folder = out.join("wit-p2");
    let derived = p2::derive(root, &folder)?;
    let world = p2::world::write(&derived, contract)?;
    write(out, "exports_p2.rs", p2::exports::write(&derived, contract, world.len())?)?;
    write(out, "bindings_p2.rs", p2::bindings::write(&derived, contract, &folder)?)?;
    write(out, "shared_p2.rs", shared::write_p2(derived.resolve)?)?;
    fs::write(out.join("world_p2.bin"), world)?;
    Ok(())
}

/// Writes Rust, laid out to be read.
fn write(folder: &Path, name: &str, code: TokenStream) -> Result<(), Box<dyn Error>> {
    let file = syn::parse2(code).map_err(|error| format!("{name}: {error}"))?;
    fs::write(folder.join(name), prettyplease::unparse(&file))?;
    Ok(())
}
