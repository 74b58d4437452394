//! Penstock beside a native client that does the same, in one process and in turn: from the first
//! byte that the vendor sends to the record that the caller holds.
//!
//! `cargo bench -p penstock-host --bench side_by_side`, with arguments behind `--`:
//!
//! - a word: only the lines whose names contain it;
//! - `--rounds N`: how often each line is measured, 5 times unless set;
//! - `--program PATH`: the program `penstock` instead of the one beside this bench, which
//!   `cargo build --release -p penstock-cli` makes.
//!
//! It prints a table with the medians and the spread, and fails if a line misses its minimum
//! (`minimums.toml`) by more than its spread. Figures of a machine that does other things as well
//! say little.

mod component;
mod figures;
mod jobs;
mod lines;
mod machine;
mod minimums;
mod native;
mod native_server;
mod program;
mod reader;
mod served;
mod upstream;

use anyhow::{Context as _, Result, bail};
use figures::Figures;
use lines::Sides;
use std::{path::PathBuf, sync::Arc};

/// What it is called with.
struct Asked {
    filter: String,
    rounds: usize,
    program: Option<PathBuf>,
}

impl Asked {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut asked = Self { filter: String::new(), rounds: 5, program: None };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match &*argument {
                // Cargo says it to every bench.
                "--bench" => {}
                "--rounds" => asked.rounds = value()?.parse().context("--rounds is a number")?,
                "--program" => asked.program = Some(value()?.into()),
                option if option.starts_with('-') => bail!("{option} is no option of this bench"),
                filter => filter.clone_into(&mut asked.filter),
            }
        }
        Ok(asked)
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    match arguments.peek().map(String::as_str) {
        Some("upstream") => return upstream::run(),
        Some("reader") => return reader::run(arguments.skip(1)),
        Some("native-server") => return native_server::run(arguments.skip(1)),
        _ => {}
    }
    let asked = Asked::parse(arguments)?;
    // As many threads as there are processors; both clients run on them, in turn, and so do those
    // who take the records.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { tokio::spawn(run(asked)).await? })
}

async fn run(asked: Asked) -> Result<()> {
    machine::print();
    let sides = Arc::new(Sides::start(asked.program)?);
    let mut figures = Figures::new(minimums::read()?);
    // The first round does not count: pages are made, connections opened, code compiled.
    for round in 0..=asked.rounds {
        for line in lines::ALL.iter().filter(|line| line.name.contains(&asked.filter)) {
            if line.once && round != 1 {
                continue;
            }
            let measured = (line.measure)(sides.clone()).await;
            let measured = measured.with_context(|| format!("measuring {}", line.name))?;
            if round > 0 {
                measured.into_iter().for_each(|pair| figures.add(pair));
            }
        }
        eprintln!("round {round} of {}", asked.rounds);
    }
    if !figures.print() {
        bail!("a line misses its minimum by more than its spread");
    }
    Ok(())
}
