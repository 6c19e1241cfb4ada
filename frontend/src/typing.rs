//! Fields that ask the server while one types.

use std::time::Duration;

use crate::effects::effect_since;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

/// Typing rests this long before the server is asked.
const REST: Duration = Duration::from_millis(250);

/// Runs `ask` with what stands in the field, trimmed, when the typing rests.
pub fn when_rested(field: RwSignal<String>, ask: impl Fn(String) + Copy + 'static) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    };
    effect_since(move |last: Option<()>| {
        let typed = field.get().trim().to_owned();
        stop();
        // What stands there at the beginning was not typed.
        if last.is_some() {
            timer.set_value(set_timeout_with_handle(move || ask(typed), REST).ok());
        }
    });
    on_cleanup(stop);
}

/// What stands in `field` whenever the typing rests.
pub fn rested(field: RwSignal<String>) -> RwSignal<String> {
    let rested = RwSignal::new(field.get_untracked());
    when_rested(field, move |typed| {
        if rested.try_with_untracked(|now| *now != typed) == Some(true) {
            rested.set(typed);
        }
    });
    rested
}
