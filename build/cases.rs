//! Writes `cases.rs`: the names of the cases of `penstock:connector`'s own types
//! (`src/contract` includes it).

use crate::{
    case_names,
    contract::{Contract, feature},
    names::{bindings, pascal},
};
use proc_macro2::TokenStream;
use quote::quote;
use std::error::Error;

pub(crate) fn write(contract: &Contract) -> Result<TokenStream, Box<dyn Error>> {
    let mut out = TokenStream::new();
    let webhooks = feature("webhooks").then_some("webhooks");
    for interface in ["types", "operations"].into_iter().chain(webhooks) {
        for (name, id) in contract.connector_types(interface)? {
            let (module, name) = (bindings(interface), pascal(name));
            out.extend(case_names::write(&quote!(#module::#name), &contract.resolve.types[id].kind));
        }
    }
    Ok(out)
}
