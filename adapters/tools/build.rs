//! The part of the contract of WASI 0.2 that is called: functions are plain ones there, under a version of their own
//! (`build/p2.rs` of the workspace has the rules), and those with streams, which become resources, are not needed.

use std::{env, error::Error, fs, path::Path};

const CONNECTOR: &str = "../../wit/connector";
const FILES: [&str; 3] = ["package.wit", "types.wit", "operations.wit"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CONNECTOR}");
    println!("cargo::rerun-if-changed=../../wit/tools");
    let out = env::var("OUT_DIR")?;
    let folder = Path::new(&out).join("connector");
    fs::create_dir_all(&folder)?;
    for file in FILES {
        let text = fs::read_to_string(Path::new(CONNECTOR).join(file))?;
        // Comments stand in the contract; here they would be left behind by what is left out.
        let kept =
            text.lines().filter(|line| !line.contains("stream<") && !line.trim_start().starts_with("///"));
        let kept: Vec<&str> = kept.collect();
        let plain = kept.join("\n").replace("async func", "func").replace("@0.1.0", "@0.1.0-p2");
        fs::write(folder.join(file), plain)?;
    }
    let world = "
        package penstock:made;
        world made {
            import penstock:connector/operations@0.1.0-p2;
            export penstock:tools/tools@0.1.0;
        }
    ";
    let tools = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../wit/tools");
    let bindings = format!(
        "wit_bindgen::generate!({{ inline: {world:?}, path: [{folder:?}, {tools:?}], world: \"penstock:made/made\", generate_all }});"
    );
    fs::write(Path::new(&out).join("bindings.rs"), bindings)?;
    Ok(())
}
