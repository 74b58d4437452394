use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::{
    HostError, Secret, Source, present,
    text::{self, Found},
};

/// A `.env` file, read again at each use.
///
/// One `NAME=value` a line. What is understood, and no more:
///
/// - blank lines, lines that begin with `#`, and `export ` before a name;
/// - a plain value, cut at ` #` and trimmed;
/// - `'...'`, taken literally, over several lines if need be;
/// - `"..."`, in which `\n`, `\r`, `\t`, `\\` and `\"` are escapes, likewise.
///
/// A `$` is a character like others: secrets contain it. The last of several lines
/// for one name counts. Other programs keep their settings in such files too: a line that is
/// none of the above is passed over, unless it begins with the name that is asked for.
///
/// A file that others than its owner may write is refused, and so are one in UTF-16 and what is no
/// regular file: a pipe would be read once, and waited for. A link to a file is as good as the file.
#[derive(Clone, Debug)]
pub struct DotEnv {
    path: PathBuf,
    must_exist: bool,
}

impl DotEnv {
    /// This file; one that is missing has no values.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), must_exist: false }
    }

    /// The same, but the file must be there.
    #[must_use]
    pub fn existing(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), must_exist: true }
    }

    /// Whether the file can be used, before a value is asked for.
    ///
    /// # Errors
    ///
    /// What every value of it would fail with.
    pub async fn check(&self) -> Result<(), HostError> {
        self.read().await.map(drop)
    }

    /// The folder that it stands in.
    pub(super) fn folder(&self) -> PathBuf {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or_else(|| PathBuf::from("."), PathBuf::from)
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    async fn read(&self) -> Result<Option<String>, HostError> {
        let shown = self.shown();
        match text::read(self.path.clone()).await? {
            None if self.must_exist => Err(HostError::Failed(format!("{shown} does not exist"))),
            None => Ok(None),
            Some(Found { open_to_others: true, .. }) => Err(HostError::Denied(format!(
                "{shown} may be written by others than its owner; take that from them: chmod go-w {shown}"
            ))),
            Some(found) => found.lossy(&shown).map(Some),
        }
    }

    async fn find(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let Some(text) = self.read().await? else { return Ok(None) };
        let mut found = None;
        for entry in (Entries { rest: &text, line: 0 }).filter(|entry| entry.name == name) {
            let value = entry.value.and_then(|value| match value.contains(char::REPLACEMENT_CHARACTER) {
                true => Err("the value is not UTF-8"),
                false => Ok(value),
            });
            // The line itself may hold a secret.
            let place = || format!("{}, line {}: {name}", self.shown(), entry.line);
            found = Some(value.map_err(|problem| HostError::Failed(format!("{}: {problem}", place())))?);
        }
        Ok(present(found))
    }
}

impl Source for DotEnv {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(self.find(name))
    }
}

impl Source for &DotEnv {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(self.find(name))
    }
}

/// Something that begins with a name.
struct Entry<'t> {
    /// Where it begins, from 1.
    line: usize,
    name: &'t str,
    value: Result<String, &'static str>,
}

struct Entries<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        while !self.rest.is_empty() {
            let all = self.rest;
            let (line, behind) = all.split_once('\n').unwrap_or((all, ""));
            self.rest = behind;
            self.line += 1;
            let number = self.line;
            let entry = line.trim();
            let entry = entry.strip_prefix("export ").unwrap_or(entry).trim_start();
            let first = entry.split(|c: char| !is_part_of_a_name(c)).next().unwrap_or_default();
            let after = entry.strip_prefix(first).unwrap_or_default();
            // `logging.level=1` and `MY-FLAG=1` begin with no name of ours.
            if first.is_empty() || !after.is_empty() && !after.starts_with(['=', ' ', '\t']) {
                continue;
            }
            let value = match after.trim_start().strip_prefix('=') {
                None => Err("expected NAME=value"),
                Some(value) => match value.trim().chars().next() {
                    // The quotes may close lines further down.
                    Some(quote @ ('"' | '\'')) => {
                        let beyond = all.split_once(quote).map_or("", |(_, beyond)| beyond);
                        self.quoted(quote, beyond)
                    }
                    Some('#') | None => Ok(String::new()),
                    Some(_) => {
                        let value = value.trim();
                        Ok(value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned())
                    }
                },
            };
            return Some(Entry { line: number, name: first, value });
        }
        None
    }
}

impl Entries<'_> {
    /// The value behind an opening quote. Where the closing one does not end a line, the
    /// entry is taken for the one line that it began in.
    fn quoted(&mut self, quote: char, beyond: &str) -> Result<String, &'static str> {
        let Some((inner, after)) = closing(quote, beyond) else { return Err("the closing quote is missing") };
        let tail = after.lines().next().unwrap_or_default().trim();
        if !tail.is_empty() && !tail.starts_with('#') {
            return Err("text after the closing quote");
        }
        for _ in inner.matches('\n') {
            self.rest = self.rest.split_once('\n').map_or("", |(_, behind)| behind);
            self.line += 1;
        }
        if quote == '"' { unescape(inner) } else { Ok(inner.to_owned()) }
    }
}

fn is_part_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What stands before the closing quote, and behind it.
fn closing(quote: char, text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        closes.then_some(at)
    })?;
    let (inner, after) = text.split_at_checked(end)?;
    Some((inner, after.strip_prefix(quote)?))
}

fn unescape(quoted: &str) -> Result<String, &'static str> {
    let mut text = String::new();
    let mut rest = quoted.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(c @ ('\\' | '"')) => c,
                _ => return Err("an unknown escape after \\; between ' a backslash stands for itself"),
            }),
            c => text.push(c),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::exposed;

    async fn get(text: impl AsRef<[u8]>, name: &str) -> Result<Option<String>, HostError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, text).unwrap();
        exposed(DotEnv::new(path).get(name).await)
    }

    async fn value(line: &str) -> String {
        get(line, "A").await.unwrap().unwrap_or_default()
    }

    #[tokio::test]
    async fn values_in_all_their_forms() {
        assert_eq!(value("A=plain").await, "plain");
        assert_eq!(value("  export A = spaced out  ").await, "spaced out");
        assert_eq!(value("A=pa$$w#rd # the comment").await, "pa$$w#rd");
        assert_eq!(value("A= # nothing").await, "");
        assert_eq!(value("A=it's").await, "it's");
        assert_eq!(value("A='li\\n$teral' # c").await, "li\\n$teral");
        assert_eq!(value(r#"A="two\nlines \"quoted\" # kept""#).await, "two\nlines \"quoted\" # kept");
        assert_eq!(value("A=a=b=").await, "a=b=");
        assert_eq!(value("A=1\r\nA=2\r\n").await, "2");
        assert_eq!(value("\u{feff}A=marked").await, "marked");
        assert_eq!(value("A='first\nB=second'\nC=3").await, "first\nB=second");
        assert_eq!(value("# A=1\n   \nAB=2").await, "");
    }

    #[tokio::test]
    async fn malformed_values_are_refused_to_who_asks_for_them() {
        for line in ["A", "A B=1", "A 1", "A='1", "A=\"1", "A='1'2", r#"A="\x""#] {
            let text = format!("OTHER=1\n{line}\n");
            let Err(HostError::Failed(told)) = get(&text, "A").await else { panic!("{line}") };
            assert!(told.contains("line 2: A"), "{told}");
            assert_eq!(get(&text, "OTHER").await, Ok(Some("1".into())), "{line}");
        }
        let told = format!("{:?}", get("A='hunter2\n", "A").await);
        assert!(told.contains("line 1") && !told.contains("hunter2"), "{told}");
        assert!(matches!(get(b"A=\xe9\n", "A").await, Err(HostError::Failed(_))));
    }

    #[tokio::test]
    async fn lines_of_others_are_passed_over() {
        for foreign in [
            &b"KEY=\"-----BEGIN KEY-----\nabcd==\nA=no\n-----END KEY-----\"\n"[..],
            b"KEY='-----BEGIN KEY-----\nA=no\n-----END KEY-----'\n",
            b"TOOLS=\"C:\\Users\\me\"\n",
            b"TOOLS=\"C:\\Users\\\"\n",
            b"logging.level.root=INFO\nA.b=no\n",
            b"MY-FLAG=1\nA-B=no\n",
            b"DEBUG\n",
            b"=1\n---\n{\n",
            b"# caf\xe9\n",
            b"NAME=caf\xe9\n",
            b"OPEN=\"never closed\n",
        ] {
            for text in [[b"A=1\n", foreign].concat(), [foreign, b"A=1\n"].concat()] {
                let shown = String::from_utf8_lossy(&text).into_owned();
                assert_eq!(get(text, "A").await, Ok(Some("1".into())), "{shown}");
            }
        }
    }

    #[tokio::test]
    async fn utf_16_is_told() {
        let text: Vec<u8> = "A=1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [text.clone(), [b"\xff\xfe", &text[..]].concat()] {
            let Err(HostError::Failed(told)) = get(text, "A").await else { panic!() };
            assert!(told.contains(".env") && told.contains("UTF-16"), "{told}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "A=1\n").unwrap();
        for (mode, refused) in [(0o600, false), (0o644, false), (0o664, true), (0o606, true)] {
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            match exposed(DotEnv::new(file.path()).get("A").await) {
                Ok(found) => assert_eq!((found.as_deref(), refused), (Some("1"), false), "{mode:o}"),
                Err(HostError::Denied(told)) => {
                    assert!(refused && told.contains("chmod"), "{mode:o}: {told}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_no_regular_file_is_refused_and_a_link_to_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "A=1\n").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        assert_eq!(exposed(DotEnv::new(at("link")).get("A").await), Ok(Some("1".into())));
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        std::os::unix::fs::symlink("pipe", at("to-pipe")).unwrap();
        for place in [at("pipe"), at("to-pipe"), folder.path().to_owned(), "/dev/null".into()] {
            let Err(HostError::Failed(told)) = DotEnv::new(&place).check().await else { panic!("{place:?}") };
            assert_eq!(told, format!("{} is no regular file", place.display()));
        }
    }

    #[tokio::test]
    async fn a_missing_file_has_no_values_unless_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        assert_eq!(exposed(DotEnv::new(&path).get("A").await), Ok(None));
        assert!(matches!(DotEnv::existing(&path).check().await, Err(HostError::Failed(_))));
    }
}
