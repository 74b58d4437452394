use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::{HostError, Source, present, read};

/// A `.env` file, read again at each use. A file that is missing has no values.
///
/// One `NAME=value` a line. What is understood, and no more:
///
/// - blank lines, lines that begin with `#`, and `export ` before a name;
/// - a plain value, cut at ` #` and trimmed;
/// - `'...'`, taken literally;
/// - `"..."`, in which `\n`, `\r`, `\t`, `\\` and `\"` are escapes.
///
/// A `$` is a character like others: secrets contain it. The last of several lines
/// for one name counts.
#[derive(Clone, Debug)]
pub struct DotEnv(PathBuf);

impl DotEnv {
    /// This file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    async fn find(&self, name: &str) -> Result<Option<String>, HostError> {
        let Some(text) = read(self.0.clone()).await? else { return Ok(None) };
        let mut found = None;
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            match parse(line) {
                Ok(Some((other, value))) if other == name => found = Some(value),
                Ok(_) => {}
                // The line itself may hold a secret.
                Err(problem) => {
                    return Err(HostError::Failed(format!(
                        "{}, line {}: {problem}",
                        self.0.display(),
                        index + 1
                    )));
                }
            }
        }
        Ok(present(found))
    }
}

impl Source for DotEnv {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, HostError>> {
        Box::pin(self.find(name))
    }
}

fn parse(line: &str) -> Result<Option<(&str, String)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("expected NAME=value")?;
    let name = name.trim();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err("a name consists of letters, digits and underscores");
    }
    let value = value.trim();
    let value = if let Some(rest) = value.strip_prefix('\'') {
        let (literal, after) = rest.split_once('\'').ok_or("the closing ' is missing")?;
        nothing_but_a_comment(after)?;
        literal.to_owned()
    } else if let Some(rest) = value.strip_prefix('"') {
        let (text, after) = unescape(rest)?;
        nothing_but_a_comment(after)?;
        text
    } else if value.starts_with('#') {
        String::new()
    } else {
        value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned()
    };
    Ok(Some((name, value)))
}

fn nothing_but_a_comment(after: &str) -> Result<(), &'static str> {
    let after = after.trim_start();
    if after.is_empty() || after.starts_with('#') { Ok(()) } else { Err("text after the closing quote") }
}

/// The text up to the closing quote, and what follows it.
fn unescape(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok((text, rest.as_str())),
            '\\' => text.push(match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(c @ ('\\' | '"')) => c,
                _ => return Err("an unknown escape after \\"),
            }),
            c => text.push(c),
        }
    }
    Err("the closing \" is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> String {
        parse(line).unwrap().unwrap().1
    }

    #[test]
    fn values_in_all_their_forms() {
        assert_eq!(value("A=plain"), "plain");
        assert_eq!(value("  export A = spaced out  "), "spaced out");
        assert_eq!(value("A=pa$$w#rd # the comment"), "pa$$w#rd");
        assert_eq!(value("A= # nothing"), "");
        assert_eq!(value("A='li\\n$teral' # c"), "li\\n$teral");
        assert_eq!(value(r#"A="two\nlines \"quoted\" # kept""#), "two\nlines \"quoted\" # kept");
        assert_eq!(value("A=a=b="), "a=b=");
        assert_eq!(parse("# A=1"), Ok(None));
        assert_eq!(parse("   "), Ok(None));
    }

    #[test]
    fn malformed_lines_are_refused() {
        for line in ["A", "=1", "A B=1", "A='1", "A=\"1", "A='1'2", r#"A="\x""#] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[tokio::test]
    async fn errors_name_the_line_and_not_its_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "A=1\nhunter2\n").unwrap();
        let Err(HostError::Failed(text)) = DotEnv::new(file.path()).get("A").await else { panic!() };
        assert!(text.contains("line 2") && !text.contains("hunter2"), "{text}");
    }

    #[tokio::test]
    async fn a_missing_file_has_no_values() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(DotEnv::new(folder.path().join(".env")).get("A").await, Ok(None));
    }
}
