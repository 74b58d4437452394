//! `penstock operations`: what can be called.

use crate::{
    report::Unfit,
    told::{note, unprinted},
};
use anyhow::Result;
use clap::Args;
use penstock_host::{Environment, Plugin, bindings::operations::Operation};
use serde_json::json;
use std::io::{self, BufWriter, Write};

#[derive(Args)]
pub(crate) struct Operations {
    /// Only those whose name, method or path contains this; or a vendor's name for
    /// all of that vendor.
    filter: Option<String>,
    /// Also the other forms of operations, such as lists by the tenant's own days.
    #[arg(long)]
    all: bool,
    /// One JSON object a line, with the types, values and descriptions of parameters.
    #[arg(long)]
    json: bool,
}

impl Operations {
    pub(crate) async fn run(self) -> Result<()> {
        let plugin = Plugin::start(Environment::empty()).await?;
        let providers = plugin.providers().await?;
        let named = providers.iter().find(|provider| self.filter.as_ref() == Some(provider));
        let filter = if named.is_some() { None } else { self.filter.as_deref() };
        let mut found = Vec::new();
        for provider in providers.iter().filter(|provider| named.is_none_or(|named| named == *provider)) {
            let operations = plugin.describe(provider, filter).await?;
            found.extend(operations.into_iter().map(|operation| (provider.as_str(), operation)));
        }
        let (own, forms): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, row)| row.over.is_none());
        let count = (own.len(), forms.len());
        let shown = if self.all { [own, forms].concat() } else { own };
        if let (true, Some(wanted)) = (shown.is_empty(), &self.filter) {
            return Err(none(wanted, count.1).into());
        }
        print(&shown, self.json).map_err(unprinted)?;
        let (own, forms) = count;
        let noun = if own == 1 { "operation" } else { "operations" };
        let other = if forms == 1 { "other form" } else { "other forms" };
        let text = match count {
            (own, 0) => format!("{own} {noun}"),
            (own, forms) if self.all => format!("{own} {noun}, {forms} {other} of them"),
            (own, forms) => format!("{own} {noun} (--all shows {forms} {other} of them)"),
        };
        note("summary", json!({ "operations": own, "otherForms": forms }), format_args!("{text}"));
        Ok(())
    }
}

/// Nothing is there to be shown, which a script must not take for an answer.
fn none(wanted: &str, forms: usize) -> Unfit {
    let hint = match forms {
        0 => "`penstock operations` shows all of them".to_owned(),
        forms => format!("--all shows {forms} other forms of operations that do"),
    };
    Unfit(format!("no operation has `{wanted}` in its name, method or path; {hint}"))
}

fn print(found: &[(&str, Operation)], as_json: bool) -> io::Result<()> {
    let width =
        |text: fn(&Operation) -> &str| found.iter().map(|(_, row)| text(row).len()).max().unwrap_or(0);
    let (name, path) = (width(|row| &row.name), width(|row| &row.path));
    let mut out = BufWriter::new(io::stdout().lock());
    for (provider, row) in found {
        if as_json {
            writeln!(out, "{}", describe(provider, row))?;
            continue;
        }
        let parameters: Vec<String> = row
            .parameters
            .iter()
            .map(|parameter| format!("{}{}", parameter.name, if parameter.required { "*" } else { "" }))
            .chain(row.body.iter().map(|_| "body*".to_owned()))
            .collect();
        writeln!(
            out,
            "{provider}  {:name$}  {:6}  {:path$}  {:6}  {}",
            row.name,
            row.method,
            row.path,
            row.effect.name(),
            parameters.join(", ")
        )?;
    }
    out.flush()
}

fn describe(provider: &str, row: &Operation) -> serde_json::Value {
    let parameters = row.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "kind": parameter.kind,
            "required": parameter.required,
            "values": parameter.values,
            "description": parameter.description,
        })
    });
    let body: Option<serde_json::Value> =
        row.body.as_deref().and_then(|schema| serde_json::from_str(schema).ok());
    json!({
        "vendor": provider,
        "name": row.name,
        "aliases": row.aliases,
        "method": row.method,
        "path": row.path,
        "effect": row.effect.name(),
        "paging": row.paging.name(),
        "description": row.description,
        "parameters": parameters.collect::<Vec<_>>(),
        "body": body,
    })
}
