//! Which operations are copied, and into which tables.

use crate::{
    Error,
    schema::{Table, record_of, table_name},
};
use penstock::contract::catalogue::{self, Effect, Operation, Paging};
use std::{collections::BTreeMap, sync::Arc};

/// The tables of these modules, all of a vendor's without any; of them only the selected ones, by the
/// table's name or the operation's, if any are.
///
/// # Errors
/// [`Error::Unfit`]: a vendor, a module or a table that is not there, with what is near.
pub fn tables(provider: &str, modules: &[String], select: &[String]) -> Result<Vec<Arc<Table>>, Error> {
    let operations = catalogue::operations(provider).ok_or_else(|| {
        let known: Vec<_> = catalogue::providers().collect();
        Error::Unfit(format!("there is no vendor \"{provider}\": {} are there", known.join(", ")))
    })?;
    let all = by_name(operations);
    for module in modules {
        if !operations.iter().any(|operation| module_of(operation) == module) {
            return Err(unknown("module", module, operations.iter().map(module_of)));
        }
    }
    let of_modules =
        |table: &&Table| modules.is_empty() || modules.iter().any(|name| name == module_of(table.source));
    for wanted in select {
        if !all.values().any(|table| is_called(table, wanted)) {
            return Err(unknown("table", wanted, all.keys().map(String::as_str)));
        }
    }
    let selected = |table: &&Table| select.is_empty() || select.iter().any(|wanted| is_called(table, wanted));
    let chosen: Vec<_> =
        all.into_values().filter(|table| of_modules(&table) && selected(&table)).map(Arc::new).collect();
    if chosen.is_empty() {
        return Err(Error::Unfit(format!(
            "nothing of {provider} that was asked for can be copied as a table"
        )));
    }
    Ok(chosen)
}

/// The lists that are read owner by owner, user by user for instance, whose owners must be named.
#[must_use]
pub fn owned(provider: &str) -> Vec<Arc<Table>> {
    let operations = catalogue::operations(provider).unwrap_or_default();
    let owned = operations.iter().filter(|operation| is_whole(operation) && operation.owner.is_some());
    owned.filter_map(|operation| Table::of(operation, None)).map(Arc::new).collect()
}

fn by_name(operations: &'static [Operation]) -> BTreeMap<String, Table> {
    let wanted = |operation: &&'static Operation| {
        is_whole(operation) && operation.owner.is_none() && needs_nothing(operation)
    };
    let mut sources: BTreeMap<String, (Option<&'static Operation>, Option<&'static Operation>)> =
        BTreeMap::new();
    for operation in operations.iter().filter(wanted) {
        let (feed, list) = sources.entry(table_name(operation.name)).or_default();
        let place = if operation.paging == Paging::Export { feed } else { list };
        place.get_or_insert(operation);
    }
    let tables = sources.into_iter().filter_map(|(name, (feed, list))| {
        let table = match feed {
            Some(feed) => Table::of(feed, list)?,
            None => Table::of(list?, None)?,
        };
        Some((name, table))
    });
    tables.collect()
}

/// Whether it lists records, and is no other form of an operation.
fn is_whole(operation: &Operation) -> bool {
    operation.is_list()
        && operation.effect == Effect::Read
        && operation.variant_of.is_none()
        && !operation.composed
        && operation.body.is_none()
        && operation.path_parameters.is_empty()
        && record_of(operation).is_some()
}

/// Whether it lists everything without being told of what.
fn needs_nothing(operation: &Operation) -> bool {
    use penstock::contract::catalogue::Type;
    let given = |field: &penstock::contract::catalogue::Field| {
        !field.required && matches!(field.ty, Type::Option(_) | Type::List(_))
    };
    operation.any_of.is_empty() && operation.query.is_none_or(|query| query.fields.iter().all(given))
}

fn is_called(table: &Table, name: &str) -> bool {
    table.name == name || table.source.name == name || table.list.is_some_and(|list| list.name == name)
}

/// The module of an operation, `jpm`.
fn module_of(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or_default()
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let near =
        catalogue::nearest(name, known).map_or_else(String::new, |near| format!(": do you mean \"{near}\"?"));
    Error::Unfit(format!("there is no {what} \"{name}\"{near}"))
}
