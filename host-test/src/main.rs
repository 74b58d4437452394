//! The command line of Penstock.

fn main() {}
