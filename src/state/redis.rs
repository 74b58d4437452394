//! The operations as commands of Redis 7, each of them one command or one script, so that
//! nothing can come between its parts. How they are sent is the host's business.
//!
//! All are idempotent: a command that timed out may still run, and is sent again. Every key
//! has a time to live.

use crate::turns::{EXCESS, KEPT_MS, TurnRequest, Turns};
use std::{collections::BTreeSet, fmt};

/// How long after the begin of a plan its first turn comes, in microseconds. A server that was
/// started again may have lost the plan before.
pub const GRACE: u64 = 50_000;

/// How long a value is kept that names no time: 30 days. Nothing stays for ever, lest a store
/// fill with what nobody knows any more.
pub const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// A script and the hash under which a server knows it once it has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// In Lua.
    pub source: &'static str,
    /// The SHA-1 of the source, hexadecimal.
    pub sha1: &'static str,
}

/// A file of Lua behind what all of them use.
macro_rules! source {
    ($path:literal) => {
        concat!(include_str!("redis/get.lua"), include_str!($path))
    };
}

const fn script(source: &'static str, sha1: &'static str) -> Script {
    Script { source, sha1 }
}

const TURNS: Script = script(source!("redis/turns.lua"), "849f82bdb544186adff53d40b973334effc69823");
const CLAIM: Script = script(source!("redis/claim.lua"), "26c31946d7cb6e02f44f80655ba1e1adf68e91b5");
const SWAP: Script = script(source!("redis/swap.lua"), "61981995d413244536df2b910343a1cf069cc279");
const RELEASE: Script = script(source!("redis/release.lua"), "c769d63a81cb4d5c92ffed584d4254497c246c69");

/// All scripts, for a test that holds the hashes against a server's.
pub const SCRIPTS: [Script; 4] = [TURNS, CLAIM, SWAP, RELEASE];

/// A command, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    script: Option<Script>,
    name: &'static str,
    arguments: Vec<Vec<u8>>,
}

/// One element of a reply, of which some clients make a flat list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// No value.
    Nil,
    /// A status, such as `OK`.
    Status(String),
    /// A number.
    Integer(i64),
    /// A value.
    Bytes(Vec<u8>),
}

/// The largest value that is taken from a store, in bytes: 1 MiB. What is stored is smaller.
pub const LARGEST: usize = 1 << 20;

/// A reply that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexpected {
    /// No server gives it to this command.
    Shape,
    /// A value of so many bytes, more than [`LARGEST`].
    TooLarge(usize),
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unexpected::Shape => f.write_str("that is no reply to this command"),
            Unexpected::TooLarge(bytes) => write!(f, "the value has {bytes} bytes, more than {LARGEST}"),
        }
    }
}

impl Command {
    /// The value under a key.
    #[must_use]
    pub fn get(key: &str) -> Command {
        Command { script: None, name: "GET", arguments: vec![key.into()] }
    }

    /// Stores a value.
    #[must_use]
    pub fn set(key: &str, value: Vec<u8>, ttl_ms: Option<u64>) -> Command {
        Command { script: None, name: "SET", arguments: vec![key.into(), value, b"PX".to_vec(), ttl(ttl_ms)] }
    }

    /// Removes a key.
    #[must_use]
    pub fn delete(key: &str) -> Command {
        Command { script: None, name: "DEL", arguments: vec![key.into()] }
    }

    /// Stores a value unless another one is there.
    #[must_use]
    pub fn claim(key: &str, value: Vec<u8>, ttl_ms: u64) -> Command {
        Command::run(CLAIM, key, vec![value, ttl(Some(ttl_ms))])
    }

    /// Replaces a value that is the expected one.
    #[must_use]
    pub fn swap(key: &str, expected: Vec<u8>, value: Vec<u8>, ttl_ms: u64) -> Command {
        Command::run(SWAP, key, vec![expected, value, ttl(Some(ttl_ms))])
    }

    /// Removes a value that is the expected one.
    #[must_use]
    pub fn release(key: &str, expected: Vec<u8>) -> Command {
        Command::run(RELEASE, key, vec![expected])
    }

    /// Some of the keys that begin with `prefix`; see [`scanned`]. It begins with the cursor `0`.
    fn scan(cursor: &[u8], prefix: &str) -> Command {
        let pattern: String = prefix
            .chars()
            .flat_map(|letter| {
                let escape = matches!(letter, '*' | '?' | '[' | ']' | '\\').then_some('\\');
                escape.into_iter().chain([letter])
            })
            .chain(['*'])
            .collect();
        let arguments = [cursor, b"MATCH", pattern.as_bytes(), b"COUNT", b"1000"].map(<[u8]>::to_vec).into();
        Command { script: None, name: "SCAN", arguments }
    }

    /// Asks for turns.
    #[must_use]
    pub fn turns(key: &str, request: &TurnRequest) -> Command {
        let TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause } =
            *request;
        let numbers = [
            owner,
            number,
            exact(interval.max(1)),
            exact(tolerance),
            exact(horizon),
            wanted.into(),
            least.into(),
            exact(lead),
            exact(gap),
            exact(pause),
            GRACE,
            EXCESS,
            KEPT_MS,
        ];
        Command::run(TURNS, key, numbers.iter().map(|number| number.to_string().into_bytes()).collect())
    }

    fn run(script: Script, key: &str, arguments: Vec<Vec<u8>>) -> Command {
        let mut all = vec![b"1".to_vec(), key.into()];
        all.extend(arguments);
        Command { script: Some(script), name: "EVALSHA", arguments: all }
    }

    /// Its name, such as `EVALSHA`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> Vec<Vec<u8>> {
        let script = self.script.map(|script| match self.name {
            "EVAL" => script.source.into(),
            _ => script.sha1.into(),
        });
        script.into_iter().chain(self.arguments.iter().cloned()).collect()
    }

    /// The same with the script's source, for a server that does not know its hash; none for
    /// a command that is no script.
    #[must_use]
    pub fn with_source(self) -> Option<Command> {
        self.script.is_some().then_some(Command { name: "EVAL", ..self })
    }
}

/// What [`Command::scan`] found: the cursor to go on with, none at the end, and keys, perhaps some
/// that came before. A key that is no text is none of ours.
///
/// # Errors
/// Another reply.
fn scanned(reply: &[Reply]) -> Result<(Option<Vec<u8>>, Vec<String>), Unexpected> {
    let Some((Reply::Bytes(cursor), keys)) = reply.split_first() else { return Err(Unexpected::Shape) };
    let keys = keys.iter().filter_map(|key| match key {
        Reply::Bytes(key) => String::from_utf8(key.clone()).ok(),
        _ => None,
    });
    Ok(((cursor != b"0").then(|| cursor.clone()), keys.collect()))
}

/// The keys that begin with a prefix, gathered scan by scan.
#[derive(Debug)]
pub struct Scan<'p> {
    prefix: &'p str,
    most: usize,
    cursor: Option<Vec<u8>>,
    found: BTreeSet<String>,
}

impl<'p> Scan<'p> {
    /// Of at most so many keys.
    #[must_use]
    pub fn new(prefix: &'p str, most: usize) -> Self {
        Self { prefix, most, cursor: Some(b"0".to_vec()), found: BTreeSet::new() }
    }

    /// The next command; none when all is found that is wanted.
    #[must_use]
    pub fn command(&self) -> Option<Command> {
        let cursor = self.cursor.as_deref().filter(|_| self.found.len() < self.most)?;
        Some(Command::scan(cursor, self.prefix))
    }

    /// Takes the reply to it.
    ///
    /// # Errors
    /// A reply that is none to it.
    pub fn take(&mut self, reply: &[Reply]) -> Result<(), Unexpected> {
        let (cursor, keys) = scanned(reply)?;
        self.cursor = cursor;
        self.found.extend(keys);
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn into_keys(self) -> Vec<String> {
        self.found.into_iter().take(self.most).collect()
    }
}

/// Whether a server's error means that it does not know the script.
#[must_use]
pub fn is_unknown_script(error: &str) -> bool {
    // The server's word, and what clients make of it: `NoScriptError`, and `NoScript` in newer ones.
    error.contains("NOSCRIPT") || error.contains("NoScript")
}

/// The value that GET and a claim return.
///
/// # Errors
/// [`Unexpected`].
pub fn value(reply: Vec<Reply>) -> Result<Option<Vec<u8>>, Unexpected> {
    match <[Reply; 1]>::try_from(reply) {
        Ok([Reply::Nil]) => Ok(None),
        Ok([Reply::Bytes(value)]) if value.len() > LARGEST => Err(Unexpected::TooLarge(value.len())),
        Ok([Reply::Bytes(value)]) => Ok(Some(value)),
        // Some clients take a nil for a list of nothing.
        Err(reply) if reply.is_empty() => Ok(None),
        _ => Err(Unexpected::Shape),
    }
}

/// Whether a swap was done.
///
/// # Errors
/// [`Unexpected`].
pub fn swapped(reply: &[Reply]) -> Result<bool, Unexpected> {
    match reply {
        [Reply::Integer(0)] => Ok(false),
        [Reply::Integer(1)] => Ok(true),
        _ => Err(Unexpected::Shape),
    }
}

/// The turns that were given.
///
/// # Errors
/// [`Unexpected`].
pub fn turns(reply: &[Reply]) -> Result<Turns, Unexpected> {
    let mut numbers = reply.iter().map(|element| match element {
        Reply::Bytes(digits) => std::str::from_utf8(digits).ok()?.parse::<u64>().ok(),
        _ => None,
    });
    let mut number = || numbers.next().flatten().ok_or(Unexpected::Shape);
    let (now, arrival) = (number()?, number()?);
    let count = u32::try_from(number()?).map_err(|_| Unexpected::Shape)?;
    let (closed, since) = (number()?, number()?);
    if reply.len() == 5 { Ok(Turns { now, arrival, count, closed, since }) } else { Err(Unexpected::Shape) }
}

fn ttl(ms: Option<u64>) -> Vec<u8> {
    ms.unwrap_or(LONGEST_MS).clamp(1, exact(u64::MAX)).to_string().into_bytes()
}

/// Lua counts in doubles: so many microseconds are 35 years.
fn exact(length: u64) -> u64 {
    length.min(1 << 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: &Command) -> String {
        let arguments = command.arguments();
        let arguments = arguments.iter().map(|argument| String::from_utf8_lossy(argument));
        std::iter::once(command.name().into()).chain(arguments).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_value_has_a_time_to_live() {
        assert_eq!(text(&Command::set("k", b"v".to_vec(), Some(5))), "SET k v PX 5");
        assert_eq!(text(&Command::set("k", b"v".to_vec(), None)), "SET k v PX 2592000000");
        assert_eq!(text(&Command::set("k", b"v".to_vec(), Some(0))), "SET k v PX 1");
        assert_eq!(text(&Command::get("k")), "GET k");
        assert_eq!(text(&Command::delete("k")), "DEL k");
    }

    #[test]
    fn a_script_is_named_by_its_hash_and_then_sent_whole() {
        let command = Command::release("k", b"v".to_vec());
        assert_eq!(text(&command), format!("EVALSHA {} 1 k v", RELEASE.sha1));
        let whole = command.with_source().unwrap();
        assert_eq!(text(&whole), format!("EVAL {} 1 k v", RELEASE.source));
        assert_eq!(Command::get("k").with_source(), None);
        assert!(is_unknown_script("NOSCRIPT No matching script. Please use EVAL."));
        assert!(is_unknown_script("NoScriptError: No matching script") && is_unknown_script("NoScript: No"));
        assert!(!is_unknown_script("WRONGTYPE Operation against a key"));
    }

    #[test]
    fn replies_of_another_shape_are_refused() {
        let bytes = |text: &str| Reply::Bytes(text.into());
        assert_eq!(value(vec![bytes("v")]), Ok(Some(b"v".to_vec())));
        assert_eq!(value(vec![Reply::Nil]), Ok(None));
        assert_eq!(value(Vec::new()), Ok(None));
        assert_eq!(value(vec![Reply::Integer(1)]), Err(Unexpected::Shape));
        assert!(value(vec![Reply::Bytes(vec![0; LARGEST])]).is_ok());
        let larger = vec![Reply::Bytes(vec![0; LARGEST + 1])];
        assert_eq!(value(larger), Err(Unexpected::TooLarge(LARGEST + 1)));
        assert_eq!(swapped(&[Reply::Integer(1)]), Ok(true));
        assert_eq!(swapped(&[Reply::Integer(7)]), Err(Unexpected::Shape));
        let numbers = ["1", "2", "3", "4", "5"].map(bytes);
        let turns = |reply: &[Reply]| super::turns(reply);
        assert_eq!(turns(&numbers), Ok(Turns { now: 1, arrival: 2, count: 3, closed: 4, since: 5 }));
        assert_eq!(turns(&numbers[..4]), Err(Unexpected::Shape));
        assert_eq!(turns(&[&numbers[..], &[bytes("6")]].concat()), Err(Unexpected::Shape));
        assert_eq!(turns(&["1", "-2", "3", "4", "5"].map(bytes)), Err(Unexpected::Shape));
        assert_eq!(turns(&["1", "2", "5000000000", "4", "5"].map(bytes)), Err(Unexpected::Shape));
    }
}
