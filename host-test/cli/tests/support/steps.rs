//! The commands of a document, which a test takes from it and runs.

/// A command of a document, and the output that it shows, if it shows any.
pub struct Step {
    pub name: &'static str,
    pub script: &'static str,
    pub shown: Option<&'static str>,
}

/// The commands in their order: blocks of `sh step=NAME`, each perhaps with a block of
/// `text` behind it.
pub fn steps(document: &'static str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // Before, inside, behind the first block, inside the second...
    let mut parts = document.split("\n```");
    parts.next();
    while let Some(block) = parts.next() {
        let (kind, script) = block.split_once('\n').unwrap();
        if let Some(name) = kind.strip_prefix("sh step=") {
            steps.push(Step { name, script, shown: None });
        } else if kind == "text" {
            let step = steps.last_mut().expect("an output stands behind its command");
            assert!(step.shown.replace(script).is_none(), "{}: two outputs", step.name);
        }
        parts.next().expect("a block has an end");
    }
    steps
}
