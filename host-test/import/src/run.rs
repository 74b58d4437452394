//! The command: documents in, files or differences out.

use crate::{Document, Module, Overrides, check, endpoints, module};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the command was asked.
#[derive(Debug, Default)]
pub struct Command {
    /// The documents.
    pub documents: Vec<PathBuf>,
    /// The provider's folder under `wit/`: the overrides and the additions are read there, and
    /// the modules are written there.
    pub out: PathBuf,
    /// Compare only.
    pub check: bool,
}

/// What the documents say, before anything is written.
#[derive(Debug)]
pub struct Prepared {
    /// What there is to print.
    pub told: String,
    files: Vec<(PathBuf, String)>,
}

impl Prepared {
    /// Writes the modules; none if it was only to compare.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self) -> Result<()> {
        for (target, text) in &self.files {
            fs::write(target, text).with_context(|| target.display().to_string())?;
        }
        Ok(())
    }
}

/// Reads and compares.
///
/// # Errors
/// Files that cannot be read, documents that make no sense, and two operations that would get one name.
pub fn prepare(command: &Command) -> Result<Prepared> {
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let file = command.out.join("overrides.toml");
    let overrides = if file.exists() { Overrides::parse(&read(&file)?)? } else { Overrides::default() };
    let none = Module::default();
    let mut out = String::new();
    let mut files = Vec::new();
    for path in &command.documents {
        let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let known = overrides.modules.iter().find(|(_, module)| module.document == file_name);
        let stem = file_name.trim_end_matches(".json").trim_end_matches("-v2");
        let (name, stated) = known.map_or((stem, &none), |(name, module)| (name.as_str(), module));
        let mut document = Document::parse(&read(path)?).with_context(|| path.display().to_string())?;
        let additions = command.out.join("additions").join(format!("{name}.json"));
        if additions.exists() {
            document
                .add(&Document::parse(&read(&additions)?).with_context(|| additions.display().to_string())?);
        }
        let by_hand = command.out.join("additions").join(format!("{name}.wit"));
        let by_hand = if by_hand.exists() { read(&by_hand)? } else { String::new() };
        let text = module(name, &document, stated, &by_hand)?;
        let target = command.out.join(format!("{name}.wit"));
        if command.check {
            let differences = match target.exists() {
                true => {
                    let shared = shared(&command.out)?;
                    check(&endpoints(&shared, &read(&target)?)?, &endpoints(&shared, &text)?)
                }
                false => format!("+ the whole module {name}\n"),
            };
            out += &format!("{name}: {} differences\n{differences}", differences.lines().count());
        } else if stated.by_hand {
            out += &format!("{name}: kept by hand, not written\n");
        } else {
            let operations = text.matches("@http ").count();
            out += &format!("{name}: {operations} operations\n");
            files.push((target, text));
        }
    }
    Ok(Prepared { told: out, files })
}

/// The shared interfaces, from the folder beside the provider's.
fn shared(provider: &Path) -> Result<String> {
    let folder = provider.parent().unwrap_or(Path::new(".")).join("connector");
    let mut text = String::from("package penstock:connector@0.1.0;\n");
    for name in ["types.wit", "files.wit"] {
        let path = folder.join(name);
        if path.exists() {
            text += &fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(text)
}
