//! What the provider declares, and requests that fit it.

use serde_json::{Map, Value, json};

/// One module of the provider.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) fixture: Value,
}

/// All modules, by name.
pub(crate) fn modules() -> Vec<Module> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/servicetitan/fixture");
    let mut modules: Vec<Module> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| Module {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            fixture: serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
        })
        .collect();
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    modules
}

impl Module {
    pub(crate) fn operations(&self) -> &Vec<Value> {
        self.fixture["operations"].as_array().unwrap()
    }

    /// The id that the provider counts an operation by.
    pub(crate) fn id(&self, operation: &Value) -> String {
        let id = operation["id"].as_str().unwrap();
        if self.name == "jpm" { id.to_owned() } else { format!("{}.{id}", self.name) }
    }

    /// A body with the members that an operation demands, if it takes a body.
    pub(crate) fn body(&self, operation: &Value) -> Option<Value> {
        operation["body"].as_str().map(|shape| self.value(shape))
    }

    /// The path with the first item of each collection, and the query parameters that
    /// the operation demands.
    pub(crate) fn path(&self, operation: &Value) -> String {
        let mut path = operation["path"].as_str().unwrap().replace("{tenant}", "1000001");
        for (name, shape) in operation["placeholders"].as_object().into_iter().flatten() {
            path = path.replace(
                &format!("{{{name}}}"),
                self.value(shape.as_str().unwrap()).to_string().trim_matches('"'),
            );
        }
        let query = operation["query"].as_object().into_iter().flatten();
        let needed = |name: &str| {
            !name.ends_with('?') || operation["needs"][0].as_str() == Some(name.trim_end_matches('?'))
        };
        let demanded = query.filter(|(name, _)| needed(name)).map(|(name, shape)| {
            let value = self.value(shape.as_str().unwrap());
            let value = value.as_array().map_or_else(|| value.clone(), |all| all[0].clone());
            format!("{}={}", name.trim_end_matches('?'), value.to_string().trim_matches('"'))
        });
        let demanded: Vec<String> = demanded.collect();
        if demanded.is_empty() { path } else { format!("{path}?{}", demanded.join("&")) }
    }

    /// A value of a shape, with no member that may be left out.
    fn value(&self, shape: &str) -> Value {
        let inside = |open, close| shape.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        if let Some(inner) = inside('[', ']') {
            return json!([self.value(inner)]);
        }
        if let Some(inner) = inside('{', '}') {
            return json!({ "entry": self.value(inner) });
        }
        if shape.ends_with('?') {
            return Value::Null;
        }
        match shape {
            "int64" => json!(100_001),
            "int32" | "number" | "double" => json!(1),
            "decimal" => json!(12.5),
            "bool" => json!(true),
            "text" | "multiline" | "html" => json!("id-100001"),
            "date-time" => json!("2026-11-20T12:00:00Z"),
            "date" => json!("2026-11-20"),
            "guid" => json!("00000000-0000-4000-a000-0000000186a1"),
            "any" => json!({ "any": true }),
            _ if shape.contains('|') => json!(shape.split('|').next().unwrap()),
            name => {
                let schema = &self.fixture["schemas"][name];
                assert!(schema.is_object(), "{name} of {} is not declared", self.name);
                if let Some(cases) = schema["enum"].as_array() {
                    return cases[0].clone();
                }
                let fields = schema["fields"].as_object().into_iter().flatten();
                let members: Map<String, Value> = fields
                    .filter(|(name, _)| !name.ends_with('?'))
                    .map(|(name, shape)| (name.clone(), self.value(shape.as_str().unwrap())))
                    .collect();
                Value::Object(members)
            }
        }
    }
}

impl Module {
    /// What is wrong with a value of a shape; nothing if it fits. Members and cases that
    /// came later are fine: the provider adds some every month.
    pub(crate) fn misfit(&self, path: &str, shape: &str, value: &Value) -> Option<String> {
        let wrong = |fits: bool| (!fits).then(|| format!("{path}: {value} is no {shape}"));
        let inside = |open, close| shape.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        if let Some(inner) = shape.strip_suffix('?') {
            return if value.is_null() { None } else { self.misfit(path, inner, value) };
        }
        if let Some(inner) = inside('[', ']') {
            let Some(all) = value.as_array() else { return wrong(false) };
            return all.iter().find_map(|value| self.misfit(&format!("{path}[]"), inner, value));
        }
        if inside('{', '}').is_some() {
            return wrong(value.is_object());
        }
        match shape {
            "int64" | "int32" => wrong(value.is_i64()),
            "number" | "double" | "decimal" => wrong(value.is_number()),
            "bool" => wrong(value.is_boolean()),
            "any" => None,
            "text" | "multiline" | "html" | "amount" | "date-time" | "date" | "guid" => {
                wrong(value.is_string())
            }
            _ if shape.contains('|') => wrong(value.is_string()),
            name => {
                let schema = &self.fixture["schemas"][name];
                if let Some(cases) = schema["enum"].as_array() {
                    return wrong(value.is_string() == cases[0].is_string());
                }
                schema["fields"].as_object().unwrap().iter().find_map(|(name, shape)| {
                    let known = name.trim_end_matches('?');
                    match value.get(known) {
                        None if name.ends_with('?') => None,
                        None => Some(format!("{path}.{known} is missing")),
                        Some(value) => {
                            self.misfit(&format!("{path}.{known}"), shape.as_str().unwrap(), value)
                        }
                    }
                })
            }
        }
    }

    /// The kind of an operation's answer and its shape; none if it has no body.
    pub(crate) fn answer<'a>(&self, operation: &'a Value) -> Option<(&'a str, &'a str)> {
        let (kind, shape) = operation["answer"].as_object()?.iter().next()?;
        Some((kind, shape.as_str().unwrap()))
    }
}

/// The operations beside those of `jpm`, which have tests of their own.
pub(crate) fn others() -> Vec<Module> {
    modules().into_iter().filter(|module| module.name != "jpm").collect()
}

/// Joins a further query parameter to a path.
pub(crate) fn with(path: &str, parameter: &str) -> String {
    format!("{path}{}{parameter}", if path.contains('?') { '&' } else { '?' })
}
