//! The components on stock hosts: what is promised there as well.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod gateway;
mod plugin;

use penstock_stock::{
    provider::{LONG, PAGE, RECORDS, Settings, WRITTEN, after_the_write, long_answers, settings, writing},
    server::Reply,
};
use std::sync::atomic::Ordering::SeqCst;
