//! The `@` lines of a WIT doc comment.

/// A doc comment, its tags apart from its words.
#[derive(Debug, Default)]
pub(crate) struct Doc {
    /// The words, without the tags.
    pub(crate) text: String,
    tags: Vec<(String, String)>,
}

impl Doc {
    /// Splits a doc comment as wit-parser gives it: lines joined by a newline.
    pub(crate) fn parse(contents: Option<&str>) -> Doc {
        let mut doc = Doc::default();
        let mut lines = Vec::new();
        for line in contents.unwrap_or_default().lines().map(str::trim) {
            match line.strip_prefix('@') {
                Some(tag) => {
                    let (name, value) = tag.split_once(' ').unwrap_or((tag, ""));
                    doc.tags.push((name.to_owned(), value.trim().to_owned()));
                }
                None => lines.push(line),
            }
        }
        doc.text = lines.join("\n").trim().to_owned();
        doc
    }

    /// The value of a tag; empty if it stands alone.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.as_str())
    }

    /// Gives a tag this value, whether it is there or not.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.tags.retain(|(tag, _)| tag != name);
        self.tags.push((name.to_owned(), value.to_owned()));
    }

    /// The first tag that is not among `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.tags.iter().map(|(tag, _)| tag.as_str()).find(|tag| !known.contains(tag))
    }
}
