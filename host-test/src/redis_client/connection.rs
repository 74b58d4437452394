//! One connection, which any number of commands share.

use std::sync::Arc;

use penstock_state::redis::Reply;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, Value, aio::MultiplexedConnection};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

use super::Address;

/// An open connection. Dropping it closes it.
pub(crate) struct Connection {
    sender: MultiplexedConnection,
    driver: JoinHandle<()>,
}

/// Why there is no reply.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no connection, or there is none any more.
    Broken(String),
    /// The server's own word. The first is its code.
    Refused {
        /// Such as `WRONGTYPE`.
        code: String,
        /// The rest.
        detail: String,
    },
    /// What came is no reply to a command.
    Unexpected,
}

impl Connection {
    /// Connects, and says who calls. Nothing here has a limit of time: that is the caller's.
    pub(crate) async fn open(address: &Address, tls: &Arc<ClientConfig>) -> Result<Connection, Trouble> {
        let tcp = TcpStream::connect((address.host(), address.port())).await.map_err(broken)?;
        // A command is small, and somebody waits for it.
        tcp.set_nodelay(true).map_err(broken)?;
        if !address.has_tls() {
            return Self::over(tcp, address).await;
        }
        let name = ServerName::try_from(address.host().to_owned()).map_err(broken)?;
        let stream = TlsConnector::from(tls.clone()).connect(name, tcp).await.map_err(broken)?;
        Self::over(stream, address).await
    }

    async fn over<S>(stream: S, address: &Address) -> Result<Connection, Trouble>
    where
        S: Unpin + AsyncRead + AsyncWrite + Send + 'static,
    {
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let opened = MultiplexedConnection::new_with_config(address.settings(), stream, config).await;
        let (sender, driver) = opened.map_err(Trouble::of)?;
        Ok(Connection { sender, driver: tokio::spawn(driver) })
    }

    /// Sends a command and waits for its reply, of which all elements come in one list.
    pub(crate) async fn run(&self, name: &str, arguments: &[Vec<u8>]) -> Result<Vec<Reply>, Trouble> {
        let mut command = redis::cmd(name);
        for argument in arguments {
            command.arg(argument.as_slice());
        }
        let mut sender = self.sender.clone();
        let value: Value = command.query_async(&mut sender).await.map_err(Trouble::of)?;
        let mut replies = Vec::new();
        flatten(value, &mut replies)?;
        Ok(replies)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Trouble {
    fn of(error: RedisError) -> Self {
        match error.code() {
            // A server quotes the arguments of a command that it does not know, and these are ours to keep.
            Some(code) => {
                let detail = error.detail().unwrap_or_default();
                let detail = detail.split(", with args").next().unwrap_or_default();
                Self::Refused { code: code.to_owned(), detail: detail.to_owned() }
            }
            None if error.kind() == ErrorKind::AuthenticationFailed => Self::Refused {
                code: "WRONGPASS".to_owned(),
                detail: "the server refuses the user or the password".to_owned(),
            },
            None => Self::Broken(error.to_string()),
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Trouble {
    Trouble::Broken(error.to_string())
}

/// As Spin gives replies to its components: lists in lists come as one.
fn flatten(value: Value, replies: &mut Vec<Reply>) -> Result<(), Trouble> {
    match value {
        Value::Nil => replies.push(Reply::Nil),
        Value::Int(number) => replies.push(Reply::Integer(number)),
        Value::Boolean(is) => replies.push(Reply::Integer(is.into())),
        Value::BulkString(bytes) => replies.push(Reply::Bytes(bytes)),
        Value::SimpleString(text) => replies.push(Reply::Status(text)),
        Value::Okay => replies.push(Reply::Status("OK".to_owned())),
        Value::Double(number) => replies.push(Reply::Bytes(number.to_string().into_bytes())),
        Value::Array(values) | Value::Set(values) => {
            for value in values {
                flatten(value, replies)?;
            }
        }
        Value::ServerError(error) => {
            let detail = error.details().unwrap_or_default().to_owned();
            return Err(Trouble::Refused { code: error.code().to_owned(), detail });
        }
        _ => return Err(Trouble::Unexpected),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_come_as_one_list() {
        let nested = Value::Array(vec![
            Value::Int(1),
            Value::Array(vec![Value::BulkString(b"two".to_vec()), Value::Array(Vec::new()), Value::Nil]),
            Value::Okay,
            Value::Boolean(true),
        ]);
        let mut replies = Vec::new();
        flatten(nested, &mut replies).unwrap();
        let ok = Reply::Status("OK".to_owned());
        let two = Reply::Bytes(b"two".to_vec());
        assert_eq!(replies, [Reply::Integer(1), two, Reply::Nil, ok, Reply::Integer(1)]);
        assert!(matches!(flatten(Value::Map(Vec::new()), &mut replies), Err(Trouble::Unexpected)));
    }
}
