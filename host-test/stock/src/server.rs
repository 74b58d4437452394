//! A scripted HTTP/1.1 server on loopback.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
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

/// Answers as its script says, each request on a connection of its own, until the process ends.
pub struct Server {
    address: SocketAddr,
}

impl Server {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> io::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let script = script.clone();
                // A client that goes away is none of the server's business.
                thread::spawn(move || drop(serve(stream, &*script)));
            }
        });
        Ok(Server { address })
    }

    /// `http://127.0.0.1:41234`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(stream: TcpStream, script: &dyn Fn(&Request) -> Reply) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let request = read(&mut reader)?;
    match script(&request) {
        Reply::Silence => reader.read_to_end(&mut Vec::new()).map(drop),
        Reply::Close => Ok(()),
        Reply::WithLength(ty, body) => {
            head(&mut stream, ty, &format!("content-length: {}", body.len()))?;
            stream.write_all(&body)
        }
        Reply::Torn(ty, body) => {
            head(&mut stream, ty, &format!("content-length: {}", body.len()))?;
            stream.write_all(body.split_at(body.len() / 2).0)
        }
        Reply::Unavailable => stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
        Reply::InChunks(ty, body) => {
            head(&mut stream, ty, "transfer-encoding: chunked")?;
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
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: {ty}\r\nconnection: close\r\n{framing}\r\n\r\n")
}

fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
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
