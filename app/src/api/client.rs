//! The browser's side of the wire.
//!
//! A call is its arguments' struct, which `#[server]` makes; it is posted as
//! `server_fn` would, to the same address with the same body. The way itself knows no
//! types: those of a call come in only where its arguments are written and its answer
//! is read, which keeps a call in the module small.

use std::pin::Pin;

use js_sys::{JsString, Object, Reflect};
use serde::{Serialize, de::DeserializeOwned};
use server_fn::ServerFn;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use super::ApiError;
use crate::json;

/// How long an answer may take, in milliseconds: longer than the server takes before it
/// gives up itself, with a large chunk on a slow line before that.
const LONGEST: u32 = 150_000;

/// The largest body that the server takes of any call, in bytes. It ends the connection of
/// one that is far larger, which looks here as if the line were down.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// What a call gives, boxed: one type for all calls with the same answer.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// The arguments of a server function.
pub trait Call: Serialize {
    /// What the server answers.
    type Answer: DeserializeOwned + 'static;
    /// Where it is posted to.
    const PATH: &'static str;
}

impl<F> Call for F
where
    F: ServerFn<Error = ApiError> + Serialize,
    F::Output: DeserializeOwned + 'static,
{
    type Answer = F::Output;
    const PATH: &'static str = <F as ServerFn>::PATH;
}

/// A call without its types. Two that are equal ask the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    path: &'static str,
    body: String,
}

impl Request {
    /// Writes a call down.
    pub fn of<C: Call>(call: &C) -> Self {
        Self {
            path: C::PATH,
            // Only maps with keys other than words fail, and no call has one; the server
            // would refuse the empty body.
            body: serde_json::to_string(call).unwrap_or_default(),
        }
    }

    /// Posts it and gives the answer's text.
    pub async fn send(&self) -> Result<String, ApiError> {
        if self.body.len() > BODY_MAX {
            return Err(ApiError::TooLarge {
                message: "This is larger than 4 MB. Nothing was sent.".to_owned(),
            });
        }
        let (status, text) = post(self.path, &self.body).await.map_err(|thrown| {
            // `fetch` throws a `TypeError` or a `DOMException`; both have a message.
            let message = Reflect::get(&thrown, &JsValue::from_str("message"))
                .ok()
                .and_then(|message| message.as_string())
                .unwrap_or_default();
            ApiError::Offline { message }
        })?;
        match status {
            200..=299 => Ok(text),
            _ => Err(json::read(&text).unwrap_or(match status {
                // A proxy that does not reach the server says so in words of its own.
                502..=504 => ApiError::Unavailable,
                _ => ApiError::Internal,
            })),
        }
    }
}

/// Sends a call without a session's gate.
pub fn call<C: Call>(call: C) -> Answer<C::Answer> {
    let request = Request::of(&call);
    answer(Box::pin(async move { request.send().await }))
}

/// Reads the text of an answer once it is there.
pub fn answer<T: DeserializeOwned + 'static>(text: Answer<String>) -> Answer<T> {
    Box::pin(async move { read(&text.await?) })
}

/// Reads the text of an answer.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    json::read(text).map_err(|_| ApiError::Internal)
}

async fn post(path: &str, body: &str) -> Result<(u16, String), JsValue> {
    let headers = Object::new();
    let json = JsValue::from_str("application/json");
    for name in ["content-type", "accept"] {
        Reflect::set(&headers, &JsValue::from_str(name), &json)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(body));
    init.set_signal(Some(&AbortSignal::timeout_with_u32(LONGEST)));
    let window = js_sys::global().unchecked_into::<web_sys::Window>();
    let response: Response = JsFuture::from(window.fetch_with_str_and_init(path, &init))
        .await?
        .unchecked_into();
    let text: JsString = JsFuture::from(response.text()?).await?.unchecked_into();
    Ok((response.status(), String::from(text)))
}
