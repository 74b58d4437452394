//! Answers of operations that have no state: any values of the declared shapes, the
//! same for the same request.

use crate::vendor::{
    answer::Answer,
    data::{Values, mix, random},
    declared::{Answers, Declared, Operation, Shape},
    errors::ApiError,
    members::Members,
    query::Query,
};

/// How many records such a list has.
const RECORDS: usize = 25;

/// The answer to a request for the record `id`, or for a page.
pub(crate) fn shaped(
    declared: &Declared,
    seed: u64,
    operation: &Operation,
    id: i64,
    query: &Query,
) -> Result<Answer, ApiError> {
    let values = Values::new(declared, seed);
    let kind = operation.path.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    let value =
        |shape: &Shape, index: usize| values.any(shape, "", &mut random(values.seed, kind, index as u64));
    let rows = |shape: &Shape, from: usize, to: usize| -> Vec<String> {
        (from..to).map(|at| value(shape, at)).collect()
    };
    Ok(match &operation.answer {
        Answers::Nothing => Answer::empty(),
        Answers::One(shape) => {
            let text = value(shape, usize::try_from(id).unwrap_or_default());
            // What was asked for by its id has that id.
            let own = Members::parse(&text).ok().filter(|record| id != 0 && record.get("id").is_some());
            let text = own.map_or(text, |mut record| {
                record.put("id", id);
                record.render()
            });
            Answer::records(text, 1)
        }
        Answers::Data(shape) => {
            Answer::records(format!("{{\"data\":[{}]}}", rows(shape, 0, RECORDS).join(",")), RECORDS)
        }
        Answers::Export(shape) => Answer::records(
            format!(
                "{{\"hasMore\":false,\"continueFrom\":\"end\",\"data\":[{}]}}",
                rows(shape, 0, RECORDS).join(",")
            ),
            RECORDS,
        ),
        Answers::Page(shape) => {
            let (page, size) = query.page()?;
            let start = page.saturating_mul(size).min(RECORDS);
            let end = start.saturating_add(size).min(RECORDS);
            let total = if query.flag("includeTotal") { RECORDS.to_string() } else { "null".to_owned() };
            let text = rows(shape, start, end).join(",");
            let head = format!("\"page\":{},\"pageSize\":{size},\"hasMore\":{}", page + 1, end < RECORDS);
            Answer::records(format!("{{{head},\"totalCount\":{total},\"data\":[{text}]}}"), end - start)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::{body, declared::Type};
    use serde_json::Value;

    #[test]
    fn every_declared_answer_can_be_made_and_has_its_shape() {
        let declared = Declared::load().unwrap();
        let query = Query::parse("page=1&pageSize=20&includeTotal=true");
        let mut checked = 0;
        for operation in &declared.operations {
            let answer = shaped(&declared, 3, operation, 7, &query).unwrap();
            assert_eq!(
                answer.body,
                shaped(&declared, 3, operation, 7, &query).unwrap().body,
                "the same every time"
            );
            let (shape, rows) = match &operation.answer {
                Answers::Nothing => continue,
                Answers::One(shape) => (shape, vec![serde_json::from_slice(&answer.body).unwrap()]),
                Answers::Page(shape) | Answers::Data(shape) | Answers::Export(shape) => {
                    let body: Value = serde_json::from_slice(&answer.body).unwrap();
                    (shape, body["data"].as_array().unwrap().clone())
                }
            };
            let Type::Named(name) = &shape.ty else { continue };
            let first = rows.first().and_then(|row: &Value| row.get("id"));
            if let (Answers::One(_), Some(id)) = (&operation.answer, first) {
                assert_eq!(*id, 7, "{}", operation.id);
            }
            for row in rows {
                checked += 1;
                let fine = body::read(&declared, name, &row.to_string(), true);
                assert!(fine.is_ok(), "{}: {row} {fine:?}", operation.id);
            }
        }
        assert!(checked > 500, "{checked}");
    }
}
