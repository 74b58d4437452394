//! Names of tables and columns.

use heck::ToSnakeCase;

/// What the names of the copy's own tables and columns begin with.
pub const OWN_PREFIX: &str = "_penstock_";

/// The table of an operation: `jpm_jobs` of `jpm.jobs-list` and of `jpm.export-jobs-list`.
#[must_use]
pub fn table_name(operation: &str) -> String {
    let (module, rest) = operation.split_once('.').unwrap_or(("", operation));
    let rest = rest.strip_suffix("-list").unwrap_or(rest);
    let rest = rest.strip_prefix("export-").unwrap_or(rest);
    format!("{module}_{rest}").to_snake_case()
}

/// A vendor's name in snake case.
pub(super) fn snake(wire: &str) -> String {
    wire.to_snake_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_and_a_list_of_the_same_records_are_one_table() {
        assert_eq!(table_name("jpm.export-jobs-list"), "jpm_jobs");
        assert_eq!(table_name("jpm.jobs-list"), "jpm_jobs");
        assert_eq!(
            table_name("customer-interactions.export-technician-ratings-list"),
            "customer_interactions_technician_ratings"
        );
        assert_eq!(snake("jobNumber"), "job_number");
    }
}
