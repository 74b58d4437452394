//! A scripted HTTP/1.1 server on loopback.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// A request that was read to its end.
#[derive(Debug)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered.
pub enum Reply {
    /// 200 with a body of this type, which says how long it is.
    WithLength(&'static str, Vec<u8>),
    /// The same in chunks.
    InChunks(&'static str, Vec<u8>),
    /// The same with a length, and then only the first half of it.
    Torn(&'static str, Vec<u8>),
    /// 503, with nothing in it.
    Unavailable,
    /// Nothing, on a connection that stays open.
    Silence,
    /// Nothing, on a connection that is closed.
    Close,
}

/// Answers as its script says until the process ends.
pub struct Server {
    address: SocketAddr,
    most_open: Arc<AtomicUsize>,
}

impl Server {
    /// Starts it on a free port; each request has a connection of its own.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> io::Result<Server> {
        Server::with(script, false)
    }

    /// Starts it; a connection serves as many requests as its client likes.
    ///
    /// # Errors
    /// There is no port.
    pub fn keeping(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> io::Result<Server> {
        Server::with(script, true)
    }

    fn with(script: impl Fn(&Request) -> Reply + Send + Sync + 'static, keeps: bool) -> io::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (script, most_open) = (Arc::new(script), Arc::<AtomicUsize>::default());
        let (open, most) = (Arc::<AtomicUsize>::default(), most_open.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, open) = (script.clone(), open.clone());
                most.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::spawn(move || {
                    // A client that goes away is none of the server's business.
                    drop(serve(stream, &*script, keeps));
                    open.fetch_sub(1, SeqCst);
                });
            }
        });
        Ok(Server { address, most_open })
    }

    /// How many connections were open at once, at most.
    #[must_use]
    pub fn most_open(&self) -> usize {
        self.most_open.load(SeqCst)
    }

    /// `http://127.0.0.1:41234`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(mut stream: TcpStream, script: &dyn Fn(&Request) -> Reply, keeps: bool) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let end = if keeps { "" } else { "connection: close\r\n" };
    loop {
        let request = read(&mut reader)?;
        answer(&mut stream, &mut reader, script(&request), end)?;
        if !keeps {
            return Ok(());
        }
    }
}

fn answer(
    stream: &mut TcpStream,
    reader: &mut BufReader<TcpStream>,
    reply: Reply,
    end: &str,
) -> io::Result<()> {
    match reply {
        Reply::Silence => reader.read_to_end(&mut Vec::new()).map(drop),
        Reply::Close => stream.shutdown(Shutdown::Both),
        Reply::WithLength(ty, body) => {
            head(stream, ty, &format!("{end}content-length: {}", body.len()))?;
            stream.write_all(&body)
        }
        Reply::Torn(ty, body) => {
            head(stream, ty, &format!("connection: close\r\ncontent-length: {}", body.len()))?;
            stream.write_all(body.split_at(body.len() / 2).0)?;
            stream.shutdown(Shutdown::Both)
        }
        Reply::Unavailable => stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        Reply::InChunks(ty, body) => {
            head(stream, ty, &format!("{end}transfer-encoding: chunked"))?;
            for chunk in body.chunks(16 * 1024) {
                write!(stream, "{:x}\r\n", chunk.len())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")
        }
    }
}

fn head(stream: &mut TcpStream, ty: &str, framing: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: {ty}\r\n{framing}\r\n\r\n")
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().map_err(io::Error::other)?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request { method, target, body })
}
