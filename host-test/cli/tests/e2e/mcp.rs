//! `penstock mcp`: an agent at standard input and output.

use crate::commands::{penstock, text};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
};

/// A program that an agent has started.
struct Agent {
    process: Child,
    answers: BufReader<ChildStdout>,
    next: u64,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Agent {
    fn start(arguments: &[&str]) -> Agent {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_penstock"))
            .args(["mcp", "--jobs", "50"])
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("PENSTOCK_ROLE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Agent { process, answers, next: 0 }
    }

    fn write(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        let mut answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].take()
    }

    fn tool(&mut self, name: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({"name": name, "arguments": arguments}))
    }
}

const NOTE: &str = "jpm.jobs-create-note";

#[test]
fn an_agent_reads_and_writes_only_with_the_role() {
    let mut reader = Agent::start(&["--modules", "jpm"]);
    let client = json!({"name": "test", "version": "1"});
    let initialize = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    assert_eq!(reader.ask("initialize", &initialize)["serverInfo"]["name"], "penstock");
    reader.write(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let tools = reader.ask("tools/list", &json!({}));
    let names: Vec<_> = tools["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert!(names.contains(&&json!("jpm_jobs-list")) && !names.contains(&&json!("jpm_jobs-create-note")));
    let page = reader.tool("jpm_jobs-list", &json!({"limit": 20}));
    assert_eq!(page["structuredContent"]["count"], 20, "{page}");
    let id = &page["structuredContent"]["records"][0]["id"];
    let note =
        json!({"operation": NOTE, "parameters": {"id": id}, "body": {"text": "hello"}, "confirm": NOTE});
    let refused = reader.tool("call-operation", &note);
    assert_eq!(refused["structuredContent"]["failure"]["outcome"], "not-sent", "{refused}");
    let mut writer = Agent::start(&["--role", "operator"]);
    let made = writer.tool("call-operation", &note);
    assert_eq!(made["structuredContent"]["outcome"], "applied", "{made}");
}

#[test]
fn a_line_that_is_no_message_is_answered_and_the_next_one_too() {
    let mut agent = Agent::start(&[]);
    agent.write("{");
    assert_eq!(agent.read()["error"]["code"], -32700);
    // What is wrong with a message is told to whoever waits for its answer.
    agent.write(r#"{"jsonrpc":"2.0","id":102,"method":"tools/call","params":{"name":7}}"#);
    let told = agent.read();
    assert_eq!((&told["id"], &told["error"]["code"]), (&json!(102), &json!(-32602)), "{told}");
    for (line, id) in
        [("[]", Value::Null), ("5", Value::Null), (r#"{"jsonrpc":"2.0","id":9,"method":5}"#, json!(9))]
    {
        agent.write(line);
        let told = agent.read();
        assert_eq!((&told["id"], told["error"]["code"].is_i64()), (&id, true), "{line}: {told}");
    }
    agent.write(r#"{"jsonrpc":"2.0","method":"notifications/nothing-known"}"#);
    // Nothing is asked of a client, so that a response is no answer.
    agent.write(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    agent.write("");
    assert_eq!(agent.ask("ping", &json!({})), json!({}));
    // Whoever has said all gets the rest, and the program ends.
    agent.write(r#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#);
    drop(agent.process.stdin.take());
    assert_eq!(agent.read()["id"], "last");
    assert_eq!(agent.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_module_that_is_none_is_named_before_anything_begins() {
    let run = penstock(&BTreeMap::new(), &["mcp", "--modules", "crm,jmp"]);
    assert_eq!((run.status.code(), run.stdout.is_empty()), (Some(2), true));
    assert!(text(&run.stderr).contains("there is no module jmp"), "{}", text(&run.stderr));
}
