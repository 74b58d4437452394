//! A consumer in Python: a worker of a message queue, in an environment of its own.

use crate::python::environment;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What is in `consumers`.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deliveries/consumers");

/// Runs until it is dropped. One that ends is started again, as whatever runs a worker does.
pub struct Worker {
    ledger: PathBuf,
    is_over: Arc<AtomicBool>,
    running: Arc<Mutex<Option<Child>>>,
    ended: Arc<AtomicUsize>,
    keeper: Option<JoinHandle<()>>,
}

/// What a consumer has noted.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The numbers of the events that it handled.
    pub handled: BTreeSet<usize>,
    /// How often it handled one that it had handled: never.
    pub twice: usize,
    /// How often it was given one that it had handled.
    pub again: usize,
}

impl Worker {
    /// Celery's.
    pub fn celery(folder: &Path, redis: &str) -> Worker {
        let arguments = ["-A", "celery_worker", "worker", "--concurrency", "2", "--loglevel", "warning"];
        Self::start("celery", &arguments, folder, redis)
    }

    /// arq's.
    pub fn arq(folder: &Path, redis: &str) -> Worker {
        Self::start("arq", &["arq_worker.WorkerSettings"], folder, redis)
    }

    fn start(name: &str, arguments: &[&str], folder: &Path, redis: &str) -> Worker {
        let ledger = folder.join(format!("{name}.ledger"));
        let program = environment(FOLDER, name).join("bin").join(name);
        let log = fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("CONSUMER_REDIS", redis)
            .env("CONSUMER_LEDGER", &ledger)
            .env("PYTHONPATH", FOLDER)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            // Its own processes end with it.
            .process_group(0);
        let (is_over, running, ended) =
            (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
        let keeper = thread::spawn({
            let (is_over, running, ended) = (is_over.clone(), running.clone(), ended.clone());
            move || keep(&mut command, &is_over, &running, &ended)
        });
        Worker { ledger, is_over, running, ended, keeper: Some(keeper) }
    }

    /// How often it ended by itself.
    pub fn ended(&self) -> usize {
        self.ended.load(SeqCst)
    }

    /// What it has noted so far.
    pub fn ledger(&self) -> Ledger {
        let text = fs::read_to_string(&self.ledger).unwrap_or_default();
        let mut ledger = Ledger::default();
        let mut handled: BTreeMap<&str, usize> = BTreeMap::new();
        // The last line may be half written.
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["handled", id, number] => {
                    *handled.entry(id).or_default() += 1;
                    ledger.handled.insert(number.parse().unwrap());
                }
                ["again", ..] => ledger.again += 1,
                _ => panic!("{line}"),
            }
        }
        ledger.twice = handled.values().filter(|times| **times > 1).count();
        ledger
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.is_over.store(true, SeqCst);
        if let Some(child) = self.running.lock().unwrap().as_mut() {
            end(child);
        }
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Runs it again and again.
fn keep(command: &mut Command, is_over: &AtomicBool, running: &Mutex<Option<Child>>, ended: &AtomicUsize) {
    while !is_over.load(SeqCst) {
        *running.lock().unwrap() = Some(command.spawn().unwrap());
        while running.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_none() {
            if is_over.load(SeqCst) {
                return end(running.lock().unwrap().as_mut().unwrap());
            }
            thread::sleep(Duration::from_millis(50));
        }
        if !is_over.load(SeqCst) {
            ended.fetch_add(1, SeqCst);
            thread::sleep(Duration::from_millis(500));
        }
    }
}

/// With all processes of its group.
fn end(child: &mut Child) {
    let group = format!("-{}", child.id());
    if child.try_wait().unwrap().is_none() {
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = child.wait();
    }
}
