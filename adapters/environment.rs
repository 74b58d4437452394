//! Settings and secrets in environment variables, or in files that these name.

use std::{env, fs};

/// The variable of this name; else what is in the file that `NAME_FILE` names, without the line end behind it.
/// The error names the file, and nothing of what is in it.
pub(crate) fn get(name: &str) -> Result<Option<String>, String> {
    if let Ok(value) = env::var(name) {
        return Ok(Some(value));
    }
    let Ok(file) = env::var(format!("{name}_FILE")) else { return Ok(None) };
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) => Err(format!("{name}_FILE: {file}: {}", error.kind())),
    }
}
