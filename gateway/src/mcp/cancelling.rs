//! Requests under way, and the notification that one of them is no longer wanted.
//!
//! A notification is a request of its own, and names the other one by its id, which clients count from 0
//! each. So it holds for requests of the same key and the same `MCP-Session-Id`, which `initialize` gives:
//! nothing is kept under it but what is under way in this instance. A write that was let in is not broken off: it is sent by
//! then, and its caller wants to know what came of it.

use super::rpc::Error;
use crate::request::Head;
use futures_util::future::{Either, select};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
};

/// The header field with the session.
pub const SESSION_ID: &str = "mcp-session-id";

/// The method of the notification.
pub(super) const CANCELLED: &str = "notifications/cancelled";

/// The longest session that is taken, in bytes.
const LONGEST: usize = 128;

/// Whose request it is: the key's name, the session, and the id, JSON.
type Name = (String, String, String);

/// The requests of an instance that are under way.
#[derive(Debug, Default)]
pub struct Running(RefCell<BTreeMap<Name, Rc<Flag>>>);

#[derive(Debug, Default)]
struct Flag {
    is_set: Cell<bool>,
    /// Whether it is too late.
    is_late: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
}

/// A request that is under way as long as this is kept.
#[derive(Debug)]
pub(super) struct Cancellation {
    running: Rc<Running>,
    /// None if nobody can name it.
    name: Option<Name>,
    flag: Rc<Flag>,
}

impl Running {
    /// Takes note of a request of a key, by its id.
    pub(super) fn begin(self: &Rc<Self>, key: &str, head: &Head, id: &str) -> Cancellation {
        let name = session(head).map(|session| (key.to_owned(), session.to_owned(), id.to_owned()));
        let flag = Rc::new(Flag::default());
        if let Some(name) = &name {
            self.0.borrow_mut().insert(name.clone(), Rc::clone(&flag));
        }
        Cancellation { running: Rc::clone(self), name, flag }
    }

    /// Cancels the request that a notification of a key names, if it is under way here.
    pub(super) fn cancel(&self, key: &str, head: &Head, params: &str) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params<'a> {
            #[serde(borrow)]
            request_id: &'a RawValue,
        }
        let Ok(Params { request_id }) = serde_json::from_str(params) else { return };
        let Some(session) = session(head) else { return };
        let name = (key.to_owned(), session.to_owned(), request_id.get().to_owned());
        let flag = self.0.borrow().get(&name).map(Rc::clone);
        if let Some(flag) = flag {
            flag.is_set.set(true);
            if let Some(waker) = flag.waiting.take() {
                waker.wake();
            }
        }
    }
}

/// The session of a request (2025-11-25, "Session Management"): visible ASCII.
fn session(head: &Head) -> Option<&str> {
    let session = head.headers.get(SESSION_ID)?.to_str().ok()?;
    let fits = (1..=LONGEST).contains(&session.len()) && session.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(session)
}

impl Cancellation {
    /// From now on it cannot be cancelled.
    pub(super) fn is_late(&self) {
        self.flag.is_late.set(true);
    }

    /// Ends when the request is no longer wanted.
    pub(super) async fn asked(&self) {
        poll_fn(|context| {
            if self.flag.is_set.get() && !self.flag.is_late.get() {
                return Poll::Ready(());
            }
            self.flag.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Does something for a request as long as that is wanted.
///
/// # Errors
/// It was cancelled.
pub(super) async fn unless<T>(of: &Cancellation, doing: impl Future<Output = T>) -> Result<T, Error> {
    match select(pin!(of.asked()), pin!(doing)).await {
        Either::Left(_) => Err(Error::cancelled()),
        Either::Right((done, _)) => Ok(done),
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        let mut running = self.running.0.borrow_mut();
        // Another one may have come with the same id.
        if running.get(name).is_some_and(|flag| Rc::ptr_eq(flag, &self.flag)) {
            running.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use http::{HeaderMap, HeaderValue, Method};

    fn head(session: &'static str) -> Head {
        let mut headers = HeaderMap::new();
        headers.insert(SESSION_ID, HeaderValue::from_static(session));
        Head { method: Method::POST, target: "/mcp".to_owned(), headers }
    }

    #[test]
    fn only_the_request_that_is_named_ends() {
        let running = Rc::new(Running::default());
        let asked = |of: &Cancellation| of.asked().now_or_never().is_some();
        let mine = running.begin("a", &head("s"), "7");
        for (key, session, params) in [
            ("b", "s", r#"{"requestId":7}"#),
            ("a", "t", r#"{"requestId":7}"#),
            ("a", "s", r#"{"requestId":"7"}"#),
            ("a", "s", r#"{"requestId":8}"#),
            ("a", "s", "{}"),
        ] {
            running.cancel(key, &head(session), params);
            assert!(!asked(&mine), "{key} {session} {params}");
        }
        running.cancel("a", &head("s"), r#"{"requestId":7,"reason":"enough"}"#);
        assert!(asked(&mine));
        mine.is_late();
        assert!(!asked(&mine));
        let again = running.begin("a", &head("s"), "7");
        drop(mine);
        assert_eq!(running.0.borrow().len(), 1);
        drop(again);
        assert!(running.0.borrow().is_empty());
    }

    #[test]
    fn without_a_session_nobody_can_name_it() {
        let running = Rc::new(Running::default());
        let none = Head { headers: HeaderMap::new(), ..head("s") };
        let _mine = running.begin("a", &none, "7");
        assert!(running.0.borrow().is_empty());
        assert_eq!(session(&head("a b")), None);
    }
}
