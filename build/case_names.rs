//! The names of an enum's or a variant's cases, as methods of the Rust type that was made
//! from it. The build script of `host-test` uses this file too.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use wit_parser::{Type, TypeDefKind};

/// The methods of the type at `path`; none for a type without cases.
pub(crate) fn write(path: &TokenStream, kind: &TypeDefKind) -> Option<TokenStream> {
    let cases: Vec<(&str, Option<Type>)> = match kind {
        TypeDefKind::Enum(of) => of.cases.iter().map(|case| (case.name.as_str(), None)).collect(),
        TypeDefKind::Variant(of) => of.cases.iter().map(|case| (case.name.as_str(), case.ty)).collect(),
        _ => return None,
    };
    let arms = cases.iter().map(|(name, ty)| {
        let case = format_ident!("{}", name.to_upper_camel_case());
        let payload = ty.map(|_| quote!((..)));
        quote!(Self::#case #payload => #name)
    });
    let from_name = is_open(&cases).then(|| from_name(&cases));
    Some(quote! {
        impl #path {
            /// The name of the case in WIT, for instance `bad-input`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { #(#arms),* }
            }
            #from_name
        }
    })
}

/// Whether the last case is `other(string)`, for what the contract does not know.
fn is_open(cases: &[(&str, Option<Type>)]) -> bool {
    cases.last() == Some(&("other", Some(Type::String)))
}

fn from_name(cases: &[(&str, Option<Type>)]) -> TokenStream {
    let known = cases.iter().filter(|(_, ty)| ty.is_none());
    let arms = known.map(|(name, _)| {
        let case = format_ident!("{}", name.to_upper_camel_case());
        quote!(#name => Some(Self::#case))
    });
    quote! {
        /// The case of this name in WIT; none for a name that the contract does not know.
        #[must_use]
        pub fn from_name(name: &str) -> Option<Self> {
            match name { #(#arms,)* _ => None }
        }
    }
}
