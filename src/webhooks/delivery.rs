//! One HTTP request of a provider's.

/// A delivery as it came: nothing of it is trusted.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The header fields, with names in any case.
    pub headers: &'a [(String, String)],
    /// The body, byte by byte as it was sent.
    pub body: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The value of a header field.
    ///
    /// # Errors
    /// A sentence when it is absent, empty, or there more than once: then nobody can say
    /// which of them was meant.
    pub fn header(&self, name: &str) -> Result<&'a str, String> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) if !value.trim().is_empty() => Ok(value.trim()),
            (Some(_), Some(_)) => Err("is there more than once".to_owned()),
            (Some(_), None) => Err("is empty".to_owned()),
            (None, _) => Err("is missing".to_owned()),
        }
    }
}
