//! The body of a page of a heavy list, whose end is taken down.

use super::Instance;
use futures_util::future::LocalBoxFuture;
use penstock::host::{BodyError, Opened, Request, Source};

/// A body that is counted when it was read to its end.
struct Counted {
    instance: Instance,
    call: usize,
    body: Box<dyn Source>,
    whole: Vec<u8>,
}

impl Instance {
    /// The answer to a request, counted if it is a page of a heavy list.
    pub(super) fn counted(&self, heavy: bool, opened: Opened) -> Opened {
        match self.who().call.filter(|_| heavy && opened.status == 200) {
            Some(call) => {
                let body = Counted { instance: self.clone(), call, body: opened.body, whole: Vec::new() };
                Opened { body: Box::new(body), ..opened }
            }
            None => opened,
        }
    }

    /// Whether a request is for a page of a heavy list.
    pub(super) fn asks_for_heavy(&self, request: &Request) -> bool {
        let world = self.world();
        world.memory.limit.get().is_some() && world.vendor.borrow().is_heavy(request)
    }
}

impl Source for Counted {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            let piece = self.body.next().await?;
            match &piece {
                Some(piece) => self.whole.extend_from_slice(piece),
                None => self.end(),
            }
            Ok(piece)
        })
    }
}

impl Counted {
    fn end(&self) {
        let text = String::from_utf8_lossy(&self.whole);
        let last = text.rsplit("\"id\":").next().and_then(|rest| {
            let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
            rest.get(..end)?.parse().ok()
        });
        if let Some(last) = last {
            self.instance.world().page_read(self.instance.0.index, self.call, last, self.whole.len() as u64);
        }
    }
}
