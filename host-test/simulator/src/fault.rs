//! What can go wrong in a schedule.

use crate::named::named;

named! {
    /// A kind of fault. One that belongs to a request counts each time; one that lasts a
    /// while (an outage, a store that is down) counts once, when it first hits something.
    pub enum Fault {
        /// No connection.
        ConnectRefused = "connect refused",
        /// The connection takes longer than it may.
        ConnectTimeout = "connect time-out",
        /// The host says that no connection could be made in time, although the vendor may have
        /// acted.
        LiedTimeout = "connect time-out that is none",
        /// The host name is not found.
        Dns = "DNS",
        /// No secure connection.
        Tls = "TLS",
        /// The connection breaks before the vendor acted.
        ResetBefore = "reset before acting",
        /// The connection breaks after the vendor acted.
        ResetAfter = "reset after acting",
        /// The answer's body breaks off.
        CutOff = "answer cut off",
        /// The answer takes seconds.
        Delayed = "answer delayed",
        /// No answer ever. The vendor may have acted.
        Silence = "silence",
        /// 429 with `Retry-After` in whole seconds.
        ThrottledSeconds = "429 seconds",
        /// 429 with `Retry-After` in decimal seconds.
        ThrottledFraction = "429 fraction",
        /// 429 with `Retry-After` as an HTTP-date, some without a `Date` to measure it by.
        ThrottledDate = "429 HTTP-date",
        /// 429 with `retry-after-ms`.
        ThrottledMillis = "429 milliseconds",
        /// 429 with the `RateLimit` header.
        ThrottledRateLimit = "429 RateLimit",
        /// 429 without a hint.
        ThrottledSilently = "429 without hint",
        /// 500. The vendor may have acted.
        Internal = "500",
        /// 502 with a proxy's page. The vendor may have acted.
        BadGateway = "502 HTML",
        /// 503 without a hint. The vendor may have acted.
        Unavailable = "503",
        /// 503 with `Retry-After`. The vendor may have acted.
        UnavailableHinted = "503 with hint",
        /// 504. The vendor may have acted.
        GatewayTimeout = "504",
        /// The vendor repeats the secrets that it was sent, in another spelling.
        Echo = "secrets echoed",
        /// A token is refused before its time.
        Revoked = "401 revoked early",
        /// The token endpoint answers with 5xx or not at all.
        TokenDown = "token endpoint down",
        /// The token endpoint takes seconds.
        TokenSlow = "token endpoint slow",
        /// The token endpoint says `invalid_client`, once.
        TokenInvalidClient = "invalid_client once",
        /// A token whose stated life is absurd.
        TokenAbsurdLife = "absurd expires_in",
        /// A body that ends in the middle, with status 200.
        TruncatedJson = "truncated JSON",
        /// A proxy's page with status 200.
        Html200 = "HTML 200",
        /// JSON that is not what was asked for.
        WrongContent = "wrong content",
        /// A record in a list that does not fit the contract.
        OddRecord = "odd record",
        /// The page before once more; in a feed, the same place once more.
        DuplicatePage = "duplicate page",
        /// A record more at the list's head while it is read.
        InsertHead = "insert at head",
        /// A record more at the list's end while it is read.
        InsertEnd = "insert at end",
        /// A record less while the list is read.
        Deletion = "deletion",
        /// A record of a feed changes while it is read, and stands at its end from then on.
        Modification = "modification",
        /// A total that is not the list's.
        TotalLies = "total lies",
        /// The host takes seconds to find settings and secrets.
        LookupSlow = "host lookups slow",
        /// The host does not find settings and secrets.
        LookupFails = "host lookups fail",
        /// The shared store refuses a write.
        StateRefused = "state write refused",
        /// The shared store is down.
        StateDown = "state down",
        /// The shared store takes its time.
        StateSlow = "state slow",
        /// The shared store does what it is asked, and answers late.
        StateLate = "state answers late",
        /// The shared store loses all that it holds.
        StateForgets = "state forgets",
        /// The shared store makes answers up.
        StateLies = "state lies",
        /// An instance's wall clock jumps.
        ClockJump = "clock jump",
        /// An instance dies with all its calls.
        Killed = "instance killed",
        /// The vendor is down for a while.
        Outage = "outage",
        /// The vendor is slow for a while.
        BrownOut = "brown-out",
        /// The client secret is replaced.
        SecretRotated = "secret rotated",
    }
}

impl Fault {
    /// Those that may befall any single request to the API.
    pub(crate) const OF_A_REQUEST: &'static [Fault] = &[
        Fault::ConnectRefused,
        Fault::ConnectTimeout,
        Fault::LiedTimeout,
        Fault::Echo,
        Fault::Dns,
        Fault::Tls,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::CutOff,
        Fault::Delayed,
        Fault::Silence,
        Fault::ThrottledSeconds,
        Fault::ThrottledFraction,
        Fault::ThrottledDate,
        Fault::ThrottledMillis,
        Fault::ThrottledRateLimit,
        Fault::ThrottledSilently,
        Fault::Internal,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::UnavailableHinted,
        Fault::GatewayTimeout,
        Fault::TruncatedJson,
        Fault::Html200,
        Fault::WrongContent,
        Fault::OddRecord,
        Fault::DuplicatePage,
    ];

    /// Those that come at a time of their own.
    pub(crate) const OF_A_TIME: &'static [Fault] = &[
        Fault::Revoked,
        Fault::TokenDown,
        Fault::TokenSlow,
        Fault::TokenInvalidClient,
        Fault::TokenAbsurdLife,
        Fault::InsertHead,
        Fault::InsertEnd,
        Fault::Deletion,
        Fault::Modification,
        Fault::TotalLies,
        Fault::LookupSlow,
        Fault::LookupFails,
        Fault::StateRefused,
        Fault::StateDown,
        Fault::StateSlow,
        Fault::StateLate,
        Fault::StateForgets,
        Fault::StateLies,
        Fault::ClockJump,
        Fault::Killed,
        Fault::Outage,
        Fault::BrownOut,
        Fault::SecretRotated,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_come_up() {
        let both = [Fault::OF_A_REQUEST, Fault::OF_A_TIME].concat();
        let missing: Vec<_> = Fault::ALL.iter().filter(|fault| !both.contains(fault)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
