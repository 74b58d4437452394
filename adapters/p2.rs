//! Build script of the adapters for WASI 0.2: the functions of `penstock:host` are plain ones there, under a version of
//! their own (`build/p2.rs` has the rules). Writes that to `OUT_DIR`, with what binds it.

use std::{env, error::Error, fs, path::Path};

const HOST: &str = "../../../wit/host/host.wit";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={HOST}");
    println!("cargo::rerun-if-changed=../../p2.rs");
    println!("cargo::rerun-if-changed=world.wit");
    let out = env::var("OUT_DIR")?;
    let host = fs::read_to_string(HOST)?.replace("async func", "func").replace("@0.1.0", "@0.1.0-p2");
    fs::create_dir_all(Path::new(&out).join("host"))?;
    fs::write(Path::new(&out).join("host/host.wit"), host)?;
    let further = match fs::read_to_string("deps") {
        Ok(folder) => format!("{:?},", folder.trim()),
        Err(_) => String::new(),
    };
    let bindings = format!(
        "wit_bindgen::generate!({{
            inline: {:?},
            path: [{:?}, {further}],
            generate_all,
        }});",
        fs::read_to_string("world.wit")?,
        Path::new(&out).join("host"),
    );
    fs::write(Path::new(&out).join("bindings.rs"), bindings)?;
    Ok(())
}
