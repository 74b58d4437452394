//! The calls of a batch, one a line.

use crate::{
    report::Unfit,
    text::{LARGEST_BODY, of_bytes, unreadable},
};
use anyhow::Result;
use penstock_host::bindings::operations::BatchCall;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{
    collections::BTreeMap,
    fmt::Display,
    io::{BufRead, BufReader, Read},
};

/// The most calls that are read. Ten times what the component takes of a batch: it holds all results until
/// the last one is there, and here each is printed.
const MOST_CALLS: usize = 100_000;

/// The most bytes that are read of a line: a body and what goes around it.
const LONGEST_LINE: usize = LARGEST_BODY + 64 * 1024;

/// The most bytes that are read of all lines: they are held until their calls are made.
const MOST_BYTES: u64 = 256 << 20;

/// What a line is, for whoever wrote another thing.
const WANTED: &str =
    r#"an object such as {"operation": "jpm.jobs-get", "parameters": {"id": 4711}, "body": {}}"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    operation: String,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default, borrow)]
    body: Option<&'a RawValue>,
}

/// Reads all of them: what is wrong with one is known before any is made.
///
/// # Errors
///
/// The first line that is no call, by its number; more than is read.
pub(super) fn calls(source: Box<dyn Read>, shown: &str) -> Result<Vec<BatchCall>> {
    let mut source = BufReader::new(source);
    let (mut calls, mut bytes) = (Vec::new(), 0_u64);
    for number in 1_usize.. {
        let unfit = |why: &dyn Display| Unfit(format!("{shown}, line {number}: {why}"));
        let mut line = Vec::new();
        let read = source.by_ref().take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line);
        bytes += read.map_err(|error| unreadable(shown, &error))? as u64;
        if line.is_empty() {
            break;
        }
        if line.len() > LONGEST_LINE {
            return Err(unfit(&format_args!("is longer than {LONGEST_LINE} bytes")).into());
        }
        let line = of_bytes(line, &format!("{shown}, line {number},"))?;
        if line.trim().is_empty() {
            continue;
        }
        calls.push(call(&line).map_err(|why| unfit(&why))?);
        if bytes > MOST_BYTES || calls.len() > MOST_CALLS {
            let most = format_args!("{MOST_CALLS} calls and {MOST_BYTES} bytes at most can be in a batch");
            return Err(unfit(&most).into());
        }
    }
    Ok(calls)
}

fn call(line: &str) -> Result<BatchCall, String> {
    // serde takes an array for the members in their order.
    if !line.trim_start().starts_with('{') {
        return Err(format!("expected {WANTED}"));
    }
    let Line { operation, parameters, body } =
        serde_json::from_str(line).map_err(|error| error.to_string())?;
    let parameters = parameters.into_iter().map(|(name, value)| (name, plain(value)));
    let body = body.map(|body| body.get().to_owned());
    Ok(BatchCall { operation, parameters: parameters.collect(), body })
}

/// A parameter is text on the wire: `4711` and `"4711"` are the same.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::repeat;

    fn refused(source: impl Read + 'static) -> String {
        calls(Box::new(source), "calls").unwrap_err().downcast::<Unfit>().unwrap().0
    }

    #[test]
    fn lines_are_calls_whatever_ends_them() {
        let lines = b"\xef\xbb\xbf{\"operation\":\"a\"}\r\n\n  \n{\"operation\":\"b\",\"body\":[1]}";
        let calls = calls(Box::new(&lines[..]), "calls").unwrap();
        let names: Vec<_> =
            calls.iter().map(|call| (call.operation.as_str(), call.body.as_deref())).collect();
        assert_eq!(names, [("a", None), ("b", Some("[1]"))]);
        assert!(refused(&b"{\"operation\":\"a\"}\n\xe9\n"[..]).contains("calls, line 2, is not UTF-8"));
    }

    #[test]
    fn what_never_ends_is_refused() {
        let line = refused(repeat(0));
        assert_eq!(line, format!("calls, line 1: is longer than {LONGEST_LINE} bytes"));
        struct Lines(usize);
        impl Read for Lines {
            fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
                let line = b"{\"operation\":\"a\"}\n";
                for byte in to.iter_mut() {
                    *byte = line[self.0 % line.len()];
                    self.0 += 1;
                }
                Ok(to.len())
            }
        }
        let many = refused(Lines(0));
        assert!(many.starts_with("calls, line 100001: 100000 calls and "), "{many}");
    }
}
