//! Counts and times for a StatsD daemon or a DataDog agent, by UDP.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::line::Line;
use crate::Logs;

/// The largest datagram: what fits into a packet of an Ethernet everywhere, as DataDog's documents have it.
const LARGEST: usize = 1432;

/// What was counted goes out after this at the latest.
const EVERY: Duration = Duration::from_secs(1);

/// Which lines the daemon understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsDFlavour {
    /// `name:value|type`: what is counted apart is part of the name.
    Plain,
    /// With tags, as a DataDog agent takes them.
    DogStatsD,
}

/// How the metrics are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsDNames {
    /// `penstock.calls` by operation and result, and `penstock.call_duration` by operation.
    Own,
    /// Those of the guide for Asleep's client: `request.success`, `request.error`, `error.<type>`, `request.duration` and
    /// `response_time`.
    Guide,
}

/// A place for log lines that makes counts and times of them.
pub struct StatsD {
    socket: UdpSocket,
    flavour: StatsDFlavour,
    names: StatsDNames,
    pending: Mutex<String>,
}

impl StatsD {
    /// Sends to this address. Nobody is asked whether anybody listens there. What is pending is sent each second by
    /// a task of this runtime, as long as the lines have somewhere to go.
    ///
    /// # Errors
    ///
    /// No socket can be had.
    pub fn logs(to: SocketAddr, flavour: StatsDFlavour, names: StatsDNames) -> io::Result<Logs> {
        let own: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = UdpSocket::bind(own)?;
        socket.set_nonblocking(true)?;
        socket.connect(to)?;
        let statsd = Arc::new(Self { socket, flavour, names, pending: Mutex::default() });
        let weak = Arc::downgrade(&statsd);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(statsd) = weak.upgrade() else { break };
                statsd.flush();
            }
        });
        Ok(Logs::new(move |line| statsd.take(line)))
    }

    fn take(&self, line: &str) {
        let Some(line) = Line::parse(line) else { return };
        let Some((operation, result)) = line.call() else { return };
        let millis = line.number("duration_ms").unwrap_or_default();
        match self.names {
            StatsDNames::Own => {
                self.add("penstock.calls", "1|c", &[("operation", operation), ("result", result)]);
                self.add("penstock.call_duration", &format!("{millis}|ms"), &[("operation", operation)]);
            }
            StatsDNames::Guide => {
                let tags = &[("endpoint", operation)];
                if result == "ok" {
                    self.add("request.success", "1|c", tags);
                } else {
                    self.add("request.error", "1|c", tags);
                    self.add(&format!("error.{}", clean(result)), "1|c", tags);
                }
                self.add("request.duration", &format!("{millis}|ms"), tags);
                // A plain daemon takes `h` for a counter.
                let kind = if self.flavour == StatsDFlavour::Plain { "ms" } else { "h" };
                self.add("response_time", &format!("{millis}|{kind}"), tags);
            }
        }
    }

    fn add(&self, name: &str, value: &str, tags: &[(&str, &str)]) {
        let line = match self.flavour {
            StatsDFlavour::Plain => {
                let parts = tags.iter().map(|(_, value)| format!(".{}", clean(value)));
                format!("{name}{}:{value}\n", parts.collect::<String>())
            }
            StatsDFlavour::DogStatsD => {
                let tags: Vec<_> =
                    tags.iter().map(|(tag, value)| format!("{tag}:{}", tag_value(value))).collect();
                format!("{name}:{value}|#{}\n", tags.join(","))
            }
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() + line.len() > LARGEST {
            self.send(&mut pending);
        }
        pending.push_str(&line);
    }

    fn flush(&self) {
        self.send(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts that nobody takes are lost, which is what UDP is chosen for.
    fn send(&self, pending: &mut String) {
        if !pending.is_empty() {
            let _ = self.socket.send(pending.as_bytes());
            pending.clear();
        }
    }
}

impl Drop for StatsD {
    fn drop(&mut self) {
        self.flush();
    }
}

/// One part of a name: a dot begins another one, and a colon ends it.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// What would end a tag is replaced.
fn tag_value(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ',' | '|' | '#') || c.is_whitespace() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = r#"{"level":"info","event":"call","operation":"jpm.jobs-list","duration_ms":12.5}"#;
    const BAD: &str = r#"{"level":"warn","event":"call","operation":"jpm.jobs-list","duration_ms":3,"error.type":"rate-limited"}"#;

    /// Every line that is sent for these.
    async fn sent(flavour: StatsDFlavour, names: StatsDNames, lines: &[&str]) -> Vec<String> {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        daemon.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let logs = StatsD::logs(daemon.local_addr().unwrap(), flavour, names).unwrap();
        for line in lines {
            logs.write(line);
        }
        // What is pending goes out with the last who could add to it.
        drop(logs);
        daemon.send_to(b"end\n", daemon.local_addr().unwrap()).unwrap();
        let (mut buffer, mut text) = ([0; 65_536], String::new());
        while !text.ends_with("end\n") {
            let size = daemon.recv(&mut buffer).unwrap();
            assert!(size <= LARGEST, "{size}");
            text.push_str(std::str::from_utf8(&buffer[..size]).unwrap());
        }
        text.lines().filter(|line| *line != "end").map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_plain_daemon_gets_names_and_an_agent_gets_tags() {
        let other = [OK, BAD, r#"{"event":"request"}"#, "no json"];
        let plain = sent(StatsDFlavour::Plain, StatsDNames::Own, &other).await;
        assert_eq!(
            plain,
            [
                "penstock.calls.jpm_jobs-list.ok:1|c",
                "penstock.call_duration.jpm_jobs-list:12.5|ms",
                "penstock.calls.jpm_jobs-list.rate-limited:1|c",
                "penstock.call_duration.jpm_jobs-list:3|ms",
            ]
        );
        let tagged = sent(StatsDFlavour::DogStatsD, StatsDNames::Own, &[OK]).await;
        assert_eq!(tagged[0], "penstock.calls:1|c|#operation:jpm.jobs-list,result:ok");
        let guide = sent(StatsDFlavour::DogStatsD, StatsDNames::Guide, &[BAD]).await;
        assert_eq!(
            guide,
            [
                "request.error:1|c|#endpoint:jpm.jobs-list",
                "error.rate-limited:1|c|#endpoint:jpm.jobs-list",
                "request.duration:3|ms|#endpoint:jpm.jobs-list",
                "response_time:3|h|#endpoint:jpm.jobs-list",
            ]
        );
    }

    #[tokio::test]
    async fn many_lines_go_out_in_datagrams_that_fit() {
        let lines = vec![OK; 500];
        assert_eq!(sent(StatsDFlavour::DogStatsD, StatsDNames::Own, &lines).await.len(), 1000);
    }
}
