//! The destinations that the settings name.

use super::{Destination, Unready, destination::Endpoint, destination::Wants, destination::Way, own_setting};
use crate::{settings::WEBHOOK_DESTINATIONS, state_settings, target::Target};
use penstock::{
    contract::FieldError,
    entry::webhooks::Verified,
    host::Host,
    policy::{secret::Secret, shown::visible_within},
    providers::registry,
    webhooks::standard,
};
use serde_json::{Map, Value};

/// More than anybody needs; a bound on the work and the length of keys.
const MOST: usize = 16;

/// The longest name of a task, a queue, a list's element.
const LONGEST: usize = 256;

/// The destinations, in the order of the setting, and how much may wait for them.
#[derive(Debug)]
pub struct Destinations {
    all: Vec<Destination>,
    /// The most events that may wait.
    pub most_entries: u64,
    /// The most bytes that these may have together.
    pub most_bytes: u64,
}

impl Destinations {
    /// Those that want an event.
    #[must_use]
    pub fn wanting(&self, provider: &str, verified: &Verified) -> Vec<&Destination> {
        self.all.iter().filter(|destination| destination.wants.fit(provider, verified)).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Destination> {
        self.all.iter()
    }

    /// The one that is called so in keys.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Option<&Destination> {
        self.all.iter().find(|destination| destination.tag() == tag)
    }
}

/// Reads the settings.
///
/// # Errors
/// All that is wrong with them, without any value.
pub(crate) async fn read<H: Host>(host: &H) -> Result<Destinations, Unready> {
    let text = host.secret(WEBHOOK_DESTINATIONS.name).await.map_err(Unready::Host)?;
    let Some(text) = text else {
        let unset = FieldError::new(WEBHOOK_DESTINATIONS.name, host.absent(WEBHOOK_DESTINATIONS.name));
        return Err(Unready::Settings(vec![unset]));
    };
    let allow_http = own_setting(host, "PENSTOCK_ALLOW_HTTP").await? == "true";
    let number = |text: String| text.parse().unwrap_or(0);
    Ok(Destinations {
        all: parse(text.expose(), allow_http).map_err(Unready::Settings)?,
        most_entries: own_setting(host, crate::settings::OUTBOX_ENTRIES.name).await.map(number)?,
        most_bytes: own_setting(host, crate::settings::OUTBOX_BYTES.name).await.map(number)?,
    })
}

fn wrong(message: impl Into<String>) -> FieldError {
    FieldError::new(WEBHOOK_DESTINATIONS.name, message)
}

fn parse(text: &str, allow_http: bool) -> Result<Vec<Destination>, Vec<FieldError>> {
    let listed: Value =
        serde_json::from_str(text).map_err(|error| vec![wrong(format!("is not JSON: {error}"))])?;
    let Value::Array(listed) = listed else { return Err(vec![wrong("must be a list of destinations")]) };
    if listed.is_empty() || listed.len() > MOST {
        return Err(vec![wrong(format!("must have 1 to {MOST} destinations"))]);
    }
    let (mut all, mut errors) = (Vec::<Destination>::new(), Vec::new());
    for (at, listed) in listed.into_iter().enumerate() {
        match destination(at + 1, listed, allow_http) {
            Ok(destination) if all.iter().any(|other| other.tag() == destination.tag()) => {
                errors.push(wrong(format!("has two destinations called `{}`", destination.name)));
            }
            Ok(destination) => all.push(destination),
            Err(found) => errors.extend(found.into_iter().map(wrong)),
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

fn destination(number: usize, listed: Value, allow_http: bool) -> Result<Destination, Vec<String>> {
    let Value::Object(members) = listed else {
        return Err(vec![format!("has destination {number}, which must be an object")]);
    };
    let mut read = Members { members, errors: Vec::new() };
    let name = read.required("name");
    let is_name = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !name.is_empty() && !is_name(&name) {
        read.errors.push("name must be 1 to 64 small letters, digits and hyphens".to_owned());
    }
    let wants = Wants {
        providers: read.list("providers"),
        accounts: read.list("accounts"),
        kinds: read.list("kinds"),
    };
    for provider in wants.providers.iter().flatten().filter(|name| registry::find(name).is_none()) {
        read.errors.push(format!("there is no provider `{}`", visible_within(provider, 80)));
    }
    let way = match (read.members.remove("celery"), read.members.remove("arq")) {
        (None, None) => endpoint(&mut read, allow_http).map(Way::Http),
        (Some(celery), None) => read
            .broker("celery", celery, "celery", "task")
            .map(|(url, queue, task)| Way::Celery { url, queue, task }),
        (None, Some(arq)) => read
            .broker("arq", arq, "arq:queue", "function")
            .map(|(url, queue, function)| Way::Arq { url, queue, function }),
        (Some(_), Some(_)) => {
            read.errors.push("has both celery and arq".to_owned());
            None
        }
    };
    read.refuse_others("");
    let shown = if is_name(&name) { name.clone() } else { number.to_string() };
    match way {
        Some(way) if read.errors.is_empty() => Ok(Destination::new(name, wants, way)),
        _ => {
            Err(read.errors.into_iter().map(|error| format!("has destination `{shown}`: {error}")).collect())
        }
    }
}

fn endpoint(read: &mut Members, allow_http: bool) -> Option<Endpoint> {
    let url = Secret::new(read.required("url"));
    let secret = Secret::new(read.required("secret"));
    let secondary = read.optional("secretSecondary").map(Secret::new);
    let mut keys = Vec::new();
    for (name, secret) in [("secret", Some(secret)), ("secretSecondary", secondary)] {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { continue };
        match standard::key(&secret).filter(|_| secret.expose().starts_with("whsec_")) {
            Some(key) => keys.push(key),
            None => read.errors.push(format!("{name} must be whsec_ and 24 to 64 bytes in base64")),
        }
    }
    if url.is_empty() {
        return None;
    }
    match Target::parse(url.expose(), allow_http) {
        Ok(target) => Some(Endpoint { target, keys }),
        Err(why) => {
            read.errors.push(format!("url {why}"));
            None
        }
    }
}

/// The members of an object that are yet to be read, and what was wrong with the others.
struct Members {
    members: Map<String, Value>,
    errors: Vec<String>,
}

impl Members {
    /// A text that must be there; empty, and noted, if it is not.
    fn required(&mut self, name: &str) -> String {
        match self.members.remove(name) {
            Some(Value::String(text)) if is_text(&text) => text,
            None => self.missing(format!("{name} is missing")),
            Some(_) => self.missing(format!("{name} must be a text")),
        }
    }

    fn missing(&mut self, why: String) -> String {
        self.errors.push(why);
        String::new()
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        self.members.contains_key(name).then(|| self.required(name))
    }

    fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let listed = self.members.remove(name)?;
        let texts = listed.as_array().filter(|list| !list.is_empty()).and_then(|list| {
            list.iter().map(|text| text.as_str().filter(|text| is_text(text)).map(str::to_owned)).collect()
        });
        if texts.is_none() {
            self.errors.push(format!("{name} must be a list of texts"));
        }
        texts
    }

    /// The URL, the queue and the name of what runs there.
    fn broker(
        &mut self,
        kind: &str,
        value: Value,
        queue: &str,
        runs: &str,
    ) -> Option<(Secret, String, String)> {
        let Value::Object(members) = value else {
            self.errors.push(format!("{kind} must be an object"));
            return None;
        };
        let mut inner = Members { members, errors: Vec::new() };
        let url = Secret::new(inner.required("url"));
        let queue = inner.optional("queue").unwrap_or_else(|| queue.to_owned());
        let runs = inner.required(runs);
        if !url.is_empty() && state_settings::origin(url.expose()).is_none() {
            inner
                .errors
                .push("url must have the form redis://user:password@host:6379/0, or rediss://".to_owned());
        }
        inner.refuse_others("");
        let is_well = inner.errors.is_empty();
        self.errors.extend(inner.errors.into_iter().map(|error| format!("{kind}.{error}")));
        is_well.then_some((url, queue, runs))
    }

    fn refuse_others(&mut self, before: &str) {
        let others = std::mem::take(&mut self.members);
        let told = others.keys().map(|name| format!("{before}{} is not known", visible_within(name, 80)));
        self.errors.extend(told);
    }
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= 8 * LONGEST && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
