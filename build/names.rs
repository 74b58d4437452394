//! From WIT's kebab-case to the vendor's spelling and to Rust's.

/// `job-number` to `jobNumber`.
pub(crate) fn camel(kebab: &str) -> String {
    let mut words = kebab.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capital(word))
}

/// `in-progress` to `InProgress`.
pub(crate) fn pascal(kebab: &str) -> String {
    kebab.split('-').map(capital).collect()
}

/// `job-number` to `JOB_NUMBER`.
pub(crate) fn constant(kebab: &str) -> String {
    kebab.replace('-', "_").to_uppercase()
}

/// How a vendor spells the names of an interface, unless `@wire` says otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Naming {
    fields: fn(&str) -> String,
    cases: fn(&str) -> String,
}

impl Naming {
    /// From the tags `@fields` and `@cases` of the interface, which show how `two-words`
    /// is spelt.
    pub(crate) fn of(fields: Option<&str>, cases: Option<&str>) -> Result<Naming, String> {
        let style = |shown: &str| -> Result<fn(&str) -> String, String> {
            Ok(match shown {
                "twoWords" => camel,
                "TwoWords" => pascal,
                "two_words" => underscored,
                "TWO_WORDS" => constant,
                other => return Err(format!("`{other}` is no way to spell two-words")),
            })
        };
        Ok(Naming {
            fields: style(fields.unwrap_or("twoWords"))?,
            cases: style(cases.unwrap_or("TwoWords"))?,
        })
    }

    /// The vendor's name of a field or a parameter.
    pub(crate) fn field(&self, kebab: &str) -> String {
        (self.fields)(kebab)
    }

    /// The vendor's text for a case.
    pub(crate) fn case(&self, kebab: &str) -> String {
        (self.cases)(kebab)
    }
}

fn underscored(kebab: &str) -> String {
    kebab.replace('-', "_")
}

/// `job-number` to `job_number`, as wit-bindgen names it: a keyword gets a `_`.
pub(crate) fn snake(kebab: &str) -> String {
    /// The keywords that a vendor is likely to use for a field or function.
    const KEYWORDS: [&str; 18] = [
        "as", "async", "await", "box", "const", "else", "fn", "for", "if", "in", "loop", "match", "move",
        "ref", "return", "type", "use", "where",
    ];
    let name = kebab.replace('-', "_");
    if KEYWORDS.contains(&name.as_str()) { name + "_" } else { name }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
