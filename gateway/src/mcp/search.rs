//! Finds operations by what somebody wants to know or do.
//!
//! Each operation is a small text: its name, the words of its path, what the contract says of it, its
//! parameters. A query's words are compared with these by their stems, and count the more the fewer
//! operations have them (inverse document frequency), and by where they stand. What people of the trade
//! say is in `synonyms`. No record of a provider's is ever part of it.

use super::{
    modules,
    synonyms::{ROWS, STOPPED},
};
use crate::openapi::module;
use penstock::contract::catalogue::{Effect, Operation, Type};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// The longest query that is looked at, in words.
const MOST_WORDS: usize = 32;

/// What a word counts where it stands: in the name of what is dealt with, in what is done to it, in the
/// module, in the path, in the description, in a parameter, among a parameter's values.
const NAMED: f64 = 3.0;
const DONE: f64 = 2.5;
const IN_MODULE: f64 = 1.5;
const IN_PATH: f64 = 1.0;
const IN_DOC: f64 = 0.8;
const IN_PARAMETER: f64 = 0.3;
const IN_VALUE: f64 = 0.5;

/// What a word that was not said, but means the same, counts.
const MEANT: f64 = 0.9;

/// The same of several words together, which say more than one.
const TOGETHER: f64 = 1.2;

/// What a word counts that is said as a part of these.
const WITHIN: f64 = 0.5;

/// How many other words may stand between two that belong together: `sign a customer up`.
const GAP: usize = 2;

/// What is lost for each word of a name that nobody asked for.
const UNASKED: f64 = 0.12;

/// Words that ask for something to be done.
const DOING: [&str; 26] = [
    "create",
    "add",
    "update",
    "change",
    "delete",
    "remove",
    "cancel",
    "hold",
    "reschedule",
    "assign",
    "unassign",
    "sell",
    "dismiss",
    "confirm",
    "approve",
    "reject",
    "attach",
    "detach",
    "complete",
    "mark",
    "set",
    "send",
    "put",
    "upload",
    "replace",
    "order",
];

struct Entry {
    operation: &'static Operation,
    /// What its words count.
    words: BTreeMap<String, f64>,
    /// Those of its name, without what is done.
    named: Vec<String>,
}

struct Index {
    entries: Vec<Entry>,
    /// How rare a word is.
    rarity: BTreeMap<String, f64>,
}

/// The operations that answer a query best, the best first, among those that `has` lets through.
#[must_use]
pub fn search(query: &str, has: impl Fn(&'static Operation) -> bool, most: usize) -> Vec<&'static Operation> {
    let index = index();
    let wanted = wanted(query);
    let asks_to_do = asks_to_do(query);
    let candidates = index.entries.iter().filter(|entry| has(entry.operation));
    let mut found: Vec<_> = candidates
        .map(|entry| (score(index, entry, &wanted, asks_to_do), entry.operation))
        .filter(|(score, _)| *score > 0.0)
        .collect();
    // Those that count alike stay in the order of the contract.
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().take(most).map(|(_, operation)| operation).collect()
}

fn score(index: &Index, entry: &Entry, wanted: &BTreeMap<String, f64>, asks_to_do: bool) -> f64 {
    let (mut score, mut covered, mut all) = (0.0, 0.0, 0.0);
    for (word, weight) in wanted {
        let rarity = index.rarity.get(word).copied().unwrap_or(0.0);
        all += weight * rarity;
        if let Some(counts) = entry.words.get(word) {
            score += weight * rarity * counts;
            covered += weight * rarity;
        }
    }
    if score <= 0.0 || all <= 0.0 {
        return 0.0;
    }
    let unasked = entry.named.iter().filter(|word| !wanted.contains_key(*word)).count();
    let unasked = f64::from(u32::try_from(unasked).unwrap_or(u32::MAX));
    score * (0.4 + 0.6 * covered / all) / (1.0 + UNASKED * unasked) * likelihood(entry.operation, asks_to_do)
}

/// How likely it is that an operation is meant, whatever is said: most people want to see things.
fn likelihood(operation: &Operation, asks_to_do: bool) -> f64 {
    let is_write = operation.effect != Effect::Read;
    let verb = verb(operation.name);
    let by_kind = match (is_write, asks_to_do) {
        (true, true) => 1.15,
        (true, false) => 0.4,
        (false, true) => 0.85,
        (false, false) => 1.0,
    };
    let by_form = if operation.name.contains(".export-") {
        0.7
    } else if verb == "list" {
        1.1
    } else if operation.name.contains("custom-field") {
        0.6
    } else {
        1.0
    };
    by_kind * by_form
}

/// Whether a query asks for something to be done: it has a word for that, as it is said to others (`orders`
/// and `canceled` are no such words), or one that means it.
fn asks_to_do(query: &str) -> bool {
    let said: Vec<String> = words(query).take(MOST_WORDS).collect();
    let stems: Vec<String> = said.iter().map(|word| stem(word)).collect();
    let doing: Vec<String> = DOING.iter().map(|word| stem(word)).collect();
    said.iter().any(|word| DOING.contains(&word.as_str()))
        || meant(&stems).any(|(_, row)| row.meant.iter().any(|word| doing.contains(word)))
}

/// The words of a query, with what each counts: those that were said, and those that mean the same.
fn wanted(query: &str) -> BTreeMap<String, f64> {
    let said: Vec<String> = words(query).take(MOST_WORDS).collect();
    let stems: Vec<String> = said.iter().map(|word| stem(word)).collect();
    let mut wanted = BTreeMap::new();
    let mut want = |word: &String, weight: f64| {
        let known = wanted.entry(word.clone()).or_insert(0.0_f64);
        *known = known.max(weight);
    };
    let together: BTreeSet<usize> =
        meant(&stems).filter(|(places, _)| places.len() > 1).flat_map(|(places, _)| places).collect();
    for (place, (word, stem)) in said.iter().zip(&stems).enumerate() {
        if !stopped().contains(word.as_str()) {
            want(stem, if together.contains(&place) { WITHIN } else { 1.0 });
        }
    }
    for (places, row) in meant(&stems) {
        let weight = if places.len() > 1 { TOGETHER } else { MEANT };
        row.meant.iter().for_each(|word| want(word, weight));
    }
    wanted
}

/// The rows whose words stand in a query, with the places of these: in their order, and with no more than
/// [`GAP`] others between two of them.
fn meant(stems: &[String]) -> impl Iterator<Item = (Vec<usize>, &'static Row)> + '_ {
    rows().iter().flat_map(move |row| {
        (0..stems.len()).filter_map(move |first| Some((follow(stems, first, row)?, row)))
    })
}

fn follow(stems: &[String], first: usize, row: &Row) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(row.said.len());
    for word in &row.said {
        let (from, to) = match places.last() {
            None => (first, first),
            Some(last) => (last + 1, last + 1 + GAP),
        };
        let place = (from..=to).find(|place| stems.get(*place) == Some(word))?;
        places.push(place);
    }
    Some(places)
}

fn stopped() -> &'static BTreeSet<&'static str> {
    static WORDS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| STOPPED.split_whitespace().collect())
}

/// Words, by their stems, and what they mean.
struct Row {
    said: Vec<String>,
    meant: Vec<String>,
}

fn rows() -> &'static [Row] {
    static STEMMED: OnceLock<Vec<Row>> = OnceLock::new();
    let stems = |text: &str| words(text).map(|word| stem(&word)).collect();
    STEMMED.get_or_init(|| {
        ROWS.iter().map(|(said, meant)| Row { said: stems(said), meant: stems(meant) }).collect()
    })
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let own = modules::operations().filter(|operation| operation.variant_of.is_none());
        let entries: Vec<_> = own.map(entry).collect();
        let mut frequency: BTreeMap<String, f64> = BTreeMap::new();
        for entry in &entries {
            for word in entry.words.keys() {
                *frequency.entry(word.clone()).or_default() += 1.0;
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "there are some hundreds")]
        let all = entries.len() as f64;
        let rarity = |count: f64| (1.0 + (all - count + 0.5) / (count + 0.5)).ln();
        let rarity = frequency.into_iter().map(|(word, count)| (word, rarity(count))).collect();
        Index { entries, rarity }
    })
}

fn entry(operation: &'static Operation) -> Entry {
    let mut counted: BTreeMap<String, f64> = BTreeMap::new();
    let mut add = |text: &str, weight: f64| {
        for word in words(text) {
            let counts = counted.entry(stem(&word)).or_default();
            *counts = counts.max(weight);
        }
    };
    let own = operation.name.split_once('.').map_or(operation.name, |(_, own)| own);
    let done = verb(operation.name);
    let resource: Vec<_> = own.split('-').filter(|word| *word != done).collect();
    let resource = resource.join(" ");
    add(&resource, NAMED);
    add(done, DONE);
    add(module(operation), IN_MODULE);
    add(operation.path.split_once("{tenant}").map_or(operation.path, |(_, rest)| rest), IN_PATH);
    add(operation.doc, IN_DOC);
    for parameter in operation.parameters() {
        add(parameter.wire(), IN_PARAMETER);
    }
    for field in operation.query.map_or(&[][..], |query| query.fields) {
        if let Type::Enum(known) = field.ty.inner() {
            known.cases.iter().for_each(|case| add(case.wire, IN_VALUE));
        }
    }
    let named = words(&resource).map(|word| stem(&word)).collect();
    Entry { operation, words: counted, named }
}

/// What an operation does: the last word of its name that says so (`customers-create-note` creates), or
/// the last one.
fn verb(name: &str) -> &str {
    let own = name.split_once('.').map_or(name, |(_, own)| own);
    let words = || own.rsplit('-');
    let is_verb = |word: &&str| DOING.contains(word) || ["list", "get", "download", "export"].contains(word);
    words().find(is_verb).or_else(|| words().next()).unwrap_or_default()
}

/// The words of a text, in small letters; `jobStatus` is two.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut parted = String::with_capacity(text.len() + 8);
    let mut was_small = false;
    for letter in text.chars() {
        if was_small && letter.is_uppercase() {
            parted.push(' ');
        }
        was_small = letter.is_lowercase();
        let kept = if letter.is_alphanumeric() { letter } else { ' ' };
        parted.extend(kept.to_lowercase());
    }
    let words: Vec<_> = parted.split_whitespace().map(str::to_owned).collect();
    words.into_iter()
}

/// A word without its ending: `canceled`, `cancelling` and `cancels` are all `cancel`.
fn stem(word: &str) -> String {
    const SHORTEST: usize = 3;
    let cut = |word: &str, ending: &str| {
        word.strip_suffix(ending).filter(|rest| rest.len() >= SHORTEST).map(str::to_owned)
    };
    let mut stem = word.to_owned();
    if let Some(rest) = cut(&stem, "ies") {
        stem = rest + "y";
    } else if !stem.ends_with("ss") && !stem.ends_with("us") && !stem.ends_with("is") {
        stem = cut(&stem, "s").unwrap_or(stem);
    }
    if let Some(rest) = cut(&stem, "ing").or_else(|| cut(&stem, "ed")) {
        stem = rest;
        let mut last = stem.chars().rev();
        if let (Some(one), Some(other)) = (last.next(), last.next())
            && one == other
            && !"lse".contains(one)
        {
            stem.pop();
        }
        if stem.ends_with("ll") && stem.len() > 5 {
            stem.pop();
        }
    }
    if stem.len() > 4 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one_word() {
        for forms in [
            &["cancel", "cancels", "canceled", "cancelled", "canceling"][..],
            &["invoice", "invoices", "invoiced", "invoicing"],
            &["company", "companies"],
            &["job", "jobs"],
            &["schedule", "scheduled", "scheduling"],
        ] {
            let stems: BTreeSet<_> = forms.iter().map(|form| stem(form)).collect();
            assert_eq!(stems.len(), 1, "{stems:?}");
        }
        assert_eq!(
            (stem("address"), stem("status"), stem("is")),
            ("address".into(), "status".into(), "is".into())
        );
        assert_eq!(words("jobStatus, on-call").collect::<Vec<_>>(), ["job", "status", "on", "call"]);
    }

    #[test]
    fn no_query_is_too_odd() {
        for query in ["", " ", "???", "zzzz qqqq", &"job ".repeat(5000), "日本 ジョブ"] {
            assert!(search(query, |_| true, 10).len() <= 10);
        }
        assert!(search("jobs", |_| false, 10).is_empty());
    }
}
