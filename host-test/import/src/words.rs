//! Short comments made from the facts. The provider's own words are not used.

use crate::names::{kebab, one_of};

/// `job-number` to `job number`.
pub fn spaced(kebab: &str) -> String {
    kebab.replace('-', " ")
}

/// What a field of a record holds.
pub fn field(wire: &str, format: &str) -> String {
    let name = kebab(wire);
    let words = capital(&spaced(&name));
    match name.as_str() {
        "id" => return "The vendor's id.".to_owned(),
        "active" => return "False once it was deactivated.".to_owned(),
        "name" => return "Its name.".to_owned(),
        "created-on" => return "When it was made.".to_owned(),
        "modified-on" => return "When it was last changed.".to_owned(),
        "created-by-id" => return "Id of the user who made it.".to_owned(),
        "external-data" => return "Values that applications keep with it.".to_owned(),
        "custom-fields" => return "Values of custom fields.".to_owned(),
        _ => {}
    }
    if let Some(of) = name.strip_suffix("-ids") {
        return format!("Ids of the {}.", plural(&spaced(of)));
    }
    if let Some(of) = name.strip_suffix("-id") {
        return format!("Id of the {}.", spaced(of));
    }
    match format {
        "date-time" => format!("{words}: a point in time."),
        "date" => format!("{words}: a day."),
        "decimal" => format!("{words}, exact."),
        "html" => format!("{words}; may contain HTML."),
        "boolean" => format!("{words}: yes or no."),
        _ => format!("{words}."),
    }
}

/// What a query's field does.
pub fn filter(wire: &str) -> String {
    let name = kebab(wire);
    match name.as_str() {
        "ids" => return "Only these.".to_owned(),
        "active" => {
            return "Active ones only, inactive ones only, or any. A full read asks for any.".to_owned();
        }
        "sort" => {
            return "The field to order by, with `+` or `-` before it: `+Id`, `-ModifiedOn`.".to_owned();
        }
        "from" => {
            return "Where to begin: the `continue-from` of an earlier page, or a date. Everything without it."
                .to_owned();
        }
        "include-recent-changes" => {
            return "Fresher records, at the price that some may come twice.".to_owned();
        }
        _ => {}
    }
    for (suffix, words) in [("-on-or-after", "then or later"), ("-before", "before this")] {
        if let Some(of) = name.strip_suffix(suffix) {
            let of = match of {
                "created" => "made",
                "modified" => "last changed",
                other => &spaced(other),
            };
            return format!("Only those {of} {words}.");
        }
    }
    match name.strip_suffix("-ids") {
        Some(of) => format!("Only those of these {}.", plural(&spaced(of))),
        None => match name.strip_suffix("-id") {
            Some(of) => format!("Only those of this {}.", spaced(of)),
            None => format!("Filter: {}.", spaced(&name)),
        },
    }
}

/// What an operation does: `resource` and `rest` are its name's two parts.
pub fn operation(resource: &str, rest: &str, effect: &str, nested: bool) -> String {
    let (one, many) = (spaced(&one_of(resource)), spaced(resource));
    let of = if nested { format!("of {}", article(&one)) } else { format!("of {many}") };
    match (rest, effect) {
        ("get" | "get-by-id" | "", "read") => format!("One {one}."),
        (_, "read") => format!("{}, {of}.", capital(&spaced(rest.trim_start_matches("get-")))),
        ("create", _) => format!("Adds {}. Doing it twice adds two.", article(&one)),
        ("update", _) => format!("Changes {}.", article(&one)),
        ("replace", _) => format!("Replaces {}.", article(&one)),
        ("delete", _) => format!("Removes {}.", article(&one)),
        _ => format!("{}: {}.", capital(&many), spaced(rest)),
    }
}

/// What a list returns.
pub fn list(resource: &str, rest: &str, nested: bool) -> String {
    match (rest, nested) {
        ("", _) => spaced(resource),
        (rest, true) => format!("{} of {}", spaced(rest), article(&spaced(&one_of(resource)))),
        (rest, false) => format!("{} of {}", spaced(rest), spaced(resource)),
    }
}

/// With its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o']) || noun.starts_with("unc");
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}
