//! One word for one thing: no public type's name stands for more than two types of a crate.

use crate::source::{crate_of, root};
use std::collections::BTreeMap;
use syn::{Item, Visibility};

/// The crates, by their root files.
const CRATES: [&str; 9] = [
    "src/lib.rs",
    "src/policy/lib.rs",
    "gateway/src/lib.rs",
    "host-test/src/lib.rs",
    "host-test/cli/src/main.rs",
    "host-test/simulated/src/lib.rs",
    "host-test/simulator/src/lib.rs",
    "host-test/import/src/lib.rs",
    "host-test/sync/src/lib.rs",
];

#[test]
fn no_public_types_name_stands_more_than_twice() {
    let mut wrong = Vec::new();
    for file in CRATES {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for source in crate_of(&root().join(file)) {
            for item in &source.items {
                let (name, visibility) = match item {
                    Item::Struct(item) => (&item.ident, &item.vis),
                    Item::Enum(item) => (&item.ident, &item.vis),
                    Item::Trait(item) => (&item.ident, &item.vis),
                    Item::Type(item) => (&item.ident, &item.vis),
                    _ => continue,
                };
                if matches!(visibility, Visibility::Public(_)) {
                    places.entry(name.to_string()).or_default().push(source.module.join("::"));
                }
            }
        }
        let often = places.into_iter().filter(|(_, places)| places.len() > 2);
        wrong.extend(often.map(|(name, places)| format!("{file}: {name} in {}", places.join(", "))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One style: a module with modules in it is `name.rs` beside the folder `name`.
#[test]
fn no_module_is_a_mod_rs() {
    for file in CRATES {
        for source in crate_of(&root().join(file)) {
            assert!(!source.file.ends_with("mod.rs"), "{}", source.file.display());
        }
    }
}
