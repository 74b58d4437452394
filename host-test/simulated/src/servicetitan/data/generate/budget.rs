//! The work breakdown structure: segments, their items, and budget codes.

use crate::servicetitan::data::{Record, Resource, Tenant, values::quoted};

/// Segments of a company. More than one page of a small size.
const SEGMENTS: i64 = 7;
/// Items at the top of each segment, and children of the first two of them.
const ITEMS: i64 = 6;

const TYPES: [&str; 4] = ["CostCode", "CostType", "Custom", "Phase"];
const CATEGORIES: [&str; 4] = ["Material", "Labor", "Equipment", "null"];

pub(super) fn add(tenant: &mut Tenant) {
    for segment in 1..=SEGMENTS {
        // `Phase` and `Graph` are cases that the contract does not know.
        let kind = cyclic(&TYPES, segment);
        let structure = if segment == 5 { "Graph" } else { "Hierarchal" };
        put(
            tenant,
            Resource::Segments,
            600 + segment,
            String::new(),
            format!(
                r#"{{"id":{},"name":"Segment {segment}","type":"{kind}","structure":"{structure}","isActive":{},"isRequired":{}}}"#,
                600 + segment,
                segment != 6,
                segment < 3,
            ),
        );
        for item in 1..=ITEMS {
            let id = 60_000 + segment * 100 + item;
            self::item(tenant, id, 600 + segment, None, &format!("{item:02}"));
            for child in 1..=if item < 3 { 3 } else { 0 } {
                self::item(tenant, id * 10 + child, 600 + segment, Some(id), &format!("{item:02}.{child}"));
            }
        }
    }
    for number in 1..=20 {
        let (one, two) = (60_101 + number % ITEMS, 60_201 + number % 4);
        code(tenant, 9_000 + number, &[one, two]);
    }
}

fn item(tenant: &mut Tenant, id: i64, segment: i64, parent: Option<i64>, code: &str) {
    let category = match cyclic(&CATEGORIES, id) {
        "null" => "null".to_owned(),
        name => quoted(name),
    };
    let parent = parent.map_or_else(|| "null".to_owned(), |id| id.to_string());
    put(
        tenant,
        Resource::SegmentItems,
        id,
        format!("\"segmentId\":{segment}"),
        format!(
            r#"{{"id":{id},"parentId":{parent},"code":"{code}","description":"Item {code} of segment {segment}","path":"{segment}/{code}","costCategory":{category},"isActive":true}}"#,
        ),
    );
}

/// Stores the budget code of these items; none if one of the items is unknown.
pub(crate) fn code(tenant: &mut Tenant, id: i64, items: &[i64]) -> Option<String> {
    let (mut segments, mut names, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for &item in items {
        let record = tenant.get(Resource::SegmentItems, item)?;
        let columns = tenant.table(Resource::SegmentItems).columns;
        let segment = record.int(columns, "segmentId")?;
        let code = record.text_of(columns, "code").unwrap_or_default();
        let path = quoted(record.text_of(columns, "path").unwrap_or_default());
        segments.push(format!(
            r#"{{"segmentId":{segment},"segmentItemId":{item},"code":{},"description":null,"path":{path}}}"#,
            quoted(code),
        ));
        names.push(code.to_owned());
        own.push(segment);
    }
    let name = names.join("-");
    let text = format!(
        r#"{{"id":{id},"code":{},"description":"Budget code {id}","segments":[{}]}}"#,
        quoted(&name),
        segments.join(","),
    );
    let private = format!("\"segmentIds\":{own:?},\"segmentItemIds\":{items:?}");
    put(tenant, Resource::BudgetCodes, id, private, text.clone());
    Some(text)
}

fn put(tenant: &mut Tenant, resource: Resource, id: i64, private: String, text: String) {
    tenant.table(resource).put(Record { id, text, private, active: true, ..Record::default() });
}

fn cyclic<'a>(of: &[&'a str], number: i64) -> &'a str {
    of.get(usize::try_from(number).unwrap_or_default() % of.len().max(1)).copied().unwrap_or_default()
}
