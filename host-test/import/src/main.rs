//! `penstock-import`: the command alone, quick to build. `penstock import` is the same.

use anyhow::{Result, bail};
use penstock_import::run::{Command, prepare};

fn main() -> Result<()> {
    let mut command = Command::default();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--check") => command.check = true,
            Some("--out") => command.out = arguments.next().unwrap_or_default().into(),
            _ => command.documents.push(argument.into()),
        }
    }
    if command.documents.is_empty() || command.out.as_os_str().is_empty() {
        bail!("usage: penstock-import [--check] --out wit/<vendor> <openapi.json>...");
    }
    let prepared = prepare(&command)?;
    prepared.write()?;
    print!("{}", prepared.told);
    Ok(())
}
