//! Jobs of arq in a Redis, in JSON: the worker has `job_serializer = json.dumps` and a matching deserializer.

use super::{Record, broker::BrokerCommand};

/// What arq's own client does under WATCH, in one piece: nothing if there is such a job or its result already, and else the
/// job and its place in the queue. So one event makes one job as long as arq remembers it.
const ENQUEUE: &str = "if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end \
redis.call('PSETEX', KEYS[1], ARGV[1], ARGV[2]) \
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4]) \
return 1";

/// How long a job may wait for a worker, in milliseconds: a week. arq's own default is a day, after which
/// it is lost.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The command that puts an event into a queue, as the only argument of a function, to be run at once.
pub(super) fn enqueue(record: &Record, queue: &str, function: &str, now_ms: i64) -> BrokerCommand {
    // A score of 0 never runs.
    let now_ms = now_ms.max(1);
    let event = String::from_utf8_lossy(&record.body);
    let function = serde_json::Value::from(function);
    let job = format!(r#"{{"t":null,"f":{function},"a":[{event}],"k":{{}},"et":{now_ms}}}"#);
    let id = &record.id;
    let arguments = [
        ENQUEUE.to_owned(),
        "3".to_owned(),
        format!("arq:job:{id}"),
        format!("arq:result:{id}"),
        queue.to_owned(),
        KEPT_MS.to_string(),
        job,
        now_ms.to_string(),
        id.clone(),
    ];
    BrokerCommand { name: "EVAL", arguments: arguments.map(String::into_bytes).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_and_the_job_are_those_that_workers_take() {
        let record = Record {
            id: "evt_1".to_owned(),
            provider: String::new(),
            account: String::new(),
            kind: String::new(),
            received_ms: 0,
            ticket: String::new(),
            destinations: Vec::new(),
            trace: None,
            body: br#"{"id":"evt_1"}"#.to_vec(),
        };
        let command = enqueue(&record, "arq:queue", "on_event", 1_795_168_800_000);
        let texts: Vec<_> = command.arguments.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
        assert_eq!(command.name, "EVAL");
        assert_eq!(
            texts,
            [
                "if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end redis.call('PSETEX', KEYS[1], ARGV[1], ARGV[2]) redis.call('ZADD', KEYS[3], ARGV[3], ARGV[4]) return 1",
                "3",
                "arq:job:evt_1",
                "arq:result:evt_1",
                "arq:queue",
                "604800000",
                r#"{"t":null,"f":"on_event","a":[{"id":"evt_1"}],"k":{},"et":1795168800000}"#,
                "1795168800000",
                "evt_1",
            ]
        );
        assert_eq!(enqueue(&record, "q", "f", 0).arguments[7], b"1");
    }
}
