//! `spin:key-value` and `wasi:keyvalue`, two views of one store.

use std::sync::Arc;

use wasmtime::component::{Accessor, Resource};

use super::{
    LABEL, Spin, SpinView,
    bindings::{
        spin::key_value::key_value as spin,
        wasi::keyvalue::{atomics, store as wasi},
    },
};
use crate::{key_value::KeyValue, sources::HostError};

/// An open store.
#[derive(Clone)]
pub struct Store(Arc<dyn KeyValue>);

/// A value as it was.
pub struct Cas {
    store: Store,
    key: String,
    current: Option<Vec<u8>>,
}

/// Why a store cannot be opened.
enum Closed {
    Unknown,
    Denied,
}

impl SpinView<'_> {
    fn open(&self, label: &str) -> Result<Store, Closed> {
        if label != LABEL {
            return Err(Closed::Unknown);
        }
        self.imports.store.clone().map(Store).ok_or(Closed::Denied)
    }
}

impl From<HostError> for spin::Error {
    fn from(error: HostError) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<HostError> for wasi::Error {
    fn from(error: HostError) -> Self {
        Self::Other(error.to_string())
    }
}

/// Copies the handle out, so that the store is not borrowed across an await.
fn opened<T: 'static>(caller: &Accessor<T, Spin>, store: &Resource<Store>) -> wasmtime::Result<Store> {
    caller.with(|mut access| Ok(access.get().table.get(store)?.clone()))
}

impl spin::Host for SpinView<'_> {}

impl spin::HostStore for SpinView<'_> {
    async fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl<T: Send + 'static> spin::HostStoreWithStore<T> for Spin {
    async fn open(
        caller: &Accessor<T, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Store>, spin::Error>> {
        caller.with(|mut access| {
            let view = access.get();
            Ok(match view.open(&label) {
                Ok(store) => Ok(view.table.push(store)?),
                Err(Closed::Unknown) => Err(spin::Error::NoSuchStore),
                Err(Closed::Denied) => Err(spin::Error::AccessDenied),
            })
        })
    }

    async fn get(
        caller: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, spin::Error>> {
        Ok(opened(caller, &store)?.0.get(&key).await.map_err(Into::into))
    }

    async fn set(
        caller: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        Ok(opened(caller, &store)?.0.set(&key, value).await.map_err(Into::into))
    }

    async fn delete(
        caller: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), spin::Error>> {
        Ok(opened(caller, &store)?.0.delete(&key).await.map_err(Into::into))
    }

    async fn exists(
        caller: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, spin::Error>> {
        let value = opened(caller, &store)?.0.get(&key).await;
        Ok(value.map(|value| value.is_some()).map_err(Into::into))
    }
}

impl wasi::Host for SpinView<'_> {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Store>, wasi::Error>> {
        Ok(match SpinView::open(self, &label) {
            Ok(store) => Ok(self.table.push(store)?),
            Err(Closed::Unknown) => Err(wasi::Error::NoSuchStore),
            Err(Closed::Denied) => Err(wasi::Error::AccessDenied),
        })
    }
}

impl wasi::HostBucket for SpinView<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store.0.get(&key).await.map_err(Into::into))
    }

    async fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store.0.set(&key, value).await.map_err(Into::into))
    }

    async fn delete(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store.0.delete(&key).await.map_err(Into::into))
    }

    /// All at once: there is no cursor to go on from.
    async fn list_keys(
        &mut self,
        bucket: Resource<Store>,
        _: Option<String>,
    ) -> wasmtime::Result<Result<wasi::KeyResponse, wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        let keys = store.0.keys().await;
        Ok(keys.map(|keys| wasi::KeyResponse { keys, cursor: None }).map_err(Into::into))
    }

    async fn exists(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store.0.get(&key).await.map(|value| value.is_some()).map_err(Into::into))
    }

    async fn drop(&mut self, bucket: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl SpinView<'_> {
    async fn read(
        &mut self,
        store: Store,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, wasi::Error>> {
        Ok(match store.0.get(&key).await {
            Ok(current) => Ok(self.table.push(Cas { store, key, current })?),
            Err(error) => Err(error.into()),
        })
    }
}

impl atomics::Host for SpinView<'_> {
    async fn increment(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        Ok(store.0.increment(&key, delta).await.map_err(Into::into))
    }

    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let Cas { store, key, current } = self.table.delete(cas)?;
        let swapped = store.0.swap(&key, current, value).await;
        Ok(match swapped {
            Ok(true) => Ok(()),
            Ok(false) => match self.read(store, key).await? {
                Ok(fresh) => Err(atomics::CasError::CasFailed(fresh)),
                Err(error) => Err(atomics::CasError::StoreError(error)),
            },
            Err(error) => Err(atomics::CasError::StoreError(error.into())),
        })
    }
}

impl atomics::HostCas for SpinView<'_> {
    async fn new(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, wasi::Error>> {
        let store = self.table.get(&bucket)?.clone();
        self.read(store, key).await
    }

    async fn current(
        &mut self,
        cas: Resource<Cas>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, wasi::Error>> {
        Ok(Ok(self.table.get(&cas)?.current.clone()))
    }

    async fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::component::ResourceTable;

    use super::{atomics::Host as _, atomics::HostCas as _, wasi::HostBucket as _, *};
    use crate::{http::Outbound, key_value::MemoryKeyValue, sources::Map, spin::SpinImports};

    fn imports(store: Option<Arc<dyn KeyValue>>) -> SpinImports {
        SpinImports::new(Arc::new(Map::default()), store, &Outbound::default()).unwrap()
    }

    fn bucket(view: &mut SpinView<'_>) -> Resource<Store> {
        let store = SpinView::open(view, LABEL).ok().unwrap();
        view.table.push(store).unwrap()
    }

    fn again(bucket: &Resource<Store>) -> Resource<Store> {
        Resource::new_borrow(bucket.rep())
    }

    #[tokio::test]
    async fn only_the_granted_store_opens() {
        let mut table = ResourceTable::new();
        let none = imports(None);
        let mut view = SpinView { imports: &none, table: &mut table };
        assert!(matches!(
            wasi::Host::open(&mut view, LABEL.into()).await,
            Ok(Err(wasi::Error::AccessDenied))
        ));
        let other = wasi::Host::open(&mut view, "other".into()).await;
        assert!(matches!(other, Ok(Err(wasi::Error::NoSuchStore))));
    }

    #[tokio::test]
    async fn a_swap_loses_no_update_of_an_existing_key() {
        let imports = imports(Some(Arc::new(MemoryKeyValue::default())));
        let mut table = ResourceTable::new();
        let mut view = SpinView { imports: &imports, table: &mut table };
        let bucket = bucket(&mut view);
        view.set(again(&bucket), "k".into(), b"0".into()).await.unwrap().unwrap();

        let slow = view.new(again(&bucket), "k".into()).await.unwrap().unwrap();
        let fast = view.new(again(&bucket), "k".into()).await.unwrap().unwrap();
        view.swap(fast, b"fast".into()).await.unwrap().unwrap();
        let refused = view.swap(slow, b"slow".into()).await.unwrap();
        let Err(atomics::CasError::CasFailed(fresh)) = refused else { panic!("{refused:?}") };
        let current = view.current(Resource::new_borrow(fresh.rep())).await.unwrap().unwrap();
        assert_eq!(current, Some(b"fast".to_vec()));
        view.swap(fresh, b"slow".into()).await.unwrap().unwrap();
        let value = view.get(again(&bucket), "k".into()).await.unwrap().unwrap();
        assert_eq!(value, Some(b"slow".to_vec()));
    }

    #[tokio::test]
    async fn counters_and_keys() {
        let imports = imports(Some(Arc::new(MemoryKeyValue::default())));
        let mut table = ResourceTable::new();
        let mut view = SpinView { imports: &imports, table: &mut table };
        let bucket = bucket(&mut view);
        assert_eq!(view.increment(again(&bucket), "n".into(), 2).await.unwrap().unwrap(), 2);
        assert_eq!(view.increment(again(&bucket), "n".into(), -3).await.unwrap().unwrap(), -1);
        assert!(view.exists(again(&bucket), "n".into()).await.unwrap().unwrap());
        view.delete(again(&bucket), "n".into()).await.unwrap().unwrap();
        assert!(!view.exists(again(&bucket), "n".into()).await.unwrap().unwrap());
        wasi::HostBucket::drop(&mut view, bucket).await.unwrap();
        assert!(view.table.is_empty());
    }
}
