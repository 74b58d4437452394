//! `penstock:connector/webhooks`: what providers send by themselves.

use super::{
    super::webhooks::{event, received},
    Component, client,
};
use crate::{
    contract::{
        Failure, bindings::exports::penstock::connector::webhooks as wit,
        p2::exports::penstock::connector::webhooks::Guest,
    },
    entry::webhooks,
    host::wasi::p2::block_on,
    webhooks::Delivery,
};

impl Guest for Component {
    fn verify_and_parse(
        provider: String,
        account: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<wit::Event, Failure> {
        let delivery = Delivery { headers: &headers, body: &body };
        block_on(webhooks::verify(&client(), &provider, account.as_deref(), &delivery)).map(event)
    }

    fn receive(
        provider: String,
        account: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<wit::Received, Failure> {
        let delivery = Delivery { headers: &headers, body: &body };
        block_on(webhooks::receive(&client(), &provider, account.as_deref(), &delivery)).map(received)
    }

    fn done(ticket: String) -> Result<(), Failure> {
        block_on(webhooks::done(&client(), &ticket))
    }

    fn release(ticket: String) -> Result<(), Failure> {
        block_on(webhooks::release(&client(), &ticket))
    }
}
