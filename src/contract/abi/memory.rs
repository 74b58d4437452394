//! Where a value is read that comes in.

use super::{Arena, Layout};

/// A memory that holds values.
pub trait Memory {
    /// So many bytes from an address on; none if they are not all there.
    fn read(&self, at: u32, length: u32) -> Option<&[u8]>;

    /// A block that was read is needed no more. The callee owns what a caller passes,
    /// so each block that a value points to is released once, by whoever reads it.
    fn release(&self, at: u32, length: u32, align: u32);
}

/// The memory does not hold what the ABI promises. Hosts check what they pass, so this
/// is a defect of the host or of Penstock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value does not have the form of the canonical ABI")]
pub struct AbiError;

pub(crate) fn bytes<const SIZE: usize>(memory: &dyn Memory, at: u32) -> Result<[u8; SIZE], AbiError> {
    let size = u32::try_from(SIZE).map_err(|_| AbiError)?;
    memory.read(at, size).and_then(|bytes| bytes.try_into().ok()).ok_or(AbiError)
}

/// The number that tells the cases of a variant apart.
pub(crate) fn discriminant(memory: &dyn Memory, at: u32, cases: usize) -> Result<usize, AbiError> {
    let bytes = memory.read(at, Layout::discriminant(cases).size).ok_or(AbiError)?;
    let case = bytes.iter().rev().fold(0, |case, byte| case << 8 | usize::from(*byte));
    if case < cases { Ok(case) } else { Err(AbiError) }
}

/// A string. Its block is released.
pub(crate) fn text(memory: &dyn Memory, at: u32) -> Result<String, AbiError> {
    let (start, length) = list(memory, at)?;
    if length == 0 {
        return Ok(String::new());
    }
    let text =
        std::str::from_utf8(memory.read(start, length).ok_or(AbiError)?).map_err(|_| AbiError)?.to_owned();
    memory.release(start, length, 1);
    Ok(text)
}

/// The elements of a list, read one by one. Its block is released.
pub(crate) fn elements<T>(
    memory: &dyn Memory,
    at: u32,
    element: Layout,
    mut read: impl FnMut(u32) -> Result<T, AbiError>,
) -> Result<Vec<T>, AbiError> {
    let (start, count) = list(memory, at)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let size = count.checked_mul(element.size).ok_or(AbiError)?;
    memory.read(start, size).ok_or(AbiError)?;
    let elements =
        (0..count).map(|index| read(start + index * element.size)).collect::<Result<Vec<_>, _>>()?;
    memory.release(start, size, element.align);
    Ok(elements)
}

/// Address and length.
fn list(memory: &dyn Memory, at: u32) -> Result<(u32, u32), AbiError> {
    Ok((u32::from_le_bytes(bytes(memory, at)?), u32::from_le_bytes(bytes(memory, at + 4)?)))
}

/// Before it settles an arena is a memory of its own, whose addresses count from 0.
impl Memory for Arena {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        let start = at as usize;
        self.bytes().get(start..start.checked_add(length as usize)?)
    }

    fn release(&self, _at: u32, _length: u32, _align: u32) {}
}
