//! Programs in Python, in environments of their own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of an environment with what `lists/{name}.txt` lists, which is made unless it is there.
pub fn environment(lists: &str, name: &str) -> PathBuf {
    let of = Path::new(lists).file_name().unwrap().to_string_lossy();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{of}-{name}"));
    let list = Path::new(lists).join(format!("{name}.txt"));
    let wanted = fs::read_to_string(&list).unwrap();
    let stamp = folder.join("list.txt");
    if fs::read_to_string(&stamp).is_ok_and(|present| present == wanted) {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    let mut venv = Command::new("python3");
    succeed(venv.args(["-m", "venv"]).arg(&folder));
    let mut pip = Command::new(folder.join("bin/pip"));
    succeed(pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]).arg(&list));
    fs::write(&stamp, wanted).unwrap();
    folder
}

fn succeed(command: &mut Command) {
    let status = command.status().expect("there is no python3: `apt-get install python3-venv`");
    assert!(status.success(), "{command:?}: `apt-get install python3-venv`");
}
