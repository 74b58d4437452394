//! `docs/checklist.md` has every row, and names no test and no script that is not there.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// The sources of all tests that the checklist may name.
const SOURCES: [&str; 4] = ["src", "tests", "gateway", "host-test"];

type Done = Result<(), Box<dyn Error>>;

#[test]
fn every_row_is_there_once_with_a_state() -> Done {
    let text = fs::read_to_string(root().join("docs/checklist.md"))?;
    let rows: Vec<Vec<&str>> = text.lines().filter_map(cells).collect();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    let expected = [('A', 31), ('B', 36), ('C', 17), ('W', 17)].into_iter();
    let expected = expected.flat_map(|(letter, last)| (1..=last).map(move |row| format!("{letter}{row}")));
    assert_eq!(names, expected.collect::<Vec<_>>());
    for row in rows.iter().filter(|row| row.len() == 5) {
        let [name, _, state, place, shown] = row.as_slice() else { continue };
        assert!(["here", "host", "later"].contains(state), "{name} is {state}");
        assert!(*state == "later" || !place.is_empty(), "{name}: where?");
        let is_shown = !tests(shown).is_empty() || scripts(shown).next().is_some();
        assert!(*state != "here" || is_shown, "{name}: shown by what?");
    }
    Ok(())
}

#[test]
fn every_test_that_is_named_is_there() -> Done {
    let text = fs::read_to_string(root().join("docs/checklist.md"))?;
    let mut known = BTreeSet::new();
    for folder in SOURCES {
        collect(&root().join(folder), &mut known)?;
    }
    let named: BTreeSet<String> = text
        .lines()
        .filter_map(cells)
        .flat_map(|row| row.last().map(|shown| tests(shown)).unwrap_or_default())
        .collect();
    assert!(named.len() > 80, "only {} tests are named", named.len());
    let missing: Vec<_> = named.difference(&known).collect();
    assert_eq!(missing, Vec::<&String>::new());
    Ok(())
}

#[test]
fn every_script_that_is_named_is_there_and_run() -> Done {
    let text = fs::read_to_string(root().join("docs/checklist.md"))?;
    let mut legs = String::new();
    for folder in [".ci/legs", ".ci/longs"] {
        for leg in fs::read_dir(root().join(folder))? {
            legs += &fs::read_to_string(leg?.path())?;
        }
    }
    let rows = text.lines().filter_map(cells).filter_map(|row| row.last().map(|shown| (*shown).to_owned()));
    let named: BTreeSet<String> =
        rows.flat_map(|shown| scripts(&shown).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(named.len() > 5, "only {} scripts are named", named.len());
    for script in named {
        assert!(root().join(&script).is_file(), "{script} is not there");
        assert!(legs.contains(&script), "{script} is run by nothing");
    }
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The cells of a row of a table, if its first one is a row's name.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix("| ")?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let number = cells.first()?.strip_prefix(['A', 'B', 'C', 'W'])?;
    number.parse::<u8>().ok().map(|_| cells)
}

/// The names of tests in a cell: words in back-ticks with underscores and nothing else.
fn tests(cell: &str) -> Vec<String> {
    let name = |text: &&str| {
        text.contains('_') && text.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_'))
    };
    cell.split('`').filter(name).map(str::to_owned).collect()
}

/// What else shows something: scripts of CI, in back-ticks.
fn scripts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').filter(|text| text.starts_with(".ci/"))
}

/// Adds the names of the functions that follow a `#[test]` or the like.
fn collect(folder: &Path, known: &mut BTreeSet<String>) -> Done {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            collect(&path, known)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path)?;
            let mut marked = false;
            for line in text.lines().map(str::trim_start) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    marked = true;
                } else if let Some((_, rest)) = line.split_once("fn ")
                    && marked
                {
                    known.extend(rest.split('(').next().map(str::to_owned));
                    marked = false;
                }
            }
        }
    }
    Ok(())
}
