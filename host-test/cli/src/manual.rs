//! `penstock completions` and `penstock manual`: what a shell and `man` want to know.

use crate::told::print;
use anyhow::Result;
use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

/// The shell to complete for.
#[derive(Args)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn run<C: CommandFactory>(self) -> Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut C::command(), "penstock", &mut script);
        print(&script)
    }
}

/// Which page.
#[derive(Args)]
pub(crate) struct Manual {
    /// The page of this command instead of the program's.
    command: Option<String>,
}

impl Manual {
    pub(crate) fn run<C: CommandFactory>(self) -> Result<()> {
        let mut program = C::command();
        program.build();
        let page = match &self.command {
            None => program,
            Some(name) => page_of(&program, name)?,
        };
        let mut roff = Vec::new();
        Man::new(page).render(&mut roff)?;
        print(&roff)
    }
}

fn page_of(program: &Command, name: &str) -> Result<Command, crate::report::Unfit> {
    let found = program.find_subcommand(name).cloned();
    found.ok_or_else(|| crate::report::Unfit(format!("there is no command {name}")))
}
