//! Text that a person wrote: a file or standard input, from whatever editor or shell.

use crate::{report::Unfit, stopping::Stopping};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{self, Read},
};

/// The largest body that is read, in bytes: 64 MiB, as much as the component takes of an answer. A device
/// would never end.
pub(crate) const LARGEST_BODY: usize = 64 << 20;

/// A body as `--body` has it: JSON, `@FILE`, or `@-` for standard input. A pipe and whoever types take
/// their time: signals are heard meanwhile.
pub(crate) async fn body(given: Option<&str>, stopping: &Stopping) -> Result<Option<String>> {
    let Some(given) = given else { return Ok(None) };
    let Some(file) = given.strip_prefix('@') else { return Ok(Some(given.to_owned())) };
    let read = |source: Box<dyn Read>, shown: &str| Ok(of(source, shown, LARGEST_BODY)?);
    from(file, stopping, read).await.context("the body").map(Some)
}

/// What is made of a file, a pipe, or of standard input for `-`, and of its name. Signals are heard meanwhile.
pub(crate) async fn from<T: Send + 'static>(
    file: &str,
    stopping: &Stopping,
    read: impl FnOnce(Box<dyn Read>, &str) -> Result<T> + Send + 'static,
) -> Result<T> {
    let file = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let (source, shown): (Box<dyn Read>, _) = match file.as_str() {
            "-" => (Box::new(io::stdin()), "standard input"),
            file => (Box::new(File::open(file).map_err(|error| unreadable(file, &error))?), file),
        };
        read(source, shown)
    });
    stopping.unless_asked(reading).await??
}

/// The text of this source, which is called so, without a byte-order mark.
///
/// # Errors
///
/// What cannot be read, is larger than `most` bytes, or is no UTF-8.
pub(crate) fn of(source: impl Read, shown: &str, most: usize) -> Result<String, Unfit> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(shown, &error))?;
    if bytes.len() > most {
        return Err(Unfit(format!("{shown} is larger than {most} bytes")));
    }
    of_bytes(bytes, shown)
}

/// The text of these bytes, which are called so, without a byte-order mark.
///
/// # Errors
///
/// They are no UTF-8.
pub(crate) fn of_bytes(bytes: Vec<u8>, shown: &str) -> Result<String, Unfit> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Unfit(format!("{shown} is in UTF-16; save it as UTF-8")));
    }
    let text = String::from_utf8(bytes).map_err(|_| Unfit(format!("{shown} is not UTF-8")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// What cannot be read, with the reason.
pub(crate) fn unreadable(shown: &str, error: &io::Error) -> Unfit {
    Unfit(format!("cannot read {shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_and_other_encodings_told() {
        for (bytes, expected) in [(&b"{}"[..], "{}"), (b"\xef\xbb\xbf{}", "{}"), (b"", "")] {
            assert_eq!(of(bytes, "body", 5).unwrap(), expected);
        }
        for (bytes, told) in
            [(&b"\xff\xfe{\0"[..], "UTF-16"), (b"\xfe\xff\0{", "UTF-16"), (b"\xe9", "not UTF-8")]
        {
            let Unfit(told_of) = of(bytes, "body", 5).unwrap_err();
            assert!(told_of.contains(told), "{told_of}");
        }
    }

    #[test]
    fn what_never_ends_is_refused() {
        assert_eq!(of(&b"12345"[..], "body", 5).unwrap(), "12345");
        let Unfit(told) = of(io::repeat(0), "/dev/zero", 5).unwrap_err();
        assert_eq!(told, "/dev/zero is larger than 5 bytes");
    }
}
