//! Which requests a script is about.

/// Picks requests; every condition that is set has to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matcher {
    /// The provider's operation id, `Jobs_GetList`.
    pub operation: Option<String>,
    /// The HTTP method.
    pub method: Option<String>,
    /// A part of the path.
    pub path: Option<String>,
    /// A part of the query, as it was sent.
    pub query: Option<String>,
}

impl Matcher {
    /// Every request, those for tokens too.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// The requests of one operation, by the provider's id.
    #[must_use]
    pub fn operation(id: &str) -> Self {
        Self { operation: Some(id.to_owned()), ..Self::default() }
    }

    /// The requests whose path holds this.
    #[must_use]
    pub fn path(part: &str) -> Self {
        Self { path: Some(part.to_owned()), ..Self::default() }
    }

    /// Only with this method.
    #[must_use]
    pub fn with_method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Only with this in the query.
    #[must_use]
    pub fn with_query(mut self, part: &str) -> Self {
        self.query = Some(part.to_owned());
        self
    }

    pub(crate) fn matches(&self, operation: Option<&str>, method: &str, path: &str, query: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| operation == Some(wanted))
            && self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|part| path.contains(part))
            && self.query.as_deref().is_none_or(|part| query.contains(part))
    }
}
