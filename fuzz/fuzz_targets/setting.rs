//! Settings of Penstock's and of all vendors: a refusal never repeats the value, which may be
//! a secret in the wrong place, and what is accepted is accepted again as it is kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    host::simulated::Reply,
    settings::{Kind, Origin, Setting, common::SETTINGS},
};
use penstock_fuzz::{
    pick,
    rig::{CANARY, Rig},
};

/// Each kind, also those that no setting has.
const KINDS: [Kind; 7] = [
    Kind::Text,
    Kind::Integer { min: 1, max: 1000 },
    Kind::Bool,
    Kind::Choice(&["hex", "base64"]),
    Kind::Origin,
    Kind::Time,
    Kind::Zone,
];

/// All tables: the common one, those of the providers and of their webhooks.
fn tables() -> Vec<(&'static str, &'static Setting)> {
    let mut all: Vec<_> = SETTINGS.iter().map(|setting| ("", setting)).collect();
    for provider in penstock::providers::registry::all() {
        all.extend(provider.settings().iter().map(|setting| (provider.name(), setting)));
        let webhooks = provider.webhooks().map(|source| source.settings()).unwrap_or_default();
        all.extend(webhooks.iter().map(|setting| (provider.name(), setting)));
    }
    all
}

fn check(kind: Kind, value: &str) {
    match kind.check(value) {
        Ok(kept) => assert_eq!(kind.check(&kept).as_ref(), Ok(&kept), "{kind:?}"),
        Err(refused) => assert!(!refused.contains(CANARY), "{refused}"),
    }
}

fuzz_target!(|data: (u8, &str, &str)| {
    let (which, before, after) = data;
    let secret = format!("{before}{CANARY}{after}");
    let (provider, setting) = *pick(&tables(), which);
    for kind in KINDS.into_iter().chain([setting.kind]) {
        check(kind, &secret);
        // A value with the canary in it is no number, no word and no zone.
        check(kind, before);
    }
    if let Err(refused) = Origin::parse(&secret) {
        assert!(!refused.contains(CANARY), "{refused}");
    }
    // All of them together, as an account is opened: what does not fit is named, not shown.
    for value in [before, secret.as_str()] {
        let rig = Rig::new(|_| Reply::refused());
        let names = penstock::providers::registry::find(provider)
            .map(|provider| provider.setting_names(setting.name, "default", ""));
        for name in names.unwrap_or_else(|| vec![setting.name.to_owned()]) {
            rig.host.set(&name, value);
        }
        for provider in penstock::providers::registry::all() {
            let Ok(ready) = rig.host.run(rig.client.ready(*provider, None)) else { continue };
            for error in ready.missing {
                assert!(!error.message.contains(CANARY), "{error:?}");
            }
        }
        rig.check();
    }
});
