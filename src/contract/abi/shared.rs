//! The shared types of the contract, as wit-bindgen makes them, to memory and back.
//!
//! `build/shared.rs` writes an implementation for each named type of
//! `wit/connector/types.wit` and `files.wit`; what they are made of is here.

use super::{AbiError, Arena, Layout, Memory, Places, memory};

/// A Rust value that can stand in memory.
pub trait Abi: Sized {
    /// Its room.
    const LAYOUT: Layout;

    /// Writes it into room that was allocated.
    fn lower(&self, arena: &mut Arena, at: u32);

    /// Reads it, and releases the blocks that it points to.
    ///
    /// # Errors
    /// The memory does not hold one.
    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError>;
}

macro_rules! number {
    ($($ty:ty)*) => {$(
        impl Abi for $ty {
            const LAYOUT: Layout = Layout::number(<$ty>::BITS / 8);

            fn lower(&self, arena: &mut Arena, at: u32) {
                arena.put(at, &self.to_le_bytes());
            }

            fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
                memory::bytes(memory, at).map(<$ty>::from_le_bytes)
            }
        }
    )*};
}

number! { u8 u16 u32 u64 i32 i64 }

impl Abi for bool {
    const LAYOUT: Layout = Layout::number(1);

    fn lower(&self, arena: &mut Arena, at: u32) {
        arena.put(at, &[u8::from(*self)]);
    }

    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
        u8::lift(memory, at).map(|byte| byte != 0)
    }
}

impl Abi for String {
    const LAYOUT: Layout = Layout::LIST;

    fn lower(&self, arena: &mut Arena, at: u32) {
        arena.put_text(at, self);
    }

    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
        memory::text(memory, at)
    }
}

impl<T: Abi> Abi for Option<T> {
    const LAYOUT: Layout = T::LAYOUT.option();

    fn lower(&self, arena: &mut Arena, at: u32) {
        if let Some(value) = self {
            arena.put_discriminant(at, 2, 1);
            value.lower(arena, at + Layout::payload(2, T::LAYOUT));
        }
    }

    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
        match memory::discriminant(memory, at, 2)? {
            0 => Ok(None),
            _ => T::lift(memory, at + Layout::payload(2, T::LAYOUT)).map(Some),
        }
    }
}

impl<T: Abi> Abi for Vec<T> {
    const LAYOUT: Layout = Layout::LIST;

    fn lower(&self, arena: &mut Arena, at: u32) {
        let mut element = arena.put_list(at, self.len(), T::LAYOUT);
        for value in self {
            value.lower(arena, element);
            element += T::LAYOUT.size;
        }
    }

    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
        memory::elements(memory, at, T::LAYOUT, |element| T::lift(memory, element))
    }
}

/// A stream or a future: its place in the component's table. Who has the number has the
/// end of the stream, and is to take it, pass it on or drop it.
#[derive(Debug, PartialEq, Eq)]
pub struct Handle(pub u32);

impl Abi for Handle {
    const LAYOUT: Layout = Layout::number(4);

    fn lower(&self, arena: &mut Arena, at: u32) {
        self.0.lower(arena, at);
    }

    fn lift(memory: &dyn Memory, at: u32) -> Result<Self, AbiError> {
        u32::lift(memory, at).map(Handle)
    }
}

pub use generated::{Download, Upload};

mod generated {
    use super::{Abi, AbiError, Arena, Handle, Layout, Memory, Places, memory};

    include!(concat!(env!("OUT_DIR"), "/shared.rs"));
}
