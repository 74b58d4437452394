//! Runs a stock Wasmtime.

use crate::{compose::plugged, needed, provider::Settings};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

/// Calls an exported function of the plugin by `wasmtime run --invoke`. Returns what is printed of
/// its result, in WAVE.
///
/// # Errors
/// The component cannot be run, or it traps.
pub fn invoke(settings: &Settings, call: &str) -> Result<String> {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    let mut command = wasmtime("run", settings)?;
    command.args(["-S", "http", "--invoke", call]).arg(compiled(&PLUGIN, "penstock_plugin")?);
    let output = command.output()?;
    ensure!(output.status.success(), "{call}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The gateway, by `wasmtime serve`, until this is dropped.
pub struct Served {
    /// Host and port that it listens on.
    pub address: String,
    child: Child,
}

impl Served {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// The component cannot be served.
    pub fn start(settings: &Settings) -> Result<Served> {
        static GATEWAY: OnceLock<PathBuf> = OnceLock::new();
        let mut command = wasmtime("serve", settings)?;
        command.args(["-S", "cli", "--addr", "127.0.0.1:0"]).arg(compiled(&GATEWAY, "penstock_gateway")?);
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let errors = child.stderr.take().context("standard error is piped")?;
        let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("Serving HTTP on http://")?;
            Some(address.trim_end_matches('/').to_owned())
        });
        // What it writes later must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        let mut served = Served { address: String::new(), child };
        served.address = address.context("it does not say where it serves")?;
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended by itself is gone as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wasmtime(subcommand: &str, settings: &Settings) -> Result<Command> {
    let mut command = Command::new(needed("PENSTOCK_WASMTIME")?);
    command.args([subcommand, "--allow-precompiled"]);
    for (name, value) in settings {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    Ok(command)
}

/// The component with the adapter, as machine code of the version that is tested. Made once.
fn compiled<'c>(made: &'c OnceLock<PathBuf>, name: &str) -> Result<&'c PathBuf> {
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(made) = made.get() {
        return Ok(made);
    }
    let wasmtime = needed("PENSTOCK_WASMTIME")?;
    let version = String::from_utf8(Command::new(&wasmtime).arg("--version").output()?.stdout)?;
    let version = version.split_whitespace().nth(1).context("the command says no version")?;
    println!("{name} on Wasmtime {version}");

    let component = fs::read(needed("PENSTOCK_COMPONENTS")?.join(name).with_extension("wasm"))?;
    let adapter = needed("PENSTOCK_ADAPTER")?;
    let composed = plugged(component, fs::read(&adapter)?)?;
    let folder = adapter.with_file_name(format!("wasmtime-{version}"));
    fs::create_dir_all(&folder)?;
    let (wasm, code) = (folder.join(name).with_extension("wasm"), folder.join(name).with_extension("cwasm"));
    fs::write(&wasm, composed)?;
    let done = Command::new(&wasmtime).arg("compile").arg(&wasm).arg("-o").arg(&code).status()?;
    ensure!(done.success(), "{name} does not compile");
    Ok(made.get_or_init(|| code))
}
