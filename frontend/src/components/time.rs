//! Moments and numbers in words, by the browser's `Intl`.

use std::{cell::RefCell, time::Duration};

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::{prelude::*, wasm_bindgen::JsValue};

/// The language of the screen. The zone is always the reader's own.
const LOCALE: &str = "en-GB";

const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// How a moment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateStyle {
    /// `23 Dec 2026`
    #[default]
    Day,
    /// `23 Dec 2026, 14:05 CET`
    Minute,
    /// `23 December 2026 at 14:05:09 CET`
    Full,
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (key, value) in pairs {
        // Setting a property of a plain object cannot fail.
        _ = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    object
}

fn formatter(style: DateStyle) -> Function {
    let pairs: &[(&str, &str)] = match style {
        DateStyle::Day => &[("dateStyle", "medium")],
        // A style of the whole cannot be joined by the zone: part by part, then.
        DateStyle::Minute => &[
            ("day", "numeric"),
            ("month", "short"),
            ("year", "numeric"),
            ("hour", "2-digit"),
            ("minute", "2-digit"),
            ("timeZoneName", "short"),
        ],
        DateStyle::Full => &[("dateStyle", "long"), ("timeStyle", "long")],
    };
    Intl::DateTimeFormat::new(&Array::of1(&JsValue::from_str(LOCALE)), &options(pairs)).format()
}

thread_local! {
    // Building a formatter costs far more than using one.
    static DAY_FORMAT: Function = formatter(DateStyle::Day);
    static MINUTE_FORMAT: Function = formatter(DateStyle::Minute);
    static FULL_FORMAT: Function = formatter(DateStyle::Full);
    static RELATIVE: Intl::RelativeTimeFormat = Intl::RelativeTimeFormat::new(
        &Array::of1(&JsValue::from_str(LOCALE)),
        &options(&[("numeric", "auto"), ("style", "short")]),
    );
    static NOW: RefCell<Option<ArcRwSignal<f64>>> = const { RefCell::new(None) };
}

/// The moment `at` (milliseconds since 1970, UTC) in the reader's zone.
pub fn format_date(at: i64, style: DateStyle) -> String {
    let date = Date::new(&JsValue::from_f64(at as f64));
    let call = |format: &Function| {
        format
            .call1(&JsValue::UNDEFINED, &date)
            .ok()
            .and_then(|text| text.as_string())
    };
    match style {
        DateStyle::Day => DAY_FORMAT.with(call),
        DateStyle::Minute => MINUTE_FORMAT.with(call),
        DateStyle::Full => FULL_FORMAT.with(call),
    }
    .unwrap_or_default()
}

/// The reader's zone, such as `Europe/Lisbon`.
fn zone() -> String {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone"))
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_default()
}

/// The whole moment with the zone, for tooltips.
fn full(at: i64) -> String {
    format!("{} ({})", format_date(at, DateStyle::Full), zone())
}

fn iso(at: i64) -> String {
    Date::new(&JsValue::from_f64(at as f64))
        .to_iso_string()
        .into()
}

/// What `Intl.RelativeTimeFormat` is asked for: a count and a unit.
fn relative_parts(at: f64, now: f64) -> Option<(f64, &'static str)> {
    let apart = at - now;
    let size = apart.abs();
    if size < 45_000.0 {
        Some((0.0, "second"))
    } else if size < HOUR {
        Some(((apart / MINUTE).round(), "minute"))
    } else if size < DAY {
        Some(((apart / HOUR).round(), "hour"))
    } else if size < 7.0 * DAY {
        Some(((apart / DAY).round(), "day"))
    } else {
        // Further away a date says more than a count of weeks.
        None
    }
}

fn relative(at: i64, now: f64) -> String {
    match relative_parts(at as f64, now) {
        Some((count, unit)) => RELATIVE.with(|format| format.format(count, unit).into()),
        None => format_date(at, DateStyle::Day),
    }
}

/// The reader's clock, renewed every half minute, one timer for the whole page.
fn now() -> ArcRwSignal<f64> {
    NOW.with(|slot| {
        slot.borrow_mut()
            .get_or_insert_with(|| {
                let signal = ArcRwSignal::new(Date::now());
                let renewed = signal.clone();
                set_interval(move || renewed.set(Date::now()), Duration::from_secs(30));
                signal
            })
            .clone()
    })
}

/// A moment as a date, in the reader's zone; the tooltip has the zone, and under a list
/// of days stands a [`ZoneNote`].
#[component]
pub fn DateText(
    /// Milliseconds since 1970, UTC.
    at: i64,
    /// How it is written.
    #[prop(optional)]
    style: DateStyle,
) -> impl IntoView {
    view! {
        <time class="num" datetime=iso(at) title=full(at)>
            {format_date(at, style)}
        </time>
    }
}

/// Under a list of days: in which zone they are.
#[component]
pub fn ZoneNote() -> impl IntoView {
    view! { <p class="zone">{format!("Dates in the time zone {}.", zone())}</p> }
}

/// How long ago or how soon: *3 min ago*, *in 2 hr*; beyond a week a date. It
/// renews itself; the tooltip has the moment and the zone.
#[component]
pub fn RelativeTime(
    /// Milliseconds since 1970, UTC.
    at: i64,
) -> impl IntoView {
    let now = now();
    view! {
        <time class="num" datetime=iso(at) title=full(at)>
            {move || relative(at, now.get())}
        </time>
    }
}

/// `12408` as `12,408`.
pub fn format_number(number: u64) -> String {
    app::bulk::operation::thousands(number)
}

/// A count that stops at `most`: `1,000`, and `1,000+` where there are more.
pub fn format_count(number: u64, most: u64) -> String {
    let more = if number > most { "+" } else { "" };
    format_number(number.min(most)) + more
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MINUTE, format_count, format_number, relative_parts};

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(format_number(0), "0");
        assert_eq!(format_number(999), "999");
        assert_eq!(format_number(1_000), "1,000");
        assert_eq!(format_number(12_408), "12,408");
        assert_eq!(format_number(1_000_000), "1,000,000");
        assert_eq!(format_count(10_000, 10_000), "10,000");
        assert_eq!(format_count(10_001, 10_000), "10,000+");
    }

    #[test]
    fn moments_far_away_are_dates() {
        let now = 100.0 * DAY;
        assert_eq!(relative_parts(now - 10_000.0, now), Some((0.0, "second")));
        assert_eq!(
            relative_parts(now - 3.0 * MINUTE, now),
            Some((-3.0, "minute"))
        );
        assert_eq!(relative_parts(now + 2.0 * HOUR, now), Some((2.0, "hour")));
        assert_eq!(relative_parts(now - 6.0 * DAY, now), Some((-6.0, "day")));
        assert_eq!(relative_parts(now - 8.0 * DAY, now), None);
    }
}
