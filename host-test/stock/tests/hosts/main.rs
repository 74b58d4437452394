//! The components on stock hosts: what is promised there as well.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod adapters;
mod applications;
mod gateway;
mod plugin;
mod tools;

use penstock_stock::{
    provider::{
        LONG, PAGE, Settings, WRITTEN, after_the_write, faulty, long_answers, records, settings, token,
        writing,
    },
    server::{Reply, Server},
};
use std::sync::atomic::Ordering::SeqCst;
