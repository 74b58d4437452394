//! Which operations read: `READS`, by provider and name, sorted.

use proc_macro2::TokenStream;
use quote::quote;
use wit_parser::{Function, Interface};

use crate::world::Harness;

pub(crate) fn write(harness: &Harness) -> TokenStream {
    let mut reads: Vec<_> = harness
        .modules()
        .flat_map(|(provider, module)| of(module).map(move |name| (provider, name)))
        .collect();
    reads.sort();
    let reads = reads.iter().map(|(provider, name)| quote!((#provider, #name)));
    quote! { const READS: &[(&str, &str)] = &[#(#reads),*]; }
}

/// A list is known by the name of all its pages, `jobs-list`.
fn of(module: &Interface) -> impl Iterator<Item = String> {
    let place = module.name.as_deref().unwrap_or_default();
    module
        .functions
        .values()
        .filter(|function| is_read(function))
        .map(move |function| format!("{place}.{}", function.name))
}

/// What has no effect of its own asks for the pages of a list.
pub(crate) fn is_read(function: &Function) -> bool {
    let mut lines = function.docs.contents.as_deref().unwrap_or_default().lines().map(str::trim);
    lines.find_map(|line| line.strip_prefix("@effect ")).is_none_or(|effect| effect.trim() == "read")
}
