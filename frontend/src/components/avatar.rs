//! Pictures of people who have none.

use leptos::prelude::*;

/// Up to two letters for a name: the first of the first word and of the last.
/// A name in a script without words gives its first character.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// One of six hues, the same for the same name or title everywhere.
pub fn hue(name: &str) -> u32 {
    name.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 6
}

/// Initials on a coloured disc. Decoration: the name stands beside it.
#[component]
pub fn Avatar(
    /// Whose.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    view! {
        <span
            class=move || format!("avatar avatar--{}", name.with(|name| hue(name)))
            aria-hidden="true"
        >
            {move || name.with(|name| initials(name))}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::{hue, initials};

    #[test]
    fn initials_take_the_first_and_the_last_word() {
        assert_eq!(initials("Maya Okafor"), "MO");
        assert_eq!(initials("  inês  maria álvares "), "IÁ");
        assert_eq!(initials("佐藤"), "佐");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_name_keeps_its_hue() {
        assert_eq!(hue("Maya Okafor"), hue("Maya Okafor"));
        assert!(hue("anything at all") < 6);
    }
}
