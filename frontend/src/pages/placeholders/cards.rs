//! A sheet of cards to print and cut: ten on a page of A4, each with what it invites to, its
//! code and the same as a QR code.

use app::{api::blanks::RevealedCode, bulk::date::to_iso};
use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::components::ToastStore;

/// Titles on a card, and characters of each.
const TITLES: usize = 2;
const TITLE_CHARS: usize = 40;

/// A code's QR code as the path of a drawing, one unit a module, and its side; none where
/// the link is too long for one, which no address of ours is.
fn drawn(link: &str) -> Option<(String, i32)> {
    use std::fmt::Write as _;
    let code = QrCode::encode_text(link, QrCodeEcc::Medium).ok()?;
    let side = code.size();
    let mut path = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let start = x;
            while x < side && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                // Writing into a text never fails.
                _ = write!(path, "M{start} {y}h{}v1h-{}z", x - start, x - start);
            }
            x += 1;
        }
    }
    Some((path, side))
}

/// The cards of some codes. Their looks stand here, not in a style sheet: every page would
/// load it. Black on white whatever the theme, for scanners.
pub fn sheet(codes: &[RevealedCode]) -> AnyView {
    let cards: Vec<_> = codes.iter().map(card).collect();
    view! {
        <ul
            aria-label="Cards"
            style:display="grid"
            style:grid-template-columns="repeat(auto-fill, minmax(84mm, 1fr))"
            style:background="#fff"
            style:color="#000"
        >
            {cards}
        </ul>
    }
    .into_any()
}

fn card(one: &RevealedCode) -> AnyView {
    // The address to type is the link without its code.
    let address = one.link.split('#').next().unwrap_or_default();
    let address = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address)
        .to_owned();
    let drawing = drawn(&one.link).map(|(path, side)| {
        // A quiet zone of four modules, as scanners want it.
        let view_box = format!("-4 -4 {0} {0}", side + 8);
        view! {
            <svg
                viewBox=view_box
                width="34mm"
                height="34mm"
                shape-rendering="crispEdges"
                aria-hidden="true"
                focusable="false"
            >
                <path d=path fill="#000"></path>
            </svg>
        }
    });
    view! {
        <li
            style:display="grid"
            style:grid-template-columns="34mm minmax(0, 1fr)"
            style:align-items="center"
            style:gap="3mm"
            style:height="53mm"
            style:padding="3mm"
            style:overflow="hidden"
            style:break-inside="avoid"
            style:border="1px dashed #999"
            style:font-size="9pt"
        >
            {drawing}
            <div style:display="grid" style:gap="1.5mm" style:overflow-wrap="anywhere">
                <code style:font-size="11pt" style:font-weight="700">
                    {one.code.clone()}
                </code>
                <strong style:font-size="12pt">{titles(&one.titles)}</strong>
                {(one.titles != [one.tenant.clone()]).then(|| view! { <span>{one.tenant.clone()}</span> })}
                <span>"Scan, or type the code at " <strong>{address}</strong></span>
                {one.last_day.map(|day| view! { <span>{format!("Good until {}", to_iso(day))}</span> })}
            </div>
        </li>
    }
    .into_any()
}

/// As much as a card has room for: its code must not be pushed off it.
fn titles(all: &[String]) -> String {
    let mut words: Vec<String> = all
        .iter()
        .take(TITLES)
        .map(|title| {
            let mut short: String = title.chars().take(TITLE_CHARS).collect();
            if short.len() < title.len() {
                short.push('…');
            }
            short
        })
        .collect();
    if all.len() > TITLES {
        words.push(format!("and {} more", all.len() - TITLES));
    }
    words.join(", ")
}

/// Opens the browser's dialog to print.
pub fn print(toasts: ToastStore) {
    if window().print().is_err() {
        toasts.error("The browser did not let the page print.".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{drawn, titles};

    #[test]
    fn long_titles_leave_room_for_the_code() {
        let all = [
            "a".repeat(90),
            "b".to_owned(),
            "c".to_owned(),
            "d".to_owned(),
        ];
        assert_eq!(titles(&all), format!("{}…, b, and 2 more", "a".repeat(40)));
        assert_eq!(titles(&all[1..2]), "b");
    }

    #[test]
    fn a_link_is_drawn_whole() {
        let (path, side) = drawn("https://beckon.test/redeem#0123456789ABCDEF").unwrap();
        // Its three finder patterns begin with a row of seven modules each.
        assert!(path.starts_with("M0 0h7v1h-7z"));
        let far = side - 7;
        for pattern in [format!("M{far} 0h7v1h-7z"), format!("M0 {far}h7v1h-7z")] {
            assert!(path.contains(&pattern), "{pattern}");
        }
    }
}
