//! Changes on the server, as they happen.
//!
//! A browser keeps one stream per tenant however many tabs are open: on HTTP/1.1
//! six streams would starve every fetch. The tab that holds a Web Lock listens and
//! tells the others over a `BroadcastChannel`; a browser without locks listens in
//! every tab. A hidden page gives its stream and its place up.

use std::{cell::RefCell, rc::Rc, time::Duration};

use crate::effects::effect;
use app::api::EVENTS_PATH;
use js_sys::{Function, Object, Promise, Reflect};
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{AbortController, BroadcastChannel, EventSource, MessageEvent, VisibilityState};

/// Changes that come within this time are told once.
const GATHER: Duration = Duration::from_millis(400);
/// The first pause before a refused stream is tried again; it doubles up to a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(4);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A number that grows when something of `tenant` changed. It also grows when the
/// page is seen again or the stream opens, as changes may have been missed.
/// Without a tenant nothing is listened to; the stream ends with the caller's owner.
pub fn changes_of(tenant: Memo<Option<String>>) -> RwSignal<u64> {
    let changes = RwSignal::new(0_u64);
    // The effect holds a stream; its cleanup gives the stream of the last tenant back.
    effect(move || {
        if let Some(tenant) = tenant.get() {
            listen(&tenant, changes);
        }
    });
    changes
}

fn listen(tenant: &str, changes: RwSignal<u64>) {
    let pending = StoredValue::new(false);
    let tell: Rc<dyn Fn()> = Rc::new(move || {
        if pending.try_get_value() != Some(false) {
            return;
        }
        pending.set_value(true);
        set_timeout(
            move || {
                pending.try_set_value(false);
                changes.try_update(|changes| *changes += 1);
            },
            GATHER,
        );
    });

    let listener = StoredValue::new_local(Listener::new(tenant, Rc::clone(&tell)));
    listener.with_value(Listener::start);
    let tell = StoredValue::new_local(tell);
    let seen = window_event_listener(ev::visibilitychange, move |_| {
        if visible() {
            listener.try_with_value(Listener::start);
            tell.try_with_value(|tell| tell());
        } else {
            listener.try_with_value(Listener::stop);
        }
    });
    // A page kept for the back button must not hold a stream either.
    let gone = window_event_listener(ev::pagehide, move |_| {
        listener.try_with_value(Listener::stop);
    });
    on_cleanup(move || {
        seen.remove();
        gone.remove();
        listener.try_with_value(Listener::stop);
    });
}

fn visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// What one page holds while it listens; shared with the browser's callbacks.
struct Listener {
    name: String,
    url: String,
    tell: Rc<dyn Fn()>,
    held: Rc<RefCell<Option<Held>>>,
}

/// Everything that `stop` has to give back.
struct Held {
    channel: Option<BroadcastChannel>,
    waiting: Option<AbortController>,
    release: Option<Function>,
    source: Option<EventSource>,
    callbacks: Vec<Closure<dyn FnMut(MessageEvent)>>,
    pause: Duration,
    /// Changes may have come while there was no stream: before its first opening, too.
    may_have_missed: bool,
}

impl Listener {
    fn new(tenant: &str, tell: Rc<dyn Fn()>) -> Self {
        let slug: String = js_sys::encode_uri_component(tenant).into();
        Self {
            name: format!("beckon-events:{tenant}"),
            url: format!("{EVENTS_PATH}?tenant={slug}"),
            tell,
            held: Rc::new(RefCell::new(None)),
        }
    }

    fn start(&self) {
        if self.held.borrow().is_some() || !visible() {
            return;
        }
        let mut held = Held {
            channel: None,
            waiting: None,
            release: None,
            source: None,
            callbacks: Vec::new(),
            pause: FIRST_PAUSE,
            may_have_missed: true,
        };
        let Some(locks) = web_locks() else {
            *self.held.borrow_mut() = Some(held);
            open(&self.held, &self.url, &self.tell);
            return;
        };
        if let Ok(channel) = BroadcastChannel::new(&self.name) {
            let tell = Rc::clone(&self.tell);
            let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |_| tell());
            channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            held.channel = Some(channel);
            held.callbacks.push(heard);
        }
        held.waiting = AbortController::new().ok();
        let signal = held.waiting.as_ref().map(AbortController::signal);
        *self.held.borrow_mut() = Some(held);

        // Runs when this page becomes the one that listens; the lock is held until
        // the promise that it gives is resolved.
        let slot = Rc::clone(&self.held);
        let url = self.url.clone();
        let tell = Rc::clone(&self.tell);
        let lead = Closure::once_into_js(move |_lock: JsValue| -> Promise {
            Promise::new(&mut |resolve, _| {
                let mut held = slot.borrow_mut();
                if let Some(held) = held.as_mut() {
                    held.release = Some(resolve);
                } else {
                    // Stopped in the meantime: give the lock back at once.
                    _ = resolve.call0(&JsValue::UNDEFINED);
                    return;
                }
                drop(held);
                open(&slot, &url, &tell);
            })
        });
        let options = Object::new();
        if let Some(signal) = &signal {
            // Setting a property of a plain object cannot fail.
            _ = Reflect::set(&options, &JsValue::from_str("signal"), signal);
        }
        request_lock(&locks, &self.name, &options, &lead);
    }

    fn stop(&self) {
        let Some(held) = self.held.borrow_mut().take() else {
            return;
        };
        if let Some(source) = held.source {
            source.close();
        }
        if let Some(channel) = held.channel {
            channel.set_onmessage(None);
            channel.close();
        }
        match held.release {
            Some(release) => _ = release.call0(&JsValue::UNDEFINED),
            None => {
                if let Some(waiting) = held.waiting {
                    waiting.abort();
                }
            }
        }
    }
}

/// `navigator.locks`, which only secure contexts have.
pub fn web_locks() -> Option<Object> {
    let navigator = window().navigator();
    Reflect::get(&navigator, &JsValue::from_str("locks"))
        .ok()?
        .dyn_into::<Object>()
        .ok()
}

/// Asks for a lock; `lead` is called when it is granted, or told that it is not to be had.
pub fn request_lock(locks: &Object, name: &str, options: &Object, lead: &JsValue) {
    let Some(request) = Reflect::get(locks, &JsValue::from_str("request"))
        .ok()
        .and_then(|request| request.dyn_into::<Function>().ok())
    else {
        return;
    };
    let granted = request.call3(locks, &JsValue::from_str(name), options, lead);
    if let Some(promise) = granted
        .ok()
        .and_then(|given| given.dyn_into::<Promise>().ok())
    {
        // Giving up the wait rejects it; that is expected and not an error to report.
        let ignore = Closure::once_into_js(|_error: JsValue| {});
        let catch = Reflect::get(&promise, &JsValue::from_str("catch"))
            .ok()
            .and_then(|catch| catch.dyn_into::<Function>().ok());
        if let Some(catch) = catch {
            _ = catch.call1(&promise, &ignore);
        }
    }
}

/// Opens the stream and wires it. The browser reconnects a broken one by itself; a
/// refused one (a restart, an ended session) is tried again with growing pauses.
fn open(slot: &Rc<RefCell<Option<Held>>>, url: &str, tell: &Rc<dyn Fn()>) {
    let Ok(source) = EventSource::new(url) else {
        return;
    };
    let told = {
        let slot = Rc::clone(slot);
        let tell = Rc::clone(tell);
        move || {
            tell();
            if let Some(channel) = slot
                .borrow()
                .as_ref()
                .and_then(|held| held.channel.as_ref())
            {
                // A closed channel has no listeners left to tell.
                _ = channel.post_message(&JsValue::from_str("changed"));
            }
        }
    };
    let on_changed = {
        let told = told.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |_| told())
    };
    let on_open = {
        let slot = Rc::clone(slot);
        Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
            let missed = slot.borrow_mut().as_mut().is_some_and(|held| {
                held.pause = FIRST_PAUSE;
                std::mem::take(&mut held.may_have_missed)
            });
            if missed {
                told();
            }
        })
    };
    let on_error = {
        let slot = Rc::clone(slot);
        let url = url.to_owned();
        let tell = Rc::clone(tell);
        let source = source.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
            let closed = source.ready_state() == EventSource::CLOSED;
            let pause = slot.borrow_mut().as_mut().map(|held| {
                held.may_have_missed = true;
                let pause = held.pause;
                if closed {
                    held.pause = (pause * 2).min(LONGEST_PAUSE);
                }
                pause
            });
            let (true, Some(pause)) = (closed, pause) else {
                return;
            };
            let slot = Rc::clone(&slot);
            let url = url.clone();
            let tell = Rc::clone(&tell);
            let source = source.clone();
            set_timeout(
                move || {
                    // Only if nobody stopped or replaced it in the meantime.
                    let mine = slot
                        .borrow()
                        .as_ref()
                        .and_then(|held| held.source.as_ref())
                        .is_some_and(|current| *current == source);
                    if mine {
                        open(&slot, &url, &tell);
                    }
                },
                pause,
            );
        })
    };
    // Adding a listener to a fresh source cannot fail.
    _ = source.add_event_listener_with_callback("changed", on_changed.as_ref().unchecked_ref());
    source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    if let Some(held) = slot.borrow_mut().as_mut() {
        held.source = Some(source);
        held.callbacks.extend([on_changed, on_open, on_error]);
    } else {
        source.close();
    }
}
