//! A stream of events (HTML, "Server-sent events"), as far as our own gateway writes one.

/// Bytes as they come, until they are events.
#[derive(Debug, Default)]
pub(super) struct Events(Vec<u8>);

impl Events {
    /// What the events say that are whole now.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some(end) = self.0.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = self.0.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            said.extend(event.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_whole_wherever_it_was_cut() {
        let text = "event: message\ndata: {\"a\":1}\n\nevent: message\ndata: {\"b\":\"\u{e9}\"}\n\n";
        for at in 0..text.len() {
            let mut events = Events::default();
            let mut said = events.take(&text.as_bytes()[..at]);
            said.extend(events.take(&text.as_bytes()[at..]));
            assert_eq!(said, ["{\"a\":1}", "{\"b\":\"\u{e9}\"}"], "{at}");
        }
    }
}
