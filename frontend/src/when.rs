//! What is drawn only while something holds, through one type: the library's `Show` is
//! made anew for every closure that it is given.

use leptos::prelude::*;

/// Draws anew whenever `holds` becomes true, and takes it away when it becomes false.
pub fn when(
    holds: impl Fn() -> bool + Send + Sync + 'static,
    draw: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let holds = flag(holds);
    view! { {move || if holds.get() { draw() } else { ().into_any() }} }.into_any()
}

/// A memo of yes or no.
pub fn flag(holds: impl Fn() -> bool + Send + Sync + 'static) -> Memo<bool> {
    fn memo(holds: Box<dyn Fn() -> bool + Send + Sync>) -> Memo<bool> {
        Memo::new(move |_| holds())
    }
    memo(Box::new(holds))
}
