//! The README shows code that compiles: the example, line by line.

#[test]
fn the_readme_shows_the_example() {
    let example = include_str!("../../examples/embed.rs");
    let code = example.split_once("\n\n").unwrap().1.trim_end();
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(code), "README.md does not show host-test/examples/embed.rs as it is");
}
