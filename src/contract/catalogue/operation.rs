//! How an operation is called.

use super::{Join, RecordType, Type};

/// One operation of a provider: one `@http` or `@composed` line of the contract.
#[derive(Debug)]
pub struct Operation {
    /// The provider, `servicetitan`.
    pub provider: &'static str,
    /// Its name, `jpm.jobs-get`; for a list the name of the streaming function,
    /// `jpm.jobs-list`.
    pub name: &'static str,
    /// For a list, the name of the function that returns one page, `jpm.jobs-page`.
    pub alias: Option<&'static str>,
    /// The operation whose endpoint this one asks in another form; none for an operation of
    /// its own.
    pub variant_of: Option<&'static str>,
    /// The HTTP method.
    pub method: Method,
    /// The path with its placeholders, `/jpm/v2/tenant/{tenant}/jobs/{id}`.
    pub path: &'static str,
    /// What it does to the provider's data.
    pub effect: Effect,
    /// How it is paged.
    pub paging: Paging,
    /// Whether its answers may be kept.
    pub cache: Option<Caching>,
    /// The parameter that says whose data it is about, by its wire name. What is kept of
    /// one owner can be forgotten without that of the others.
    pub owner: Option<&'static str>,
    /// Whether it is put together from other operations: method and path are then only
    /// its name, and nothing is sent there.
    pub composed: bool,
    /// The most records that a page may have, where that is not the provider's usual.
    pub max_page_size: Option<u32>,
    /// Whether the provider says how many records there are, if it is asked
    /// (`includeTotal`).
    pub counted: bool,
    /// Query parameters of which the provider demands at least one.
    pub any_of: &'static [&'static str],
    /// Whether doing it twice adds twice, although its method is idempotent by RFC 9110.
    pub non_idempotent: bool,
    /// Whether the answer is a file.
    pub file: bool,
    /// The field of a form (multipart/form-data) that a file is sent in.
    pub upload: Option<&'static str>,
    /// The placeholders that the caller fills, in the order of the function's
    /// parameters. `{tenant}` is not among them: it belongs to the account.
    pub path_parameters: &'static [Placeholder],
    /// The query that it takes, besides that of its pages.
    pub query: Option<&'static RecordType>,
    /// The body that it takes.
    pub body: Option<Type>,
    /// What it answers: one value, or the type of an item if it is a list or an
    /// envelope. None when the answer has no body.
    pub answer: Option<Type>,
    /// What it is for, from the WIT.
    pub doc: &'static str,
}

/// A placeholder of a path.
#[derive(Debug)]
pub struct Placeholder {
    /// The provider's name, `jobId`.
    pub wire: &'static str,
    /// Its type.
    pub ty: Type,
}

/// A parameter as a caller of the dynamic interface sees it.
#[derive(Debug, Clone, Copy)]
pub enum Parameter {
    /// A placeholder of the path.
    Path(&'static Placeholder),
    /// A field of the query.
    Query(&'static super::Field),
}

/// The HTTP methods that providers use (RFC 9110 section 9, RFC 5789).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// What an operation does to the provider's data; the WIT's `effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Makes something new.
    Create,
    /// Changes something that is there.
    Update,
    /// Removes something.
    Delete,
    /// Anything else that has consequences.
    Action,
}

/// How the answer of an operation is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// One answer.
    None,
    /// One answer whose records stand in the `data` of an envelope. The caller
    /// asks for so few of them that they fit one page.
    Envelope,
    /// Numbered pages: `page`, `pageSize`, `hasMore`, `data`.
    Numbered,
    /// Numbered pages that hold `data` alone: an empty page is the end.
    DataOnly,
    /// Numbered pages that are plain arrays: an empty page is the end.
    Bare,
    /// Numbered pages of a report: `hasMore`, and rows of values whose `fields` name them.
    Report,
    /// An export feed: `from`, `hasMore`, `continueFrom`, `data`.
    Export,
    /// Each answer holds the text to ask for the next page with; the last holds none.
    Cursor,
    /// `offset` and `limit`: an empty page is the end.
    Offset,
}

/// How long the answers of an operation are fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// So many seconds.
    Seconds(u32),
    /// For good: they never change.
    Immutable,
}

impl Operation {
    /// The module and the resource that it is about, `jpm` and `job-types`: the first
    /// segment of the path, and the first after the tenant. A write to a resource makes
    /// useless what is cached of it.
    #[must_use]
    pub fn resource(&self) -> (&'static str, &'static str) {
        let module = self.path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
        let rest = self.path.split_once("{tenant}/").map_or(self.path, |(_, rest)| rest);
        let resource = rest.split('/').find(|segment| !segment.is_empty() && !segment.starts_with('{'));
        (module, resource.unwrap_or_default())
    }

    /// The header field that a parameter is sent in; none if it belongs to the query.
    #[must_use]
    pub fn header(&self, wire: &str) -> Option<&'static str> {
        let (_, field) = self.query?.field(wire, 0)?;
        match field.join {
            Join::Header(name) => Some(name),
            _ => None,
        }
    }

    /// Everything that a caller may name, path first.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> + '_ {
        let query = self.query.map_or(&[][..], |record| record.fields);
        self.path_parameters.iter().map(Parameter::Path).chain(query.iter().map(Parameter::Query))
    }

    /// Whether it answers with pages.
    #[must_use]
    pub fn is_list(&self) -> bool {
        !matches!(self.paging, Paging::None | Paging::Envelope)
    }
}

impl Parameter {
    /// The provider's name.
    #[must_use]
    pub fn wire(&self) -> &'static str {
        match self {
            Parameter::Path(placeholder) => placeholder.wire,
            Parameter::Query(field) => field.wire,
        }
    }
}
