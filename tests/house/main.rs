//! The order of the house: which folder may import which, and names that mean one thing.

#[path = "imports.rs"]
mod imports;
#[path = "names.rs"]
mod names;
#[path = "source.rs"]
mod source;
