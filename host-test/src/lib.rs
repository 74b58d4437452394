//! The embedding of Penstock in Wasmtime, simulated vendors, and what the command
//! line is made of.

pub mod vendor;
