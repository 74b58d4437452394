//! The lines of standard input.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// The longest line, in bytes: what the gateway takes as a body.
pub(super) const LONGEST: usize = 8 << 20;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A message, without the end of its line.
    Whole(Vec<u8>),
    /// One that is longer than [`LONGEST`], which is gone.
    TooLong,
    /// There is nothing more.
    End,
}

/// The next line.
///
/// # Errors
/// It cannot be read.
pub(super) async fn line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
    let mut line = Vec::new();
    let room = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    (&mut *input).take(room).read_until(b'\n', &mut line).await?;
    match line.last() {
        None => Ok(Line::End),
        Some(b'\n') => {
            line.pop();
            Ok(Line::Whole(line))
        }
        Some(_) if line.len() <= LONGEST => Ok(Line::Whole(line)),
        Some(_) => {
            // The rest of it, a piece at a time.
            loop {
                line.clear();
                (&mut *input).take(room).read_until(b'\n', &mut line).await?;
                if matches!(line.last(), None | Some(b'\n')) {
                    return Ok(Line::TooLong);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_takes_no_other_with_it() {
        let long = "x".repeat(3 * LONGEST);
        let text = format!("{{}}\r\n{long}\n[1]\n2");
        let mut input = text.as_bytes();
        assert_eq!(line(&mut input).await.unwrap(), Line::Whole(b"{}\r".to_vec()));
        assert_eq!(line(&mut input).await.unwrap(), Line::TooLong);
        assert_eq!(line(&mut input).await.unwrap(), Line::Whole(b"[1]".to_vec()));
        assert_eq!(line(&mut input).await.unwrap(), Line::Whole(b"2".to_vec()));
        assert_eq!(line(&mut input).await.unwrap(), Line::End);
    }
}
