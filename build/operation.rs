//! An operation, as the tags of its function say.

use crate::tags::Doc;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use wit_parser::{Function, Interface};

/// An enum of `src/contract/catalogue`: its cases in Rust, and as the tags spell them.
macro_rules! cases {
    ($(#[$doc:meta])* $name:ident { $($case:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($case),*
        }

        impl $name {
            fn parse(text: &str) -> Option<$name> {
                match text {
                    $($text => Some($name::$case),)*
                    _ => None,
                }
            }
        }

        impl ToTokens for $name {
            fn to_tokens(&self, out: &mut TokenStream) {
                out.extend(match self {
                    $($name::$case => quote!($name::$case),)*
                });
            }
        }
    };
}

cases! {
    Method { Get "GET" Post "POST" Put "PUT" Patch "PATCH" Delete "DELETE" }
}

cases! {
    /// What an operation does to the provider's data.
    Effect { Read "read" Create "create" Update "update" Delete "delete" Action "action" }
}

cases! {
    /// How the answer is paged.
    Paging {
        None "none"
        Envelope "envelope"
        Numbered "numbered"
        DataOnly "data-only"
        Bare "bare"
        Report "report"
        Export "export"
        Cursor "cursor"
        Offset "offset"
    }
}

impl Paging {
    /// Whether there is more than one answer.
    pub(crate) fn is_list(self) -> bool {
        !matches!(self, Paging::None | Paging::Envelope)
    }

    /// Whether each page names the next one, so that they come one after the other.
    fn is_feed(self) -> bool {
        matches!(self, Paging::Export | Paging::Cursor)
    }

    fn is_numbered(self) -> bool {
        matches!(self, Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report)
    }
}

/// How long an answer may be cached.
#[derive(Clone, Copy)]
pub(crate) enum Caching {
    Immutable,
    Seconds(u32),
}

impl Caching {
    fn parse(text: &str) -> Option<Caching> {
        match text {
            "immutable" => Some(Caching::Immutable),
            seconds => seconds.parse().ok().filter(|seconds| *seconds > 0).map(Caching::Seconds),
        }
    }
}

impl ToTokens for Caching {
    fn to_tokens(&self, out: &mut TokenStream) {
        out.extend(match self {
            Caching::Immutable => quote!(Caching::Immutable),
            Caching::Seconds(seconds) => quote!(Caching::Seconds(#seconds)),
        });
    }
}

/// One `@http`, `@variant-of` or `@composed` line.
pub(crate) struct Operation {
    pub(crate) function: Function,
    /// The function that streams all pages, if there is one.
    pub(crate) all: Option<Function>,
    /// The function that this one is a variant of; none for an operation of its own.
    pub(crate) variant_of: Option<String>,
    pub(crate) doc: Doc,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) effect: Effect,
    pub(crate) paging: Paging,
    pub(crate) cache: Option<Caching>,
    /// The parameter that says whose data it is about.
    pub(crate) owner: Option<String>,
    /// Whether it is aggregated from other operations.
    pub(crate) composed: bool,
    /// The most records that a page may have, where that is not the provider's usual.
    pub(crate) max_page_size: Option<u32>,
    /// Whether the provider counts the records of its pages on request.
    pub(crate) counted: bool,
    /// The query parameters of which at least one is needed.
    pub(crate) any_of: Vec<String>,
    /// Whether doing it twice adds twice, whatever its method promises.
    pub(crate) non_idempotent: bool,
    pub(crate) file: bool,
    /// The field of the form that a file is sent in.
    pub(crate) upload: Option<String>,
}

const TAGS: [&str; 14] = [
    "http",
    "composed",
    "page",
    "effect",
    "cache",
    "owner",
    "all",
    "variant-of",
    "max-page-size",
    "uncounted",
    "any-of",
    "non-idempotent",
    "file",
    "upload",
];

/// What a variant of an operation says itself; it inherits the rest.
const VARIANT_TAGS: [&str; 3] = ["variant-of", "page", "uncounted"];

impl Operation {
    /// The operation of a function; none for a function that streams the pages of another.
    pub(crate) fn of(interface: &Interface, function: &Function) -> Result<Option<Operation>, String> {
        let doc = Doc::parse(function.docs.contents.as_deref());
        if let Some(tag) = doc.unknown(&TAGS) {
            return Err(format!("unknown tag @{tag}"));
        }
        let base = |name: &str| {
            interface.functions.get(name).ok_or_else(|| format!("there is no function {name} to refer to"))
        };
        let (all, variant_of) = (doc.tag("all").map(str::to_owned), doc.tag("variant-of").map(str::to_owned));
        let composed = doc.tag("composed").is_some();
        match (composed || doc.tag("http").is_some(), all, variant_of) {
            (true, None, None) => Operation::read(interface, function, doc).map(Some),
            // What is composed of one endpoint only is a form of it.
            (true, None, Some(name)) if composed => {
                let variant_of = Some(base(&name)?.name.clone());
                Ok(Some(Operation { variant_of, ..Operation::read(interface, function, doc)? }))
            }
            (false, None, Some(name)) => {
                Operation::read_variant(interface, function, doc, base(&name)?).map(Some)
            }
            (false, Some(page), None) => base(&page).map(|_| None),
            _ => Err("needs one of @http, @composed, @variant-of and @all".to_owned()),
        }
    }

    fn read(interface: &Interface, function: &Function, doc: Doc) -> Result<Operation, String> {
        let composed = doc.tag("composed").is_some();
        if composed && doc.tag("http").is_some() {
            return Err("either @http or @composed".to_owned());
        }
        let (method, path) = endpoint(doc.tag("http").or(doc.tag("composed")).unwrap_or_default())?;
        let effect = doc.tag("effect").ok_or("@effect is missing")?;
        let paging = doc.tag("page").unwrap_or("none");
        let max_page_size = doc.tag("max-page-size").map(str::parse::<u32>).transpose();
        let cache = doc.tag("cache").map(|life| Caching::parse(life).ok_or(life)).transpose();
        let any_of = doc.tag("any-of").unwrap_or_default().split(',').map(str::trim);
        let operation = Operation {
            function: function.clone(),
            all: streaming(interface, &function.name).cloned(),
            variant_of: None,
            method,
            path,
            effect: Effect::parse(effect).ok_or_else(|| format!("@effect {effect}"))?,
            paging: Paging::parse(paging).ok_or_else(|| format!("@page {paging}"))?,
            cache: cache.map_err(|life| format!("@cache SECONDS or @cache immutable, not {life}"))?,
            owner: doc.tag("owner").map(str::to_owned),
            composed,
            max_page_size: max_page_size.map_err(|_| "@max-page-size NUMBER")?,
            counted: doc.tag("uncounted").is_none(),
            any_of: any_of.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            non_idempotent: doc.tag("non-idempotent").is_some(),
            file: doc.tag("file").is_some(),
            upload: doc.tag("upload").map(str::to_owned),
            doc,
        };
        operation.check()?;
        Ok(operation)
    }

    /// A variant of another operation: the same endpoint, asked with a query of its own, or
    /// read page by page.
    fn read_variant(
        interface: &Interface,
        function: &Function,
        doc: Doc,
        base: &Function,
    ) -> Result<Operation, String> {
        if doc.unknown(&VARIANT_TAGS).is_some() {
            return Err("@variant-of brings the other tags with it".to_owned());
        }
        let mut inherited = Doc::parse(base.docs.contents.as_deref());
        if inherited.tag("http").is_none() {
            return Err(format!("{} has no @http", base.name));
        }
        for tag in ["page", "uncounted"] {
            if let Some(value) = doc.tag(tag) {
                inherited.set(tag, value);
            }
        }
        let operation = Operation::read(interface, function, inherited)?;
        Ok(Operation { doc, variant_of: Some(base.name.clone()), ..operation })
    }

    /// Whether the tags go together.
    fn check(&self) -> Result<(), &'static str> {
        let (paging, read) = (self.paging, self.effect == Effect::Read);
        if paging.is_list() && self.all.is_none() {
            return Err("no function has @all with its name");
        }
        if self.cache.is_some() && (!read || paging.is_feed()) {
            return Err("only reads are cached, and no feeds");
        }
        if self.composed && (!read || paging != Paging::None || self.cache.is_some()) {
            return Err("what is composed is a read of one answer, and not cached");
        }
        if self.max_page_size.is_some() && !paging.is_numbered() && paging != Paging::Offset {
            return Err("@max-page-size is for numbered pages");
        }
        if !self.counted && !paging.is_numbered() {
            return Err("@uncounted is for numbered pages");
        }
        if self.non_idempotent && read {
            return Err("a read is idempotent");
        }
        if self.upload.as_deref() == Some("") {
            return Err("@upload FIELD");
        }
        if self.moves_file() && (paging != Paging::None || self.cache.is_some() || self.composed) {
            return Err("a file comes or goes alone, and is not cached");
        }
        if self.file && (self.method != Method::Get || !read || self.upload.is_some()) {
            return Err("a file is read with GET");
        }
        Ok(())
    }

    /// Whether its answer or its body is a file.
    pub(crate) fn moves_file(&self) -> bool {
        self.file || self.upload.is_some()
    }

    /// The placeholders of the path that the caller fills, in the path's order.
    pub(crate) fn placeholders(&self) -> Vec<&str> {
        let parts = self.path.split('/');
        let names = parts.filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')));
        names.filter(|name| *name != "tenant").collect()
    }
}

/// `GET /path`.
fn endpoint(line: &str) -> Result<(Method, String), String> {
    let (method, path) = line.split_once(' ').ok_or("@http METHOD PATH")?;
    let method = Method::parse(method).filter(|_| path.starts_with('/'));
    Ok((method.ok_or_else(|| format!("@http {line}"))?, path.to_owned()))
}

/// The function that streams the pages of this one.
fn streaming<'a>(interface: &'a Interface, page: &str) -> Option<&'a Function> {
    let functions = &mut interface.functions.values();
    functions.find(|other| Doc::parse(other.docs.contents.as_deref()).tag("all") == Some(page))
}
