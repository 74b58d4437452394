//! What a tenant has in the shared store, for whoever looks after it.

use super::rig::Rig;
use crate::{
    client::stored::Stored,
    contract::FailureKind,
    host::simulated::{Conduct, Store},
    providers::registry,
};

fn rig() -> (Rig, Store) {
    let (rig, store) = (Rig::new(), Store::default());
    rig.titan.holds(1);
    rig.host.share(store.clone());
    (rig, store)
}

#[test]
fn a_tenants_things_are_counted_and_removed_by_kind_and_nobody_elses() {
    let (rig, store) = rig();
    let titan = registry::find("servicetitan").unwrap();
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_ID", "canary-north");
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_SECRET", "canary-north-secret");
    rig.host.set("PENSTOCK_ACCOUNT_NORTH_TENANT_ID", "12345");
    rig.run(rig.get()).unwrap();
    let stored = rig.run(rig.client.stored(titan, None)).unwrap();
    let of = |kind| Stored { kind, keys: 1 };
    assert_eq!(stored, [of("limit"), of("token")], "{:?}", store.contents());
    // Its tenant's number begins with that of the other.
    assert_eq!(rig.run(rig.client.stored(titan, Some("north"))).unwrap(), []);

    let kinds = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
    let cleared = rig.run(rig.client.clear_stored(titan, Some("north"), &kinds(&["token", "limit"])));
    assert_eq!(cleared.unwrap(), 0);
    for wrong in [&[][..], &["token", "tokens"]] {
        let failure = rig.run(rig.client.clear_stored(titan, None, &kinds(wrong))).unwrap_err();
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "kinds"));
    }
    assert_eq!(rig.run(rig.client.stored(titan, None)).unwrap().len(), 2, "nothing was removed");
    assert_eq!(rig.run(rig.client.clear_stored(titan, None, &kinds(&["token"]))).unwrap(), 1);
    assert_eq!(rig.run(rig.client.stored(titan, None)).unwrap(), [of("limit")]);

    store.behave(Conduct { down: true, ..Conduct::default() });
    let failure = rig.run(rig.client.stored(titan, None)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Host);
}
