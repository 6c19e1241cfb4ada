//! Numbers with a fraction, as CSS and attributes take them.

/// At most four decimals: a ten-thousandth of a pixel. The library writes every digit
/// that tells two numbers apart, which takes ten kilobytes of code.
pub fn decimal(number: f64) -> String {
    let parts = (number * 10_000.0).round() as i64;
    let (whole, rest) = (parts.unsigned_abs() / 10_000, parts.unsigned_abs() % 10_000);
    let sign = if parts < 0 { "-" } else { "" };
    if rest == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_what_css_reads() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (34.0, "34"),
            (0.5, "0.5000"),
            (-0.25, "-0.2500"),
            (-1.333_333, "-1.3333"),
            (2.0 / 3.0, "0.6667"),
            (3_400_000.062_5, "3400000.0625"),
            (0.000_01, "0"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }
}
