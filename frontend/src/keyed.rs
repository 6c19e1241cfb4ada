//! Keyed lists through one type. The library makes its whole machinery anew for every
//! closure that it is given; boxed, there is one of it.

use leptos::prelude::*;

/// A line of a keyed list: its key, and how it is drawn when it is new.
struct Line {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

/// A list whose lines stay as they are while their keys do, drawn like leptos's `For`.
pub fn keyed<T: Send + 'static>(
    each: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> String + Send + 'static,
    draw: impl Fn(T) -> AnyView + Clone + Send + 'static,
) -> AnyView {
    fn boxed(each: Box<dyn Fn() -> Vec<Line> + Send>) -> AnyView {
        view! { <For each=each key=|line| line.key.clone() children=|line: Line| (line.draw)()/> }
            .into_any()
    }
    boxed(Box::new(move || {
        each()
            .into_iter()
            .map(|item| {
                let draw = draw.clone();
                Line {
                    key: key(&item),
                    draw: Box::new(move || draw(item)),
                }
            })
            .collect()
    }))
}
