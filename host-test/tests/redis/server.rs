//! A `redis-server` of a test's own.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use penstock_host::{sources::HostError, state::RedisState};
use redis::{FromRedisValue, aio::MultiplexedConnection};
use tempfile::TempDir;

/// On loopback, and without files unless its options say otherwise; ended when it is dropped.
pub struct Server {
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
    folder: TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::with_options(&[])
    }

    pub fn with_options(options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { port: 0, options, child: None, folder: TempDir::new().unwrap() };
        // Somebody else may take the port that was free.
        for _ in 0..10 {
            server.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if server.run() {
                return server;
            }
        }
        panic!("redis-server does not start on any port");
    }

    /// False if it ended before it listened.
    fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let mut child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server is not on the PATH: `apt-get install redis-server`, or `.ci/leg gateway`");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut lines = lines.lines().map_while(Result::ok);
        let listens = lines.any(|line| line.contains("Ready to accept connections"));
        // Lest it block on what nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        if listens {
            self.child = Some(child);
        } else {
            child.wait().unwrap();
        }
        listens
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn state(&self) -> RedisState {
        RedisState::new(&self.url()).unwrap()
    }

    /// A connection beside the one that is tested.
    pub async fn connect(&self) -> MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Kills it (SIGKILL). What it held is gone, but for what its options had it write.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn restart(&mut self) {
        self.stop();
        assert!(self.run(), "redis-server does not start again on port {}", self.port);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs any command.
pub async fn run<T: FromRedisValue>(connection: &mut MultiplexedConnection, command: &str) -> T {
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    for word in words {
        command.arg(word);
    }
    command.query_async(connection).await.unwrap()
}

pub fn is_unavailable<T>(answer: &Result<T, HostError>) -> bool {
    matches!(answer, Err(HostError::Unavailable(_)))
}
