//! How long an access token may be used, and when to get the next one.

use std::time::Duration;

use super::rotation::{Rotation, Slot};
use super::secret::Secret;
use super::time::{Tick, share};

/// The life of a token whose answer does not state one (RFC 6749, section 5.1, only
/// recommends `expires_in`). ServiceTitan's tokens live this long.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(15 * 60);
/// No token is used for longer, whatever its answer states.
pub const MAX_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// A stated life below this, zero included, counts as this: a wrong one must not
/// make every call fetch a token. If it was right, a 401 will say so.
pub const MIN_LIFE: Duration = Duration::from_secs(10);

/// Refresh this long before the end, or a fifth of the life before it if that is
/// less.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// Do not send a token this close to its end, or in its last tenth if that is less:
/// it may expire on the way.
const SKEW: Duration = Duration::from_secs(30);
/// After a failed refresh, the old token serves this long before the next try.
const REFRESH_AGAIN: Duration = Duration::from_secs(10);
/// So long after a token served, refusals of new ones are no fault of the credentials.
const LATELY: Duration = Duration::from_secs(10);
/// After a 403 that other credentials did not mend, it is taken for what the caller may not do, and
/// they are left alone for so long.
const FORBIDDEN: Duration = Duration::from_secs(60);
/// After a 403 for which there were no other credentials, they are looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The first cool-down after refused credentials. Doubles up to `MAX_COOL_DOWN`.
const COOL_DOWN: Duration = Duration::from_secs(5);
const MAX_COOL_DOWN: Duration = Duration::from_secs(60);

/// Counts the tokens of one cell. A 401 names the generation that it is about, so
/// that a late one for an old token does not throw the new one away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

/// What a call that needs a token has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Use this one.
    Use(Generation),
    /// Get a new one; this one still serves, for other calls meanwhile and for this
    /// one if that fails.
    Refresh(Generation),
    /// Get one. There is none that serves.
    Fetch,
    /// There is none, and the provider must not be asked: it refused the credentials,
    /// or asked to wait.
    CoolingDown {
        /// When the provider may be asked again.
        until: Tick,
    },
}

/// Why no token could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchFailure {
    /// The provider refuses the credentials (`invalid_client` and its like, RFC 6749,
    /// section 5.2).
    InvalidClient,
    /// Anything that may pass.
    Transient {
        /// How long the provider asks to wait.
        hint: Option<Duration>,
    },
}

#[derive(Clone, Debug)]
struct Held {
    secret: Secret,
    /// Whether the provider ever answered a call with it by anything but a 401.
    served: bool,
    requested_at: Tick,
    refresh_at: Tick,
    serves_until: Tick,
}

/// What the refusal of a token means for the call that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The token was replaced or refused since the request was sent: the call is not at fault.
    Outdated,
    /// It had served before, or one before it had a moment ago: the provider took it back, and
    /// a new one may do better.
    Revoked,
    /// The next token is for the other credentials, which may do better.
    Rotated,
    /// It was new and never served. Another one will not do better.
    Unserved,
}

/// What a 403 that nobody explains calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Nothing: the caller may not do that.
    Stands,
    /// Other credentials are next, which may do better.
    Others,
    /// To look whether there are any, and to say so to [`TokenCell::try_others`].
    Look,
}

/// The access token of one credential.
///
/// At most one fetch at a time is the client's to see to: it takes a lock, asks
/// [`TokenCell::need`] again, and only then fetches. The caller that fetched uses
/// what [`TokenCell::stored`] returns without asking again.
#[derive(Clone, Debug, Default)]
pub struct TokenCell {
    generation: Generation,
    held: Option<Held>,
    /// No fetch before this.
    cooling_until: Option<Tick>,
    /// The next cool-down is this doubled.
    last_cool_down: Duration,
    /// Tokens refused in a row without one that worked between them.
    refused_in_row: u32,
    /// When the last token was refused.
    refused_at: Option<Tick>,
    /// When a token served last.
    served_at: Option<Tick>,
    /// Whose credentials to ask with.
    rotation: Rotation,
    /// While others are tried because of a 403, the slot that was in use before.
    tried_from: Option<Slot>,
    /// Until when a 403 is taken for what it says.
    forbidden_until: Option<Tick>,
}

impl TokenCell {
    /// A cell without a token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a call has to do.
    #[must_use]
    pub fn need(&self, now: Tick) -> Need {
        let cooling = self.cooling_until.filter(|until| now < *until);
        match (&self.held, cooling) {
            (Some(held), None) if now >= held.refresh_at && now < held.serves_until => {
                Need::Refresh(self.generation)
            }
            (Some(held), _) if now < held.serves_until => Need::Use(self.generation),
            (_, Some(until)) => Need::CoolingDown { until },
            _ => Need::Fetch,
        }
    }

    /// The token of this generation, unless it was replaced or refused.
    #[must_use]
    pub fn secret(&self, generation: Generation) -> Option<&Secret> {
        self.held.as_ref().filter(|_| generation == self.generation).map(|held| &held.secret)
    }

    /// How long ago the token that serves now was asked for, and for how long it goes on serving.
    #[must_use]
    pub fn life(&self, now: Tick) -> Option<(Duration, Duration)> {
        let held = self.held.as_ref().filter(|held| now < held.serves_until)?;
        Some((now.since(held.requested_at), now.until(held.serves_until)))
    }

    /// The provider issued a token.
    ///
    /// Its life counts from `requested_at`, before the request was sent: counting
    /// from the answer would use it for longer than the provider meant. `random`,
    /// uniform in 0 to 1, moves the early refresh ahead by up to a quarter, so that
    /// instances that started together do not refresh together.
    pub fn stored(
        &mut self,
        secret: Secret,
        requested_at: Tick,
        expires_in: Option<Duration>,
        random: f64,
    ) -> Generation {
        let life = expires_in.unwrap_or(DEFAULT_LIFE).clamp(MIN_LIFE, MAX_LIFE);
        let early = EARLY.min(life / 5);
        let early = early.saturating_add(share(early / 4, random));
        self.generation = Generation(self.generation.0.saturating_add(1));
        self.held = Some(Held {
            secret,
            served: false,
            requested_at,
            refresh_at: requested_at + life.saturating_sub(early),
            serves_until: requested_at + life.saturating_sub(SKEW.min(life / 10)),
        });
        if self.refused_in_row == 0 {
            self.last_cool_down = Duration::ZERO;
        }
        self.cooling_until = None;
        self.generation
    }

    /// Another instance was issued a token, and shares it. It counts as one that has served: if it
    /// is refused, it was taken back, and a new one may do better.
    pub fn adopted(
        &mut self,
        secret: Secret,
        requested_at: Tick,
        expires_in: Option<Duration>,
        random: f64,
    ) -> Generation {
        let generation = self.stored(secret, requested_at, expires_in, random);
        if let Some(held) = &mut self.held {
            held.served = true;
        }
        generation
    }

    /// Which credentials to ask with, for the one who fetches.
    pub fn rotation(&mut self) -> &mut Rotation {
        &mut self.rotation
    }

    /// The provider answered a call with this token by anything but a 401.
    pub fn accepted(&mut self, generation: Generation, now: Tick) {
        if let Some(held) = self.held.as_mut().filter(|_| generation == self.generation) {
            held.served = true;
            self.served_at = Some(now);
            self.refused_in_row = 0;
            self.last_cool_down = Duration::ZERO;
            self.rotation.served();
            self.tried_from = None;
        }
    }

    /// The provider answered a call with this token by a 403 that it does not explain. Mostly the
    /// caller may not do what it asks for; but a secret that goes with each request beside the token,
    /// such as an app key, may have been withdrawn.
    ///
    /// So the other credentials are tried, once in a while and not for each call: where they do no
    /// better, those before them are next again.
    pub fn forbidden(&mut self, generation: Generation, now: Tick) -> Forbidden {
        let Some(held) = self.held.as_ref().filter(|_| generation == self.generation) else {
            return if self.rotation.has_two() { Forbidden::Others } else { Forbidden::Stands };
        };
        let served = held.served;
        match self.tried_from.take_if(|_| !served) {
            Some(before) if before != self.rotation.working() => {
                self.rotation.prefer(before);
                self.held = None;
                return Forbidden::Others;
            }
            // Those that were tried gave no token, or there is one slot.
            Some(_) => return Forbidden::Stands,
            None => {}
        }
        let looked = self.forbidden_until.is_some_and(|until| now < until);
        if looked { Forbidden::Stands } else { Forbidden::Look }
    }

    /// Other credentials than this token's stand in this slot, or nowhere. Whether the call may be
    /// sent again, with a token for them.
    pub fn try_others(&mut self, generation: Generation, now: Tick, slot: Option<Slot>) -> bool {
        if self.secret(generation).is_none() {
            // Somebody else came first.
            return self.rotation.has_two() || slot.is_some();
        }
        let wait = if slot.is_some() { FORBIDDEN } else { LOOK_AGAIN };
        self.forbidden_until = Some(now + wait);
        let Some(slot) = slot else { return false };
        self.tried_from = Some(self.rotation.working());
        self.rotation.prefer(slot);
        self.held = None;
        true
    }

    /// The provider answered a call with this token by a 401.
    ///
    /// Nothing happens if the token was replaced since. The first refusal lets the
    /// next call fetch at once. When that token too is refused before it ever
    /// worked, the other credentials are next, if there are any and they were not the
    /// first to be given up. Otherwise fetching more will not help, and a cool-down
    /// starts.
    ///
    /// A token that was asked for before the one before it was refused says nothing: what
    /// ended that one may have ended it as well.
    ///
    /// Returns what the refusal means for the call.
    pub fn rejected(&mut self, generation: Generation, now: Tick) -> Rejection {
        if generation != self.generation {
            return Rejection::Outdated;
        }
        let Some(held) = self.held.take() else { return Rejection::Outdated };
        let before = self.refused_at.replace(now);
        if before.is_some_and(|before| held.requested_at < before) {
            return Rejection::Outdated;
        }
        if let Some(before) = self.tried_from.take().filter(|_| !held.served) {
            self.rotation.prefer(before);
            return Rejection::Rotated;
        }
        self.refused_in_row = self.refused_in_row.saturating_add(1);
        if self.refused_in_row > 1 && !held.served {
            if self.rotation.give_up() {
                return Rejection::Rotated;
            }
            if !self.rotation.has_two() && self.served_lately(now) {
                return Rejection::Revoked;
            }
            self.cool_down(now);
        }
        if held.served || self.served_lately(now) { Rejection::Revoked } else { Rejection::Unserved }
    }

    /// No token could be had. The old one goes on serving while it lasts.
    pub fn fetch_failed(&mut self, now: Tick, failure: FetchFailure) {
        match failure {
            FetchFailure::InvalidClient => self.cool_down(now),
            FetchFailure::Transient { hint } => {
                if let Some(held) = &mut self.held {
                    held.refresh_at = held.refresh_at.max(now + hint.unwrap_or(REFRESH_AGAIN));
                }
                self.cooling_until = hint.map(|hint| now + hint).max(self.cooling_until);
            }
        }
    }

    /// Forgets the token and any cool-down, for instance because the credentials
    /// were changed. Which credentials worked last is kept.
    pub fn clear(&mut self) {
        let rotation = std::mem::take(&mut self.rotation);
        *self = Self { generation: self.generation, rotation, ..Self::default() };
    }

    /// Whether the credentials were good a moment ago: then it is the provider that takes
    /// tokens back, before they served if it does so often.
    fn served_lately(&self, now: Tick) -> bool {
        self.served_at.is_some_and(|served| now.since(served) < LATELY)
    }

    fn cool_down(&mut self, now: Tick) {
        self.last_cool_down = self.last_cool_down.saturating_mul(2).clamp(COOL_DOWN, MAX_COOL_DOWN);
        self.cooling_until = Some(now + self.last_cool_down);
    }
}

#[cfg(test)]
mod tests;
