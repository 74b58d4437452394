//! What the file of a Redis tells of Celery's queue.
//!
//! Celery takes a message from its list, and notes it among those that are not acknowledged, in two steps. When the Redis
//! dies between them, the message is gone with the worker's connection: it was handed on, and the queue has lost it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::Path,
};

/// The numbers of the events that Celery had taken from its list in this database and noted nowhere, when the Redis died
/// whose folder this is.
pub fn dropped_by_celery(folder: &Path, database: usize) -> BTreeSet<usize> {
    let mut files: Vec<_> = fs::read_dir(folder.join("appendonlydir"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".incr.aof"))
        .collect();
    files.sort();
    let (mut list, mut taken) = (VecDeque::new(), BTreeMap::new());
    let wanted = database.to_string();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let (mut rest, mut is_there) = (bytes.as_slice(), false);
        while let Some(command) = next(&mut rest) {
            match command[..] {
                [b"SELECT", database] => is_there = database == wanted.as_bytes(),
                _ if !is_there => {}
                [b"LPUSH", b"celery", message] => list.push_front(message.to_vec()),
                [b"RPUSH", b"celery", message] => list.push_back(message.to_vec()),
                [b"RPOP", b"celery"] => {
                    let (tag, number) = read(&list.pop_back().unwrap());
                    taken.insert(tag, number);
                }
                [b"HSET", b"unacked", tag, ..] => drop(taken.remove(std::str::from_utf8(tag).unwrap())),
                _ => {}
            }
        }
    }
    taken.into_values().collect()
}

/// What a message is noted by, and the number of its event.
fn read(message: &[u8]) -> (String, usize) {
    let message: serde_json::Value = serde_json::from_slice(message).unwrap();
    let body: serde_json::Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    let tag = message["properties"]["delivery_tag"].as_str().unwrap().to_owned();
    (tag, usize::try_from(body[0][0]["data"]["number"].as_u64().unwrap()).unwrap())
}

/// The next command. The last one may have been cut off.
fn next<'b>(rest: &mut &'b [u8]) -> Option<Vec<&'b [u8]>> {
    let count = line(rest)?.strip_prefix('*')?.parse().ok()?;
    (0..count)
        .map(|_| {
            let length: usize = line(rest)?.strip_prefix('$')?.parse().ok()?;
            let (text, after) = rest.split_at_checked(length)?;
            *rest = after.strip_prefix(b"\r\n")?;
            Some(text)
        })
        .collect()
}

fn line<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let at = rest.iter().position(|byte| *byte == b'\r')?;
    let line = std::str::from_utf8(&rest[..at]).ok()?;
    *rest = rest.get(at + 2..)?;
    Some(line)
}
