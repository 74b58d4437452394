//! Records that do not fit the contract, told on standard error.

use crate::told::warning_in_lines;
use penstock_host::bindings::types::Misfit;
use serde_json::{Value, json};

/// How many are named there. All that the contract names would bury the count.
const MOST_SHOWN: usize = 5;

/// Counts them and names the first.
pub(crate) fn count_on_stderr(count: u64, first: &[Misfit]) {
    if count > 0 {
        let named = first
            .iter()
            .map(|Misfit { id, path, reason }| json!({ "id": id, "path": path, "reason": reason }));
        let members = json!({ "count": count, "first": named.collect::<Vec<Value>>() });
        warning_in_lines("misfits", members, &lines(count, first));
    }
}

fn lines(count: u64, first: &[Misfit]) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let records = if count == 1 { "record does" } else { "records do" };
    let mut lines = vec![format!("{count} {records} not fit the contract:")];
    lines.extend(first.iter().take(MOST_SHOWN).map(|Misfit { id, path, reason }| {
        let id = id.as_deref().map_or_else(|| "without an id".to_owned(), |id| format!("id {id}"));
        format!("  {id}: {path}: {reason}")
    }));
    if count > MOST_SHOWN as u64 {
        lines.push("  ...".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_a_few_named() {
        let misfit = |id: Option<&str>| Misfit {
            id: id.map(str::to_owned),
            path: "$.data[3].total".to_owned(),
            reason: "odd".to_owned(),
        };
        assert!(lines(0, &[]).is_empty());
        let one = lines(1, &[misfit(Some("7"))]);
        assert_eq!(one, ["1 record does not fit the contract:", "  id 7: $.data[3].total: odd"]);
        let many = lines(9, &vec![misfit(None); 9]);
        assert_eq!((many.len(), many[0].as_str()), (7, "9 records do not fit the contract:"));
        assert_eq!((many[1].as_str(), many[6].as_str()), ("  without an id: $.data[3].total: odd", "  ..."));
    }
}
