//! Answers of operations that have no state: any values of the declared shapes, the
//! same for the same request.

use crate::vendor::{
    answer::Answer,
    data::{Values, mix, random},
    declared::{Answers, Shape},
    errors::ApiError,
    operations::Call,
};

/// How many records such a list has.
const RECORDS: usize = 25;

pub(crate) fn declared(call: &Call<'_>, answers: &Answers) -> Result<Answer, ApiError> {
    let values = Values::new(&call.world.declared, call.world.config.seed);
    let kind = call.operation.path.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    let value =
        |shape: &Shape, index: usize| values.any(shape, "", &mut random(values.seed, kind, index as u64));
    let rows = |shape: &Shape, from: usize, to: usize| -> Vec<String> {
        (from..to).map(|at| value(shape, at)).collect()
    };
    Ok(match answers {
        Answers::Nothing => Answer::empty(),
        Answers::One(shape) => {
            Answer::records(value(shape, usize::try_from(call.id()).unwrap_or_default()), 1)
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
            let (page, size) = call.query.page()?;
            let start = page.saturating_mul(size).min(RECORDS);
            let end = start.saturating_add(size).min(RECORDS);
            let total = if call.query.flag("includeTotal") { RECORDS.to_string() } else { "null".to_owned() };
            let text = rows(shape, start, end).join(",");
            let head = format!("\"page\":{},\"pageSize\":{size},\"hasMore\":{}", page + 1, end < RECORDS);
            Answer::records(format!("{{{head},\"totalCount\":{total},\"data\":[{text}]}}"), end - start)
        }
    })
}
