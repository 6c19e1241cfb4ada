//! The browser's own database (`IndexedDB`), as a map from names to values. It belongs to
//! the browser, not to the page: what was committed stands there when the page is gone.

use std::cell::RefCell;

use js_sys::Promise;
use leptos::{prelude::*, web_sys};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransaction, IdbTransactionMode,
};

const DATABASE: &str = "beckon";
const STORE: &str = "journal";

thread_local! {
    static OPEN: RefCell<Option<IdbDatabase>> = const { RefCell::new(None) };
}

async fn answer(request: &IdbRequest) -> Option<JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await.ok()?;
    request.result().ok()
}

async fn database() -> Option<IdbDatabase> {
    let open = OPEN.with_borrow(Clone::clone);
    if open.is_some() {
        return open;
    }
    let request = window()
        .indexed_db()
        .ok()??
        .open_with_u32(DATABASE, 1)
        .ok()?;
    let made = request.clone();
    let upgrade = Closure::once_into_js(move || {
        if let Ok(database) = made.result() {
            // It is new: there is no store of this name yet.
            _ = database
                .unchecked_into::<IdbDatabase>()
                .create_object_store(STORE);
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let database: IdbDatabase = answer(&request).await?.dyn_into().ok()?;
    OPEN.set(Some(database.clone()));
    Some(database)
}

async fn store(mode: IdbTransactionMode) -> Option<(IdbTransaction, IdbObjectStore)> {
    let transaction = database()
        .await?
        .transaction_with_str_and_mode(STORE, mode)
        // The browser closed it, as it does when the person empties the site's storage.
        .inspect_err(|_| OPEN.set(None))
        .ok()?;
    let store = transaction.object_store(STORE).ok()?;
    Some((transaction, store))
}

async fn committed(transaction: &IdbTransaction) -> Option<()> {
    let promise = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(promise).await.ok().map(drop)
}

/// Everything whose name begins so.
fn range(prefix: &str) -> Option<IdbKeyRange> {
    let last = format!("{prefix}\u{ffff}");
    IdbKeyRange::bound(&JsValue::from_str(prefix), &JsValue::from_str(&last)).ok()
}

/// Writes values in one transaction; `None` where there is no room, or no database.
pub async fn write(values: &[(String, JsValue)]) -> Option<()> {
    let (transaction, store) = store(IdbTransactionMode::Readwrite).await?;
    for (name, value) in values {
        store.put_with_key(value, &JsValue::from_str(name)).ok()?;
    }
    committed(&transaction).await
}

/// The names that begin so, in order.
pub async fn names(prefix: &str) -> Option<Vec<String>> {
    let (_, store) = store(IdbTransactionMode::Readonly).await?;
    let request = store.get_all_keys_with_key(&range(prefix)?.into()).ok()?;
    let names: js_sys::Array = answer(&request).await?.dyn_into().ok()?;
    Some(names.iter().filter_map(|name| name.as_string()).collect())
}

/// One value; undefined where there is none.
pub async fn value(name: &str) -> Option<JsValue> {
    let (_, store) = store(IdbTransactionMode::Readonly).await?;
    answer(&store.get(&JsValue::from_str(name)).ok()?).await
}

/// The values whose names begin so, in the order of their names.
pub async fn values(prefix: &str) -> Option<js_sys::Array> {
    let (_, store) = store(IdbTransactionMode::Readonly).await?;
    let request = store.get_all_with_key(&range(prefix)?.into()).ok()?;
    answer(&request).await?.dyn_into().ok()
}

/// Forgets everything whose name begins so.
pub async fn remove(prefix: &str) -> Option<()> {
    let (transaction, store) = store(IdbTransactionMode::Readwrite).await?;
    store.delete(&range(prefix)?.into()).ok()?;
    committed(&transaction).await
}
