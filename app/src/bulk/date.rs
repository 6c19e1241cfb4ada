//! Reading and writing dates as a file has them: the server says what day it is in the
//! tenant's zone, and nothing here knows a clock or a zone.

use crate::domain::time::CivilDate;

/// The day, where it exists; years 1 to 9999.
pub const fn civil(year: u16, month: u8, day: u8) -> Option<CivilDate> {
    if year == 0 || year > 9999 || month == 0 || month > 12 || day == 0 {
        return None;
    }
    if day > days_in(year as i16, month) {
        return None;
    }
    Some(CivilDate {
        year: year as i16,
        month,
        day,
    })
}

/// Reads `YYYY-MM-DD` and nothing else.
pub fn parse_iso(text: &str) -> Option<CivilDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = number(&bytes[..4])?;
    let month = number(&bytes[5..7])?;
    let day = number(&bytes[8..])?;
    civil(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

/// Writes `YYYY-MM-DD`.
pub fn to_iso(date: CivilDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// The same day a year later; the 28th of February for a leap day.
#[must_use]
pub const fn a_year_later(date: CivilDate) -> CivilDate {
    let year = date.year + 1;
    let last = days_in(year, date.month);
    CivilDate {
        year,
        month: date.month,
        day: if date.day > last { last } else { date.day },
    }
}

/// Which of two small numbers of a date is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As in most of the world: 3/4 is the 3rd of April.
    DayFirst,
    /// As in the United States: 3/4 is the 4th of March.
    MonthFirst,
}

/// What a date means that is written with points, slashes or spaces, without leading
/// zeros, with a month's name or a time behind it: what a cure may offer. Where both
/// readings of two numbers are dates, `order` decides; without it there is no answer.
pub fn guess(text: &str, order: Option<Order>) -> Option<CivilDate> {
    let text = text.trim_matches(' ');
    // `2026-12-31T08:00`, `31.12.2026 08:00`: the day stands before the time.
    let text = match text.find(':').map(|at| &text[..at]) {
        Some(before) => before.rsplit_once([' ', 'T'])?.0,
        None => text,
    };
    let mut parts = [""; 3];
    let mut count = 0;
    for part in text
        .split(['.', '/', '-', ' ', ','])
        .filter(|part| !part.is_empty())
    {
        *parts.get_mut(count)? = part;
        count += 1;
    }
    if count != 3 {
        return None;
    }
    let small = |n: u16| u8::try_from(n).ok();
    let named = parts.iter().position(|part| month_named(part).is_some());
    if let Some(at) = named {
        let month = month_named(parts[at])?;
        let mut rest = parts
            .iter()
            .enumerate()
            .filter_map(|(i, part)| (i != at).then_some(*part));
        let (one, other) = (rest.next()?, rest.next()?);
        let (year, day) = if one.len() == 4 {
            (one, other)
        } else {
            (other, one)
        };
        if year.len() != 4 {
            return None;
        }
        let (year, day) = (number(year.as_bytes())?, number(day.as_bytes())?);
        return civil(year, month, small(day)?);
    }
    let numbers = [
        number(parts[0].as_bytes())?,
        number(parts[1].as_bytes())?,
        number(parts[2].as_bytes())?,
    ];
    if parts[0].len() == 4 {
        return civil(numbers[0], small(numbers[1])?, small(numbers[2])?);
    }
    if parts[2].len() != 4 {
        return None;
    }
    let read = |month: u16, day: u16| civil(numbers[2], small(month)?, small(day)?);
    match (read(numbers[1], numbers[0]), read(numbers[0], numbers[1])) {
        // Points are only used with the day first.
        (Some(date), _) if text.contains('.') => Some(date),
        (Some(day_first), Some(month_first)) if day_first != month_first => match order? {
            Order::DayFirst => Some(day_first),
            Order::MonthFirst => Some(month_first),
        },
        (one, other) => one.or(other),
    }
}

/// How the months' names begin, in the languages of Western Europe.
const MONTHS: [&str; 12] = [
    "jan ene gen",
    "feb fev fév",
    "mar mär mrz",
    "apr avr abr",
    "may mai mag",
    "jun juin giu",
    "jul juil lug",
    "aug aoû aou ago",
    "sep set",
    "oct okt ott out",
    "nov",
    "dec dez déc dic",
];

fn month_named(word: &str) -> Option<u8> {
    if word.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let word = word.to_lowercase();
    let of = |names: &str| names.split(' ').any(|name| word.starts_with(name));
    MONTHS
        .iter()
        .position(|names| of(names))
        .map(|month| month as u8 + 1)
}

const fn days_in(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0_u16, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u16::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_only() {
        assert_eq!(parse_iso("2028-02-29"), civil(2028, 2, 29));
        for text in [
            "2027-02-29",
            "2027-2-9",
            "27-02-09",
            "2027/02/09",
            "2027-13-01",
            "",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
        let leap = civil(2028, 2, 29).unwrap();
        assert_eq!(to_iso(a_year_later(leap)), "2029-02-28");
    }

    #[test]
    fn guesses_only_what_is_clear() {
        for (text, iso) in [
            ("31.12.2026", Some("2026-12-31")),
            ("3.4.2026", Some("2026-04-03")),
            ("12/31/2026", Some("2026-12-31")),
            ("2026/1/5", Some("2026-01-05")),
            ("03/04/2026", None),
            ("04/04/2026", Some("2026-04-04")),
            ("01-Mar", None),
            ("31.12.26", None),
            ("31 Dec 2026", Some("2026-12-31")),
            ("December 31, 2026", Some("2026-12-31")),
            ("1-Mär-2027", Some("2027-03-01")),
            ("1 août 2027", Some("2027-08-01")),
            ("30 Feb 2027", None),
            ("2026-12-31T00:00:00Z", Some("2026-12-31")),
            ("2026-12-31 08:30", Some("2026-12-31")),
            ("31.12.2026 8:30", Some("2026-12-31")),
            ("soon", None),
            ("08:30", None),
            ("", None),
        ] {
            assert_eq!(guess(text, None).map(to_iso).as_deref(), iso, "{text}");
        }
    }

    #[test]
    fn the_order_decides_only_where_both_readings_are_dates() {
        for (text, day_first, month_first) in [
            ("03/04/2026", "2026-04-03", "2026-03-04"),
            ("03/13/2026", "2026-03-13", "2026-03-13"),
            ("13-03-2026", "2026-03-13", "2026-03-13"),
            ("3.4.2026", "2026-04-03", "2026-04-03"),
        ] {
            let read = |order| guess(text, Some(order)).map(to_iso);
            assert_eq!(read(Order::DayFirst).as_deref(), Some(day_first));
            assert_eq!(read(Order::MonthFirst).as_deref(), Some(month_first));
        }
    }
}
