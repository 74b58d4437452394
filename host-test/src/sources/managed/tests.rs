use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::*;
use crate::sources::exposed;

/// A manager that is told what it has.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    versions: Vec<(String, SystemTime)>,
    is_down: bool,
    hangs: bool,
    asked: Vec<String>,
}

impl Told {
    fn of(texts: &[&str]) -> Self {
        let told = Self::default();
        for text in texts {
            told.rotate(text);
        }
        told
    }

    /// A version more; each is made a day after the one before.
    fn rotate(&self, text: &str) {
        let mut state = self.0.lock().unwrap();
        let days = 20_000 + state.versions.len() as u64;
        state.versions.push((text.to_owned(), SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400)));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked.len()
    }
}

impl Manager for Told {
    fn name(&self) -> &str {
        "Told"
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Versions>, HostError>> {
        Box::pin(async move {
            let hangs = {
                let mut state = self.0.lock().unwrap();
                state.asked.push(id.to_owned());
                if state.is_down {
                    return Err(HostError::Unavailable("it refuses connections".to_owned()));
                }
                state.hangs
            };
            if hangs {
                std::future::pending::<()>().await;
            }
            let state = self.0.lock().unwrap();
            let mut newest = state
                .versions
                .iter()
                .rev()
                .map(|(text, created)| Version { text: Secret::new(text.clone()), created: Some(*created) });
            let Some(current) = newest.next().filter(|_| id != "none") else { return Ok(None) };
            Ok(Some(Versions { current, previous: newest.next() }))
        })
    }
}

fn document(secret: &str) -> String {
    json!({ "SERVICETITAN_CLIENT_ID": "cid", "SERVICETITAN_CLIENT_SECRET": secret, "SERVICETITAN_TENANT_ID": 17 })
        .to_string()
}

async fn get(managed: &Managed, name: &str) -> Option<String> {
    exposed(managed.get(name).await).unwrap()
}

fn standing(managed: &Managed) -> (Option<u64>, Option<String>) {
    let standing = managed.standing();
    (standing.since.map(|since| since.as_secs()), standing.trouble)
}

#[tokio::test(start_paused = true)]
async fn a_document_has_both_slots_and_says_when_it_was_made() {
    let told = Told::of(&[&document("one")]);
    let managed = Managed::new(told.clone(), Layout::Document("penstock".to_owned()));
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("one"));
    assert_eq!(get(&managed, "SERVICETITAN_TENANT_ID").await.as_deref(), Some("17"));
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET_SECONDARY").await, None);
    let issued = "SERVICETITAN_CREDENTIALS_ISSUED_AT";
    assert_eq!(get(&managed, issued).await.as_deref(), Some("2024-10-04T00:00:00Z"));
    assert_eq!(get(&managed, "ASLEEP_CREDENTIALS_ISSUED_AT").await, None, "it has none of that vendor");

    told.rotate(&document("two"));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("two"));
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET_SECONDARY").await.as_deref(), Some("one"));
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_ID_SECONDARY").await, None, "it has not changed");
    assert_eq!(get(&managed, issued).await.as_deref(), Some("2024-10-05T00:00:00Z"));
    assert_eq!(told.asked(), 2, "all of it is one secret");
}

#[tokio::test(start_paused = true)]
async fn what_a_document_says_itself_comes_first() {
    let own = json!({ "ASLEEP_API_KEY": "k", "ASLEEP_API_KEY_SECONDARY": "s", "ASLEEP_CREDENTIALS_ISSUED_AT": "2026-01-01" });
    let managed = Managed::new(
        Told::of(&[r#"{"ASLEEP_API_KEY":"old"}"#, &own.to_string()]),
        Layout::Document("d".to_owned()),
    );
    assert_eq!(get(&managed, "ASLEEP_API_KEY_SECONDARY").await.as_deref(), Some("s"));
    assert_eq!(get(&managed, "ASLEEP_CREDENTIALS_ISSUED_AT").await.as_deref(), Some("2026-01-01"));
    let text =
        Managed::new(Told::of(&["hunter2"]), Layout::Document("d".to_owned())).get("ASLEEP_API_KEY").await;
    assert!(
        matches!(&text, Err(HostError::Failed(told)) if told.contains("no object") && !told.contains("hunter2"))
    );
    let none =
        Managed::new(Told::of(&["{}"]), Layout::Document("none".to_owned())).get("ASLEEP_API_KEY").await;
    assert!(matches!(none, Err(HostError::Failed(told)) if told == "Told: there is no secret none"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_for_each_name_is_asked_for_where_the_name_is_one_of_a_secret() {
    let told = Told::of(&["one", "{\"a\": 1}"]);
    let managed = Managed::new(told.clone(), Layout::Names("penstock/".to_owned()));
    assert_eq!(get(&managed, "ASLEEP_API_KEY").await.as_deref(), Some("{\"a\": 1}"));
    assert_eq!(get(&managed, "ASLEEP_API_KEY_SECONDARY").await.as_deref(), Some("one"));
    assert_eq!(get(&managed, "LOG_LEVEL").await, None);
    let asked = told.0.lock().unwrap().asked.clone();
    assert_eq!(asked, ["penstock/ASLEEP_API_KEY"]);
}

#[tokio::test(start_paused = true)]
async fn a_manager_that_is_down_matters_to_nobody_once_it_has_answered() {
    let told = Told::of(&[&document("one")]);
    let changes = Arc::new(Mutex::new(Vec::new()));
    let noted = changes.clone();
    let managed = Managed::new(told.clone(), Layout::Document("penstock".to_owned()))
        .telling(move |standing| noted.lock().unwrap().push(standing.trouble.clone()));
    told.change(|state| state.is_down = true);
    let down = managed.get("SERVICETITAN_CLIENT_SECRET").await;
    assert_eq!(down.unwrap_err(), HostError::Unavailable("Told: it refuses connections".to_owned()));
    assert!(managed.get("SERVICETITAN_CLIENT_SECRET").await.is_err());
    assert_eq!(told.asked(), 1, "it is not asked again at once");

    told.change(|state| state.is_down = false);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("one"));
    told.change(|state| state.is_down = true);
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("one"));
    let trouble = Some("unavailable: it refuses connections".to_owned());
    assert_eq!(standing(&managed), (Some(3600), trouble.clone()));
    let document: Value = serde_json::from_str(&get(&managed, STANDING).await.unwrap()).unwrap();
    let expected = json!({ "manager": "Told", "ageSeconds": 3600, "trouble": trouble });
    assert_eq!(document, expected);

    told.change(|state| state.is_down = false);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("one"));
    assert_eq!(standing(&managed), (Some(0), None));
    assert_eq!(*changes.lock().unwrap(), [trouble.clone(), None, trouble, None]);
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_holds_up_who_asks_for_two_seconds_and_nobody_else() {
    let told = Told::of(&[&document("one")]);
    let managed = Arc::new(Managed::new(told.clone(), Layout::Document("penstock".to_owned())));
    get(&managed, "SERVICETITAN_CLIENT_SECRET").await;
    told.change(|state| state.hangs = true);
    tokio::time::advance(Duration::from_secs(61)).await;
    let began = tokio::time::Instant::now();
    let asking = managed.clone();
    let first = tokio::spawn(async move { get(&asking, "SERVICETITAN_CLIENT_SECRET").await });
    tokio::task::yield_now().await;
    assert_eq!(get(&managed, "SERVICETITAN_CLIENT_SECRET").await.as_deref(), Some("one"));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(first.await.unwrap().as_deref(), Some("one"));
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert!(standing(&managed).1.unwrap().contains("did not answer within 2 s"));
}
