//! Members whose shape in a request is not their shape in an answer.

use crate::servicetitan::writes::record::date;
use crate::servicetitan::{
    data::{Resource, Tenant},
    members::Members,
};
use serde_json::{Value, json};

/// Puts the members of an update's body into a record. Null clears; a member that
/// is absent stays as it is.
pub(super) fn update(record: &mut Members, body: &Members, names: &[(i64, String)]) {
    for (name, raw) in body.iter() {
        match name {
            "externalData" => external_data(record, raw),
            "customFields" => custom_fields(record, raw, names),
            // Instructions, not members.
            "shouldUpdateInvoiceItems" | "customFieldsUpdateMode" => {}
            _ if name.ends_with("On") || name.ends_with("Date") => record.set(name, date(raw)),
            _ => record.set(name, raw),
        }
    }
}

/// The names of the custom fields, by id.
pub(super) fn custom_field_names(data: &mut Tenant, resource: Resource) -> Vec<(i64, String)> {
    let rows = data.table(resource).rows();
    rows.filter_map(|row| Some((row.id, row.members().read::<String>("name")?))).collect()
}

/// `{applicationGuid, patchMode, externalData: [{key, value}]}` into `[{key, value}]`.
pub(super) fn external_data(record: &mut Members, raw: &str) {
    let Ok(Value::Object(request)) = serde_json::from_str(raw) else { return };
    let given = request.get("externalData").and_then(Value::as_array).cloned().unwrap_or_default();
    // Merge is what the provider does unless it is told to replace.
    let replace = request.get("patchMode").and_then(Value::as_str) == Some("Replace");
    let mut all: Vec<Value> =
        if replace { Vec::new() } else { record.read("externalData").unwrap_or_default() };
    for entry in given {
        all.retain(|old| old.get("key") != entry.get("key"));
        // A null value takes the entry away.
        if entry.get("value").is_some_and(|value| !value.is_null()) {
            all.push(entry);
        }
    }
    record.put("externalData", all);
}

/// `[{typeId, value}]` into `[{typeId, name, value}]`; other fields stay.
pub(super) fn custom_fields(record: &mut Members, raw: &str, names: &[(i64, String)]) {
    let Ok(Value::Array(given)) = serde_json::from_str(raw) else { return };
    let mut all: Vec<Value> = record.read("customFields").unwrap_or_default();
    for field in given {
        let id = field.get("typeId").and_then(Value::as_i64).unwrap_or_default();
        all.retain(|old| old.get("typeId").and_then(Value::as_i64) != Some(id));
        let name = names.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name.as_str());
        match field.get("value") {
            None | Some(Value::Null) => {}
            Some(value) => all.push(json!({ "typeId": id, "name": name, "value": value })),
        }
    }
    record.put("customFields", all);
}
