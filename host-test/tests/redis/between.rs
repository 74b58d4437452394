//! What may stand between a client and a Redis: nobody, silence, a line that breaks, a slow one, and one on which
//! commands run in another order than that in which they were sent.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// Connections are closed at once.
    Refused,
    /// Commands are read and never answered.
    Silent,
    /// So many commands are answered. The next one is run, and the connection ends without its answer.
    Breaks { after: u64 },
    /// Each answer takes so long.
    Slow(Duration),
    /// Commands that are under way at the same time run in any order; answers come in that of the commands, as
    /// the protocol has it.
    Reordered,
}

/// Listens on loopback until it is dropped.
pub struct Between {
    port: u16,
    task: JoinHandle<()>,
}

impl Between {
    pub async fn new(server: u16, trouble: Trouble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(connection(client, server, trouble));
            }
        });
        Self { port, task }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(client: TcpStream, server: u16, trouble: Trouble) {
    if matches!(trouble, Trouble::Refused) {
        return;
    }
    let (commands, client) = client.into_split();
    let (answers, in_order) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write(client, in_order, trouble));
    let mut commands = BufReader::new(commands);
    let mut number = 0;
    while let Some(command) = value(&mut commands).await {
        number += 1;
        // A connection for each, so that none waits for another.
        if answers.send(tokio::spawn(run(command, number, server, trouble))).is_err() {
            return;
        }
    }
    writing.abort();
}

async fn run(command: Vec<u8>, number: u64, server: u16, trouble: Trouble) -> Option<Vec<u8>> {
    let away = match trouble {
        Trouble::Refused | Trouble::Breaks { .. } => Duration::ZERO,
        Trouble::Silent => std::future::pending().await,
        Trouble::Slow(time) => time,
        Trouble::Reordered => Duration::from_millis(fastrand::u64(..20)),
    };
    tokio::time::sleep(away).await;
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.ok()?;
    server.write_all(&command).await.ok()?;
    let answer = value(&mut BufReader::new(server.into_split().0)).await?;
    (!matches!(trouble, Trouble::Breaks { after } if number > after)).then_some(answer)
}

type Answer = JoinHandle<Option<Vec<u8>>>;

async fn write(mut client: OwnedWriteHalf, mut answers: mpsc::UnboundedReceiver<Answer>, trouble: Trouble) {
    while let Some(answer) = answers.recv().await {
        let Ok(Some(answer)) = answer.await else { break };
        if client.write_all(&answer).await.is_err() {
            break;
        }
    }
    assert!(!matches!(trouble, Trouble::Refused), "nothing was accepted");
}

/// One value of the protocol (RESP2), as it came; none at the end.
fn value(from: &mut BufReader<OwnedReadHalf>) -> BoxFuture<'_, Option<Vec<u8>>> {
    Box::pin(async move {
        let mut value = Vec::new();
        from.read_until(b'\n', &mut value).await.ok().filter(|length| *length > 0)?;
        let number = || std::str::from_utf8(&value[1..]).ok()?.trim_end().parse::<i64>().ok();
        match (value[0], number()) {
            (b'$', Some(length @ 0..)) => {
                let start = value.len();
                value.resize(start + usize::try_from(length).ok()? + 2, 0);
                from.read_exact(&mut value[start..]).await.ok()?;
            }
            (b'*', Some(members @ 0..)) => {
                for _ in 0..members {
                    value.extend(self::value(from).await?);
                }
            }
            _ => {}
        }
        Some(value)
    })
}
