//! Effects, boxed: leptos would build the loop that runs one anew for each of them.

use leptos::prelude::*;

/// Runs `run` now and whenever a signal that it read has changed; ends with its owner.
pub fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

/// The same with what the run before gave; `None` the first time.
pub fn effect_since<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
    let mut last = None;
    effect(move || last = Some(run(last.take())));
}

fn start(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_| run());
}
