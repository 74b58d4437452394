//! `penstock:host/state` of a host without a store.

macro_rules! no_store {
    ($($kind:ident)?) => {
        impl state::Guest for Adapter {
            $($kind)? fn get(_: String) -> Result<Option<Vec<u8>>, HostError> {
                none()
            }

            $($kind)? fn set(_: String, _: Vec<u8>, _: Option<u64>) -> Result<(), HostError> {
                none()
            }

            $($kind)? fn delete(_: String) -> Result<(), HostError> {
                none()
            }

            $($kind)? fn claim(_: String, _: Vec<u8>, _: u64) -> Result<Option<Vec<u8>>, HostError> {
                none()
            }

            $($kind)? fn swap(_: String, _: Vec<u8>, _: Vec<u8>, _: u64) -> Result<bool, HostError> {
                none()
            }

            $($kind)? fn release(_: String, _: Vec<u8>) -> Result<(), HostError> {
                none()
            }

            $($kind)? fn list_keys(_: String, _: u32) -> Result<Vec<String>, HostError> {
                none()
            }

            $($kind)? fn take_turns(_: String, _: state::TurnRequest) -> Result<state::Turns, HostError> {
                none()
            }
        }

        fn none<T>() -> Result<T, HostError> {
            Err(HostError::Unavailable("this host has no store".to_owned()))
        }
    };
}
pub(crate) use no_store;
