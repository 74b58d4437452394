//! A PostgreSQL of its own: in a temporary folder, on loopback, stopped at the end.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// With what a URL must have percent signs for, and what must be seen nowhere.
pub const PASSWORD: &str = "p@ss/w?rd#canary";
const ENCODED: &str = "p%40ss%2Fw%3Frd%23canary";

pub struct Server {
    process: Child,
    folder: TempDir,
    port: u16,
    databases: AtomicUsize,
}

/// Whoever runs at the same time has the same server, each with a database of its own.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// Where Debian has the programs, the newest version first, or wherever the PATH says.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.sort();
    found.into_iter().rev().find(|path| path.exists()).unwrap_or_else(|| name.into())
}

/// PostgreSQL refuses to run as root: then it is its own user, which the package made.
fn command(name: &str) -> Command {
    if !is_root() {
        return Command::new(program(name));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program(name));
    command
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn run(command: &mut Command) {
    let done = command.output().expect("PostgreSQL is installed: .ci/leg sync does so");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Server {
    /// The one that runs, or a new one.
    pub fn shared() -> Arc<Server> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Server::start(&[]));
        *shared = Arc::downgrade(&server);
        server
    }

    /// A new one, with these settings.
    pub fn start(settings: &[&str]) -> Server {
        Server::start_with(settings, &[])
    }

    /// The same, with these files in its folder that it alone may read.
    pub fn start_with(settings: &[&str], files: &[(&str, String)]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres:postgres").arg(folder.path()));
        }
        let word = folder.path().join("password");
        fs::write(&word, PASSWORD).unwrap();
        fs::set_permissions(&word, fs::Permissions::from_mode(0o644)).unwrap();
        let data = folder.path().join("data");
        let mut initdb = command("initdb");
        initdb.args(["--username=copier", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
        run(initdb
            .arg("--no-sync")
            .arg("--pwfile")
            .arg(&word)
            .arg("-D")
            .arg(&data)
            .current_dir(folder.path()));
        for (name, content) in files {
            fs::write(data.join(name), content).unwrap();
            fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o600)).unwrap();
            if is_root() {
                run(Command::new("chown").arg("postgres:postgres").arg(data.join(name)));
            }
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = serve(folder.path(), port, settings);
        let server = Server { process, folder, port, databases: AtomicUsize::new(0) };
        server.until_ready();
        server
    }

    fn until_ready(&self) {
        let began = Instant::now();
        while !Command::new(program("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .status()
            .unwrap()
            .success()
        {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://copier:{ENCODED}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database, and returns its URL.
    pub async fn database(&self) -> String {
        let name = format!("copy{}", self.databases.fetch_add(1, Relaxed));
        query(&self.url("postgres"), &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// Stops it at once, as a machine that loses its power, and starts it again after `pause`.
    pub fn restart(&mut self, pause: Duration) {
        self.stop();
        std::thread::sleep(pause);
        self.process = serve(self.folder.path(), self.port, &[]);
        self.until_ready();
    }

    /// Stops it at once.
    pub fn stop(&mut self) {
        // Its own word for at once.
        run(Command::new("kill").args(["-QUIT", &self.process.id().to_string()]));
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop();
        }
    }
}

fn serve(folder: &Path, port: u16, settings: &[&str]) -> Child {
    let mut postgres = command("postgres");
    postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port.to_string()]);
    // It is not the machine's power that fails here.
    for setting in ["listen_addresses=127.0.0.1", "fsync=off"].iter().chain(settings) {
        postgres.args(["-c", setting]);
    }
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let errors = log.try_clone().unwrap();
    postgres.stdin(Stdio::null()).stdout(log).stderr(errors).current_dir(folder).spawn().unwrap()
}

/// Another program's connection.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

/// The first column of what another program reads there, each as text.
pub async fn query(url: &str, sql: &str) -> Vec<String> {
    let messages =
        connect(url).await.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    });
    rows.collect()
}
