//! A 403 that nobody explains: whether other credentials may do better.

use super::{Accounts, account::Account};
use crate::{
    host::{Host, timeout::timeout},
    policy::{
        time::Tick,
        token::{Forbidden, Generation},
    },
};

impl<H: Host> Accounts<H> {
    /// Tells the token of the account that the API answered by such a 403. Whether the call may be
    /// sent again, for which there is a token of other credentials then.
    pub(crate) async fn forbidden(&self, account: &Account, generation: Generation, deadline: Tick) -> bool {
        let cell = &account.token.cell;
        let called_for = cell.borrow_mut().forbidden(generation, self.host.now());
        let others = match called_for {
            Forbidden::Others => true,
            Forbidden::Stands => false,
            Forbidden::Look => self.turn_to_others(account, generation, deadline).await,
        };
        if !others {
            cell.borrow_mut().accepted(generation, self.host.now());
        }
        others
    }

    /// Reads the secrets afresh: whoever changes them has done so since the token was fetched.
    async fn turn_to_others(&self, account: &Account, generation: Generation, deadline: Tick) -> bool {
        let time = self.host.now().until(deadline);
        // Without an answer to that, the vendor's stands.
        let Some(Ok(slots)) = timeout(&*self.host, time, self.slots(account)).await else { return false };
        let present = account.token.credentials.borrow().clone();
        let mut cell = account.token.cell.borrow_mut();
        let first = cell.rotation().begin(slots.are_two());
        let present: Vec<_> = present.iter().map(|present| &**present).collect();
        let other = slots.next(first, &present).map(|(slot, _)| slot);
        cell.try_others(generation, self.host.now(), other)
    }
}
