//! Names that a person would choose, by rule.

use heck::{ToLowerCamelCase, ToUpperCamelCase};

/// The words that WIT keeps for itself; a `%` before one makes it a name.
const KEYWORDS: [&str; 36] = [
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "use",
    "variant",
    "world",
];

/// The words that say only that a schema is a schema.
const NOISE: [&str; 8] = ["response", "request", "model", "dto", "args", "public", "api", "v2"];

/// The verbs that a body's name begins with.
const VERBS: [&str; 9] =
    ["create", "update", "save", "upsert", "replace", "dismiss", "add", "remove", "mark"];

/// `customerPO` to `customer-po`, `HTMLText` to `html-text`. A number stays with the word
/// before it, since a WIT word begins with a letter.
pub fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if letter.is_ascii_digit() && out.ends_with('-') {
            out.pop();
        }
        if letter.is_ascii_digit() && out.is_empty() {
            out.push_str("value");
        }
        out.push(letter.to_ascii_lowercase());
    }
    let out = out.trim_matches('-');
    if out.is_empty() { "none".to_owned() } else { out.to_owned() }
}

/// A name where it is defined.
pub fn escaped(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("%{name}") } else { name.to_owned() }
}

/// `job-number` to `jobNumber`: the build's rule for a field's spelling.
pub fn camel(kebab: &str) -> String {
    kebab.to_lower_camel_case()
}

/// `in-progress` to `InProgress`: the build's rule for a case's spelling.
pub fn pascal(kebab: &str) -> String {
    kebab.to_upper_camel_case()
}

/// `categories` to `category`, `jobs` to `job`.
pub fn singular(word: &str) -> String {
    let (stem, ending) = match word {
        "series" | "status" | "business" | "equipment" | "gps" | "class" => (word, ""),
        _ if word.ends_with("statuses") || word.ends_with("taxes") || word.ends_with("classes") => {
            (word.trim_end_matches("es"), "")
        }
        _ if word.ends_with("ies") => (word.strip_suffix("ies").unwrap_or(word), "y"),
        _ if word.ends_with("ss") => (word, ""),
        _ => (word.strip_suffix('s').unwrap_or(word), ""),
    };
    format!("{stem}{ending}")
}

/// The last word in the singular: `tax-zones` to `tax-zone`.
pub fn one_of(kebab: &str) -> String {
    match kebab.rsplit_once('-') {
        Some((head, last)) => format!("{head}-{}", singular(last)),
        None => singular(kebab),
    }
}

/// `Jpm.V2.JobResponse` to `job`, `CustomFieldUpdateRequest` to `update-custom-field`,
/// `ExportJobResponse` and `JobExportResponse` to `exported-job`.
pub fn schema(name: &str) -> String {
    let own = name.rsplit('.').next().unwrap_or(name);
    let own = own.rsplit("_Of_").next().unwrap_or(own);
    let all = kebab(own);
    let mut words: Vec<&str> = all.split('-').collect();
    while words.len() > 1 && words.last().is_some_and(|word| NOISE.contains(word)) {
        words.pop();
    }
    if words.first() == Some(&"get") && words.len() > 1 {
        words.remove(0);
    }
    if words.len() > 1
        && let Some(at) = words.iter().position(|word| *word == "export")
    {
        words.remove(at);
        words.insert(0, "exported");
    }
    if let Some(last) = words.last().copied().filter(|last| VERBS.contains(last) && words.len() > 1) {
        words.pop();
        words.insert(0, last);
    }
    words.join("-")
}

/// The whole own name of a schema, for when the short one is taken.
pub fn long_schema(name: &str) -> String {
    kebab(name.rsplit('.').next().unwrap_or(name))
}

/// The resource and the rest of an operation id: `Invoices_GetInvoiceItems` to `invoices`
/// and `get-items`, since the resource need not be said twice.
pub fn operation(id: &str) -> (String, String) {
    let (resource, action) = id.split_once('_').unwrap_or(("", id));
    let resource = kebab(resource.trim_end_matches("Controllers").trim_end_matches("Controller"));
    let (one, many) = (one_of(&resource), resource.clone());
    let action = kebab(action);
    let mut rest = format!("-{action}-");
    for same in [&many, &one] {
        let shorter = rest.replacen(&format!("-{same}-"), "-", 1);
        if shorter.len() < rest.len() && shorter.len() > 1 {
            rest = shorter;
            break;
        }
    }
    (resource, rest.trim_matches('-').to_owned())
}
