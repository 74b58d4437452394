//! A connection to Redis, for [`RedisState`](crate::state::RedisState) and for what the gateway
//! imports from Spin.

mod address;
mod connection;

pub(crate) use address::Address;
pub(crate) use connection::{Connection, Trouble};
