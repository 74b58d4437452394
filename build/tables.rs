//! Writes `tables.rs`: types and operations as static data.

mod operations;
mod types;

use crate::{
    contract::{Contract, Provider},
    names::snake,
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::error::Error;

type Written = Result<TokenStream, Box<dyn Error>>;

pub(crate) fn write(contract: &Contract) -> Written {
    let mut modules = TokenStream::new();
    let mut entries = Vec::new();
    for provider in &contract.providers {
        modules.extend(self::provider(contract, provider)?);
        let (name, module) = (&provider.name, snake(&provider.name));
        entries.push(quote!((#name, #module::OPERATIONS)));
    }
    Ok(quote! {
        use super::*;
        #modules
        pub static PROVIDERS: &[(&str, &[Operation])] = &[#(#entries),*];
    })
}

/// The types of all its modules, and the operations of those that are enabled.
fn provider(contract: &Contract, provider: &Provider) -> Written {
    let (mut modules, mut operations) = (TokenStream::new(), Vec::new());
    for module in &provider.modules {
        let types = module.types.iter().map(|id| types::definition(contract, module.naming, *id));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        let name = snake(&module.name);
        modules.extend(quote!(pub mod #name { use super::*; #(#types)* }));
        if module.enabled {
            let own = module.operations.iter();
            let own = own.map(|operation| operations::write(contract, &provider.name, module, operation));
            operations.extend(own.collect::<Result<Vec<_>, _>>()?);
        }
    }
    let name = snake(&provider.name);
    Ok(quote! {
        pub mod #name {
            use super::*;
            #modules
            pub static OPERATIONS: &[Operation] = &[#(#operations),*];
        }
    })
}

/// An `Option`, written out.
fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}
