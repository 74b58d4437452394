//! A member's name as it stands in an object, to be compared at once.

use crate::block::Block;

/// The longest label.
const MOST: usize = 2 * Block::LENGTH;

/// A name with its quotation marks and its colon.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    text: [u8; MOST],
    length: usize,
}

impl Label {
    /// None of a name that is too long.
    pub(crate) fn new(name: &[u8]) -> Option<Label> {
        let mut text = [0; MOST];
        let length = name.len() + 3;
        let parts = b"\"".iter().chain(name).chain(b"\":");
        text.get_mut(..length)?.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Some(Label { text, length })
    }

    /// In bytes.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Adds it to a text.
    #[inline]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.length;
        out.extend_from_slice(&self.text);
        out.truncate(end);
    }

    /// Whether a text goes on with it at a place.
    #[inline]
    pub(crate) fn stands_at(&self, json: &[u8], at: usize) -> bool {
        let (first, second) = (Block::at(json, at), Block::at(json, at + Block::LENGTH));
        let (Some(first), Some(second)) = (first, second) else {
            let text = self.text.get(..self.length);
            return text.is_some_and(|text| json.get(at..at + self.length) == Some(text));
        };
        let alike = first.alike(&self.text, 0) | second.alike(&self.text, Block::LENGTH) << Block::LENGTH;
        alike.trailing_ones() as usize >= self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_known_wherever_it_stands() {
        let letters = "abcdefghijklmnopqrstuvwxyzABC";
        for length in 0..=letters.len() {
            let name: String = letters.chars().take(length).collect();
            let label = Label::new(name.as_bytes()).unwrap();
            let text = format!("\"{name}\":1");
            for behind in [0, 1, 15, 40] {
                let json = format!(",{text}{}", "x".repeat(behind));
                assert!(label.stands_at(json.as_bytes(), 1), "{json}");
                assert!(!label.stands_at(json.as_bytes(), 0));
                for place in 1..=length + 3 {
                    let mut other = json.clone().into_bytes();
                    other[place] ^= 1;
                    assert!(!label.stands_at(&other, 1), "{json} {place}");
                }
            }
        }
        assert!(Label::new(&[b'a'; 30]).is_none());
    }
}
