//! What is kept with an invitation: a line each, `name: text`.

/// Lines at most.
const MOST: usize = 20;
/// A name and a text are no longer, in characters.
const LONGEST_NAME: usize = 80;
const LONGEST_TEXT: usize = 500;

/// Reads the lines, in their order; or why they cannot be kept. Empty lines are none.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let (name, text) = line
            .split_once(':')
            .map(|(name, text)| (name.trim(), text.trim()))
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| format!("Line {number} is not of the form name: text."))?;
        if name.chars().count() > LONGEST_NAME || text.chars().count() > LONGEST_TEXT {
            return Err(format!(
                "Line {number} is too long: {LONGEST_NAME} characters for a name and \
                 {LONGEST_TEXT} for a text are the most."
            ));
        }
        if line.chars().any(char::is_control) {
            return Err(format!(
                "Line {number} has a control character in it. Remove it."
            ));
        }
        if pairs.iter().any(|(known, _)| known == name) {
            return Err(format!("Line {number} names “{name}” a second time."));
        }
        pairs.push((name.to_owned(), text.to_owned()));
    }
    if pairs.len() > MOST {
        return Err(format!("At most {MOST} lines."));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_are_names_with_texts() {
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(parse(""), Ok(Vec::new()));
        assert_eq!(
            parse("cost center: 4711\n\nsite: http://x: y \nempty:"),
            Ok(vec![
                pair("cost center", "4711"),
                pair("site", "http://x: y"),
                pair("empty", ""),
            ])
        );
        for bad in ["no colon", ": text", "a: 1\na: 2", "a: \u{7}"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..21).map(|n| format!("n{n}: x")).collect();
        assert!(parse(&many.join("\n")).is_err());
        assert!(parse(&format!("a: {}", "x".repeat(501))).is_err());
    }
}
