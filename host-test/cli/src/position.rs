//! The position of a list: the text by which the next run goes on.

mod ack;
mod file;
mod keeper;
mod lock;

pub(crate) use ack::Acknowledged;
pub(crate) use file::PositionFile;
pub(crate) use keeper::{Follows, Keeper, Place};
