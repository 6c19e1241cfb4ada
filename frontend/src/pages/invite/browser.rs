//! What the page needs from the browser beyond elements: slices of files, hashes,
//! random keys, pauses, downloads and marks on the performance time line.

use js_sys::{Array, Function, Promise, Uint8Array};
use leptos::{prelude::*, web_sys};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

pub use crate::random::{hex, random_key};

/// Puts a mark on the performance time line; an earlier one of that name goes.
pub fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        performance.clear_marks_with_mark_name(name);
        // Only names of the navigation timing are refused, and ours are not.
        _ = performance.mark(name);
    }
}

/// Takes marks of an earlier file away.
pub fn clear_marks(names: &[&str]) {
    if let Some(performance) = window().performance() {
        for name in names {
            performance.clear_marks_with_mark_name(name);
        }
    }
}

/// Milliseconds on the page's own clock, for durations.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Starts reading a part of a file.
pub fn slice(file: &web_sys::Blob, from: f64, to: f64) -> Option<Promise> {
    Some(file.slice_with_f64_and_f64(from, to).ok()?.array_buffer())
}

/// The bytes of a part that is being read; `None` where the browser could not.
pub async fn bytes(reading: Promise) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(reading).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Lets the browser paint and answer before the next piece of work. A message
/// channel has no minimum delay, unlike a timer.
pub async fn breathe() {
    let promise = Promise::new(&mut |resolve: Function, _| {
        let Ok(channel) = web_sys::MessageChannel::new() else {
            _ = resolve.call0(&JsValue::UNDEFINED);
            return;
        };
        channel.port1().set_onmessage(Some(&resolve));
        if channel.port2().post_message(&JsValue::NULL).is_err() {
            _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    // Nothing rejects it.
    _ = JsFuture::from(promise).await;
}

/// Runs after the browser has painted what stands in the page now, as far as a page can
/// know: in the first task after the next frame was made.
pub fn after_paint(run: Box<dyn FnOnce()>) {
    request_animation_frame(move || {
        leptos::task::spawn_local(async move {
            breathe().await;
            run();
        });
    });
}

/// Puts a mark on the performance time line when what it speaks of is painted.
pub fn mark_painted(name: &'static str) {
    after_paint(Box::new(move || mark(name)));
}

/// Waits.
pub async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve: Function, _| {
        if window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds)
            .is_err()
        {
            _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    _ = JsFuture::from(promise).await;
}

/// Runs futures side by side until all are done.
pub async fn all(futures: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>>) {
    let promises: Array = futures
        .into_iter()
        .map(|future| {
            wasm_bindgen_futures::future_to_promise(async move {
                future.await;
                Ok(JsValue::UNDEFINED)
            })
        })
        .collect();
    _ = JsFuture::from(Promise::all(&promises)).await;
}

/// SHA-256 as hex; `None` where the page has no secure context.
pub async fn sha256_hex(bytes: &[u8]) -> Option<String> {
    let subtle = window().crypto().ok()?.subtle();
    let digest = subtle.digest_with_str_and_u8_array("SHA-256", bytes).ok()?;
    let buffer = JsFuture::from(digest).await.ok()?;
    Some(hex(&Uint8Array::new(&buffer).to_vec()))
}

/// Saves a text as a file; false where the browser refuses.
pub fn download(name: &str, text: &[u8]) -> bool {
    let parts = Array::of1(&Uint8Array::from(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/csv;charset=utf-8");
    let Ok(blob) = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options) else {
        return false;
    };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else {
        return false;
    };
    let Ok(anchor) = document().create_element("a") else {
        return false;
    };
    let anchor: web_sys::HtmlAnchorElement = anchor.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The browser keeps the blob until its download began; then it may go.
    let release = Closure::once_into_js(move || {
        _ = web_sys::Url::revoke_object_url(&url);
    });
    _ = window()
        .set_timeout_with_callback_and_timeout_and_arguments_0(release.unchecked_ref(), 10_000);
    true
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn hex_has_two_digits_a_byte() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
    }
}
