//! From WIT's kebab-case to the provider's spelling and to Rust's.

use heck::{ToLowerCamelCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// How a provider spells the names of an interface, unless `@wire` says otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Naming {
    fields: fn(&str) -> String,
    cases: fn(&str) -> String,
}

impl Naming {
    /// From the tags `@fields` and `@cases` of the interface, which show how `two-words`
    /// is spelt.
    pub(crate) fn of(fields: Option<&str>, cases: Option<&str>) -> Result<Naming, String> {
        let style = |shown: &str| -> Result<fn(&str) -> String, String> {
            Ok(match shown {
                "twoWords" => str::to_lower_camel_case,
                "TwoWords" => str::to_upper_camel_case,
                "two_words" => str::to_snake_case,
                "TWO_WORDS" => str::to_shouty_snake_case,
                other => return Err(format!("`{other}` is no way to spell two-words")),
            })
        };
        Ok(Naming {
            fields: style(fields.unwrap_or("twoWords"))?,
            cases: style(cases.unwrap_or("TwoWords"))?,
        })
    }

    /// The provider's name of a field or a parameter.
    pub(crate) fn field(&self, kebab: &str) -> String {
        (self.fields)(kebab)
    }

    /// The provider's text for a case.
    pub(crate) fn case(&self, kebab: &str) -> String {
        (self.cases)(kebab)
    }
}

/// `in-progress` to `InProgress`: a type or a case.
pub(crate) fn pascal(kebab: &str) -> Ident {
    format_ident!("{}", kebab.to_upper_camel_case())
}

/// `job-number` to `JOB_NUMBER`: a static.
pub(crate) fn constant(kebab: &str) -> Ident {
    format_ident!("{}", kebab.to_shouty_snake_case())
}

/// `job-number` to `job_number`, as wit-bindgen names fields and modules: a keyword gets a `_`.
pub(crate) fn snake(kebab: &str) -> Ident {
    let name = kebab.to_snake_case();
    syn::parse_str(&name).unwrap_or_else(|_| format_ident!("{name}_"))
}

/// Where wit-bindgen's types of an interface of `penstock:connector` stand.
pub(crate) fn bindings(interface: &str) -> TokenStream {
    let interface = snake(interface);
    quote!(crate::contract::bindings::exports::penstock::connector::#interface)
}
