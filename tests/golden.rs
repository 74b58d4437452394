//! The JSON mapping, as a file that a reader can look at.
//!
//! `BLESS=1` rewrites the golden file; read the difference before you commit it.

use penstock::{codec::transcode, contract::catalogue::find};
use std::{env, fs, path::Path};

#[test]
fn a_job_in_normal_form() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let provider = fs::read(folder.join("job.vendor.json"))?;
    let operation = find("servicetitan", "jpm.jobs-get").map_err(|missing| format!("{missing:?}"))?;
    let ty = operation.answer.as_ref().ok_or("jobs-get has no answer")?;
    let normal = transcode(ty, &provider)?.replace(",\"", ",\n\"") + "\n";
    let golden = folder.join("job.normal.json");
    if env::var_os("BLESS").is_some() {
        fs::write(&golden, &normal)?;
    }
    assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), normal, "BLESS=1 rewrites it");
    Ok(())
}
