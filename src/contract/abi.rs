//! Values as the canonical ABI of the component model lays them out in memory.
//!
//! Vendors have hundreds of operations and records. Bindings generated for each of
//! them would be most of the component, so there is one routine for all: it walks a
//! type's table beside the value, as `normalize` does. A value that goes out is
//! written into an [`Arena`] with offsets instead of addresses; a value that comes in
//! is read through [`Memory`]. So all of it is safe code, and the native tests read
//! back what was written. Only `linear` knows real addresses.
//!
//! Sizes and alignments are those of a 32-bit memory, whatever this is compiled for
//! (CanonicalABI.md of the component model, "Alignment" and "Element Size").

mod memory;
#[cfg(feature = "p2")]
pub mod p2;
mod shared;

pub use memory::{AbiError, Memory};
pub(crate) use memory::{discriminant, elements};
pub use penstock_json::{Arena, Layout, LoweredRecord, LoweredValue, Places};
pub use shared::{Abi, Download, Handle, Upload};

#[cfg(test)]
pub(crate) mod tests;
