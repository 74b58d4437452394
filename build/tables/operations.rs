//! The tables of operations.

use super::{
    Written, option,
    types::{record_path, ty},
};
use crate::{
    answer::Answer,
    contract::{Contract, Module},
    operation::{Operation, Paging},
    tags::Doc,
};
use proc_macro2::TokenStream;
use quote::quote;
use std::error::Error;
use wit_parser::{Field, Param, TypeDefKind};

pub(super) fn write(contract: &Contract, provider: &str, module: &Module, operation: &Operation) -> Written {
    let own = format!("{}.{}", module.name, operation.function.name);
    let streaming = operation.all.as_ref().map(|all| format!("{}.{}", module.name, all.name));
    let alias = option(streaming.is_some().then_some(&own));
    let name = streaming.as_ref().unwrap_or(&own);
    let variant_of = option(operation.variant_of.as_deref().map(|base| listed_name(module, base)));
    let Parameters { path: parameters, query, body } =
        Parameters::read(contract, module, operation).map_err(|why| format!("{own}: {why}"))?;
    let owner = operation.owner.as_deref();
    let owner = option(owner.map(|owner| owner_of(contract, module, operation, owner)).transpose()?);
    let any_of = any_of(contract, module, operation)?;
    let answer = option(answer(contract, operation)?);
    let (cache, upload) = (option(operation.cache), option(operation.upload.as_deref()));
    let max_page_size = option(operation.max_page_size);
    let Operation { method, path, effect, paging, composed, counted, non_idempotent, file, doc, .. } =
        operation;
    let doc = &doc.text;
    Ok(quote! {
        Operation {
            provider: #provider, name: #name, alias: #alias, variant_of: #variant_of, method: #method, path: #path,
            effect: #effect, paging: #paging, cache: #cache, owner: #owner, composed: #composed,
            max_page_size: #max_page_size, counted: #counted, any_of: &[#(#any_of),*], non_idempotent: #non_idempotent,
            file: #file, upload: #upload, path_parameters: &[#(#parameters),*], query: #query,
            body: #body, answer: #answer, doc: #doc,
        }
    })
}

/// The name of the operation whose function is `base`: a list is called by the function
/// that streams it.
fn listed_name(module: &Module, base: &str) -> String {
    let operation = module.operations.iter().find(|other| other.function.name == base);
    let streaming = operation.and_then(|operation| operation.all.as_ref());
    format!("{}.{}", module.name, streaming.map_or(base, |all| &all.name))
}

/// What a caller gives to an operation.
struct Parameters {
    path: Vec<TokenStream>,
    query: TokenStream,
    body: TokenStream,
}

impl Parameters {
    fn read(
        contract: &Contract,
        module: &Module,
        operation: &Operation,
    ) -> Result<Parameters, Box<dyn Error>> {
        let placeholders = operation.placeholders();
        let (mut path, mut query, mut body) = (Vec::new(), None, None);
        for (index, parameter) in operation.function.params.iter().enumerate() {
            match (parameter.name.as_str(), placeholders.get(index)) {
                (name, Some(wire))
                    if module.naming.field(name) == *wire || name.replace('-', "_") == *wire =>
                {
                    let ty = ty(contract, &parameter.ty)?;
                    path.push(quote!(Placeholder { wire: #wire, ty: #ty }));
                }
                (name, Some(wire)) => {
                    return Err(format!("`{name}` stands where `{wire}` is in the path").into());
                }
                ("query", None) => {
                    let record = record_path(contract, &parameter.ty)?;
                    query = Some(quote!(&#record));
                }
                // A file is no value of the provider's: it is streamed.
                ("body", None) if operation.upload.is_some() => {}
                ("body", None) => body = Some(ty(contract, &parameter.ty)?),
                ("page" | "options", None) => {}
                (name, None) => return Err(format!("what is `{name}`?").into()),
            }
        }
        Ok(Parameters { path, query: option(query), body: option(body) })
    }
}

fn query_fields<'a>(contract: &'a Contract, operation: &Operation) -> &'a [Field] {
    let is_query = |parameter: &&Param| parameter.name == "query";
    let query = operation.function.params.iter().find(is_query);
    match query.and_then(|query| contract.kind(&query.ty)) {
        Some(TypeDefKind::Record(record)) => &record.fields,
        _ => &[],
    }
}

/// The provider's name of the parameter that says whose data it is: a placeholder, or a
/// field of the query.
fn owner_of(
    contract: &Contract,
    module: &Module,
    operation: &Operation,
    owner: &str,
) -> Result<String, Box<dyn Error>> {
    let wire = module.naming.field(owner);
    let asked = query_fields(contract, operation).iter().any(|field| field.name == owner);
    if asked || operation.placeholders().contains(&wire.as_str()) {
        return Ok(wire);
    }
    Err(format!("{}: @owner names no parameter: {owner}", operation.function.name).into())
}

/// The provider's names of the parameters of which one is needed. `@any-of` names fields of
/// the query.
fn any_of(
    contract: &Contract,
    module: &Module,
    operation: &Operation,
) -> Result<Vec<String>, Box<dyn Error>> {
    let fields = query_fields(contract, operation);
    let wire = |name: &String| {
        let field = fields.iter().find(|field| field.name == *name);
        let field = field.ok_or_else(|| format!("{}: @any-of {name}", operation.function.name))?;
        let doc = Doc::parse(field.docs.contents.as_deref());
        Ok(doc.tag("wire").map_or_else(|| module.naming.field(&field.name), str::to_owned))
    };
    operation.any_of.iter().map(wire).collect()
}

/// The type of the answer; of one item if the operation answers with many.
fn answer(contract: &Contract, operation: &Operation) -> Result<Option<TokenStream>, Box<dyn Error>> {
    let name = &operation.function.name;
    if operation.file {
        return Ok(None);
    }
    let Some(ok) = Answer::of(contract, operation)?.value else { return Ok(None) };
    let item = match operation.paging {
        Paging::None => ok,
        Paging::Envelope => {
            contract.element(&ok).ok_or_else(|| format!("{name}: an envelope holds a list"))?
        }
        _ => contract
            .page_item(&ok)
            .ok_or_else(|| format!("{name}: a page is a record of `items` and `info`"))?,
    };
    ty(contract, &item).map(Some)
}
