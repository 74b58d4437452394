//! Destinations that are message queues.

use super::*;
use futures_util::future::LocalBoxFuture;
use penstock::{client::Client, policy::secret::Secret};
use penstock_gateway::{
    Gateway,
    outbox::broker::{Broker, BrokerCommand, BrokerError},
};
use std::{cell::RefCell, rc::Rc};

/// A Redis that is away at first.
#[derive(Clone, Default)]
struct Queue {
    pushed: Rc<RefCell<Vec<(String, BrokerCommand)>>>,
    away: Rc<std::cell::Cell<u32>>,
}

impl Broker for Queue {
    fn run<'a>(
        &'a self,
        url: &'a Secret,
        command: BrokerCommand,
    ) -> LocalBoxFuture<'a, Result<(), BrokerError>> {
        Box::pin(async move {
            match self.away.get().checked_sub(1) {
                Some(left) => {
                    self.away.set(left);
                    Err(BrokerError("Redis: the connection was refused".to_owned()))
                }
                None => {
                    self.pushed.borrow_mut().push((url.expose().to_owned(), command));
                    Ok(())
                }
            }
        })
    }
}

fn drain(all: &Deployment, queue: &Queue) -> serde_json::Value {
    let gateway = Gateway::new(Client::new(all.instance())).with_broker(Box::new(queue.clone()));
    all.host.run(ask(&gateway, "POST", "/v1/_outbox/drain")).json()
}

#[test]
fn events_become_messages_of_celery_and_jobs_of_arq() {
    let all = Deployment::new(&["crm"]);
    let destinations = json!([
        {"name": "tasks", "celery": {"url": "redis://u:canary-p@tasks.example/1", "task": "hooks.event"}},
        {"name": "jobs", "arq": {"url": "redis://jobs.example", "function": "on_event"}},
    ]);
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations.to_string());
    let queue = Queue::default();
    queue.away.set(2);
    take_in(&all, &[(1, "a")]);
    assert_eq!(drain(&all, &queue), json!({"delivered": 0, "failed": 2, "dead": 0, "left": 1}));
    all.host.run(all.host.wait(SECOND * 6));
    assert_eq!(drain(&all, &queue), json!({"delivered": 2, "failed": 0, "dead": 0, "left": 0}));
    let mut pushed = queue.pushed.borrow().clone();
    pushed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let [(_, arq), (url, celery)] = &pushed[..] else { panic!("{pushed:?}") };
    assert_eq!(
        (url.as_str(), celery.name, arq.name),
        ("redis://u:canary-p@tasks.example/1", "LPUSH", "EVAL")
    );
    let message: serde_json::Value = serde_json::from_slice(&celery.arguments[1]).unwrap();
    let body: serde_json::Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body[0][0]["data"]["event"], &body[1], &body[2]), (&json!("a"), &json!({}), &json!({})));
    assert_eq!(message["headers"]["task"], "hooks.event");
    let job: serde_json::Value = serde_json::from_slice(&arq.arguments[6]).unwrap();
    assert_eq!((&job["f"], &job["a"][0]["data"]["event"]), (&json!("on_event"), &json!("a")));
    assert_eq!(job["a"][0]["id"].as_str().unwrap().as_bytes(), arq.arguments[8]);
    assert_eq!(all.stored().len(), 0);
}

#[test]
fn a_host_without_a_way_to_a_redis_says_so() {
    let all = Deployment::new(&["crm"]);
    let one = json!([{"name": "jobs", "arq": {"url": "redis://jobs.example", "function": "on_event"}}]);
    all.set("PENSTOCK_WEBHOOK_DESTINATIONS", &one.to_string());
    take_in(&all, &[(1, "a")]);
    all.later(Duration::ZERO);
    let list = all.host.run(ask(&all.gateway(), "GET", "/v1/_outbox")).json();
    assert_eq!(list["entries"][0]["why"], "this host has no way to a Redis");
}
