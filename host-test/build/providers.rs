//! Writes what an embedder calls: a method for every function of every provider,
//! `plugin.servicetitan().jpm().jobs_list(query)`.

use std::error::Error;

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use wit_parser::{Function, Interface, Param, Resolve, Type, TypeDefKind};

use crate::{
    effects::is_read,
    names::{ident, module, rust},
    world::{Harness, PROVIDERS},
};

type Written = Result<TokenStream, Box<dyn Error>>;

/// Rust for the module of the providers.
pub(crate) fn write(harness: &Harness) -> Written {
    let mut out = TokenStream::new();
    for (package, name) in PROVIDERS {
        let modules: Vec<_> = harness.exports().filter(|(of, _)| *of == package).collect();
        if !modules.is_empty() {
            out.extend(provider(&harness.resolve, package, name, &modules)?);
        }
    }
    Ok(out)
}

/// The handle of a provider, and a module with those of its interfaces.
fn provider(resolve: &Resolve, package: &str, name: &str, modules: &[(&str, &Interface)]) -> Written {
    let (module, provider) = (ident(package), format_ident!("{name}"));
    let mut getters = TokenStream::new();
    let mut handles = TokenStream::new();
    for (_, interface) in modules {
        let name = interface.name.as_deref().ok_or("an interface without a name")?;
        let (getter, handle) = (ident(name), format_ident!("{}", name.to_upper_camel_case()));
        let doc = words(interface.docs.contents.as_deref());
        let methods = interface.functions.values().map(|function| method(resolve, interface, function));
        let methods = methods.collect::<Result<Vec<_>, _>>()?;
        getters.extend(quote! {
            #[doc = #doc]
            #[must_use]
            pub fn #getter(&self) -> #module::#handle { #module::#handle(self.0.clone()) }
        });
        handles.extend(quote! {
            #[doc = #doc]
            #[derive(Clone, Debug)]
            pub struct #handle(pub(super) Plugin);
            impl #handle { #(#methods)* }
        });
    }
    let (operations, modules) =
        (format!("The operations of {name}, by its modules."), format!("The modules of {name}."));
    Ok(quote! {
        #[doc = #operations]
        #[derive(Clone, Debug)]
        pub struct #provider(crate::Plugin);
        impl #provider { #getters }
        impl crate::Plugin {
            #[doc = #operations]
            #[must_use]
            pub fn #module(&self) -> #provider { #provider(self.clone()) }
        }
        #[doc = #modules]
        pub mod #module {
            use crate::{Call, Plugin, bindings::types::Outcome};
            use futures_util::FutureExt as _;
            #handles
        }
    })
}

/// `#[inline]`, so that code is made only of the methods that an embedder calls.
fn method(resolve: &Resolve, interface: &Interface, function: &Function) -> Written {
    let place = format!("{}.{}", interface.name.as_deref().unwrap_or_default(), function.name);
    let Some((_, parameters)) = function.params.split_last().filter(|(last, _)| last.name == "options")
    else {
        return Err(format!("{place}: the options come last").into());
    };
    let signature = parameters.iter().map(|parameter| argument(resolve, parameter));
    let signature = signature.collect::<Result<Vec<_>, _>>().map_err(|why| format!("{place}: {why}"))?;
    let names: Vec<_> = parameters.iter().map(|parameter| ident(&parameter.name)).collect();
    let of = |which: fn(&Resolve, &Type) -> bool| {
        let found = parameters.iter().filter(move |parameter| which(resolve, &parameter.ty));
        found.map(|parameter| ident(&parameter.name)).collect::<Vec<_>>()
    };
    let texts = of(|_, ty| *ty == Type::String);
    let files = of(|resolve, ty| is(resolve, ty, "upload"));
    let (form, answer) = answer(resolve, function).map_err(|why| format!("{place}: {why}"))?;
    let module = module(resolve, interface).ok_or("an interface without a name")?;
    let getter = format_ident!("{}", module.to_string().replace(" :: ", "_"));
    let (name, call) = (ident(&function.name), format_ident!("call_{}", ident(&function.name)));
    let made = quote!(guest.#getter().#call(caller, #(#names,)* options));
    let made = match files.as_slice() {
        [] => quote!(#made.boxed()),
        files => quote!(async move { #(let #files = #files.into_argument(caller)?;)* #made.await }.boxed()),
    };
    let doc = words(function.docs.contents.as_deref());
    let lost = match is_read(function) {
        _ if form != "answer" => quote!(),
        true => quote!(Outcome::NotApplied,),
        false => quote!(Outcome::Unknown,),
    };
    let form = format_ident!("{form}");
    Ok(quote! {
        #[doc = #doc]
        #[inline]
        pub fn #name(&self, #(#signature),*) -> Call<#answer> {
            #(let #texts: String = #texts.into();)*
            Call::#form(&self.0, #lost move |caller, guest, options| #made)
        }
    })
}

fn argument(resolve: &Resolve, Param { name, ty, .. }: &Param) -> Written {
    let name = ident(name);
    if is(resolve, ty, "upload") {
        return Ok(quote!(#name: crate::Outgoing));
    }
    if *ty == Type::String {
        return Ok(quote!(#name: impl Into<String>));
    }
    let ty = rust(resolve, ty)?;
    Ok(quote!(#name: #ty))
}

/// Which form of `Call` it is, and what it answers with.
fn answer(resolve: &Resolve, function: &Function) -> Result<(&'static str, TokenStream), Box<dyn Error>> {
    let Some(Type::Id(id)) = function.result else { return Err("answers with nothing".into()) };
    match &resolve.types[id].kind {
        TypeDefKind::Result(result) if result.err.is_some_and(|ty| is(resolve, &ty, "failure")) => {
            match &result.ok {
                None => Ok(("answer", quote!(()))),
                Some(ty) if is(resolve, ty, "download") => Ok(("file", quote!(crate::File))),
                Some(ty) => Ok(("answer", rust(resolve, ty)?)),
            }
        }
        TypeDefKind::Tuple(tuple) => {
            let [Type::Id(stream), _] = tuple.types.as_slice() else { return Err("no stream".into()) };
            let TypeDefKind::Stream(Some(record)) = &resolve.types[*stream].kind else {
                return Err("no stream".into());
            };
            let record = rust(resolve, record)?;
            Ok(("records", quote!(crate::Records<#record>)))
        }
        other => Err(format!("answers with {}", other.as_str()).into()),
    }
}

/// Whether this is the connector's type of this name, by whatever name it is used.
fn is(resolve: &Resolve, ty: &Type, name: &str) -> bool {
    let Type::Id(id) = ty else { return false };
    let definition = &resolve.types[*id];
    match &definition.kind {
        TypeDefKind::Type(next @ Type::Id(_)) => is(resolve, next, name),
        _ => definition.name.as_deref() == Some(name),
    }
}

/// A comment without its tags.
fn words(doc: Option<&str>) -> String {
    let lines = doc.unwrap_or_default().lines().map(str::trim).filter(|line| !line.starts_with('@'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
