//! Text that a person wrote: a file or standard input, from whatever editor or shell.

use crate::{report::Unfit, stopping::Stopping};
use anyhow::Result;
use std::{
    fs,
    io::{self, Read},
};

/// The text of a file, a pipe, or of standard input for `-`, without a byte-order mark. A pipe and
/// whoever types take their time: signals are heard meanwhile.
pub(crate) async fn read(file: &str, stopping: &Stopping) -> Result<String> {
    let file = file.to_owned();
    stopping.unless_asked(tokio::task::spawn_blocking(move || read_now(&file))).await??
}

fn read_now(file: &str) -> Result<String> {
    let shown = if file == "-" { "standard input" } else { file };
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().read_to_end(&mut bytes).map(drop),
        file => fs::read(file).map(|read| bytes = read),
    };
    read.map_err(|error| Unfit(format!("cannot read {shown}: {error}")))?;
    of(bytes, shown)
}

/// The text of these bytes, which are called so.
pub(crate) fn of(bytes: Vec<u8>, shown: &str) -> Result<String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Unfit(format!("{shown} is in UTF-16; save it as UTF-8")).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| Unfit(format!("{shown} is not UTF-8")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_and_other_encodings_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let place = file.path().to_str().unwrap();
        for (bytes, expected) in [(&b"{}"[..], "{}"), (b"\xef\xbb\xbf{}", "{}"), (b"", "")] {
            fs::write(place, bytes).unwrap();
            assert_eq!(read_now(place).unwrap(), expected);
        }
        for (bytes, told) in
            [(&b"\xff\xfe{\0"[..], "UTF-16"), (b"\xfe\xff\0{", "UTF-16"), (b"\xe9", "not UTF-8")]
        {
            fs::write(place, bytes).unwrap();
            let error = read_now(place).unwrap_err();
            assert!(error.is::<Unfit>() && error.to_string().contains(told), "{error}");
        }
    }
}
