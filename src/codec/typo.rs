//! What a person may have meant.

use super::scalar::quoted;
use crate::contract::catalogue::{EnumType, nearest};

/// The place of the case that `text` names, in any letter case.
///
/// # Errors
/// The case that was probably meant, and all that are known.
pub(super) fn known_case(known: &EnumType, text: &str) -> Result<usize, String> {
    let cases = || known.cases.iter().map(|case| case.wire);
    known.case(text).or_else(|| cases().position(|case| case.eq_ignore_ascii_case(text))).ok_or_else(|| {
        let all = cases().collect::<Vec<_>>().join(", ");
        format!("{} is not known{} (known: {all})", quoted(text), did_you_mean(text, cases()))
    })
}

/// `; did you mean ...?`, if any candidate is near.
pub(super) fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}
