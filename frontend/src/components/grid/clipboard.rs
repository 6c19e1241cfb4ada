//! The richer form of what goes to the clipboard. The plain one is the core's.

/// Cells as an HTML table, for word processors and mail.
pub fn to_html(cells: &[Vec<String>]) -> String {
    let mut out = String::from("<table><tbody>");
    for row in cells {
        out.push_str("<tr>");
        for cell in row {
            out.push_str("<td>");
            for character in cell.chars() {
                match character {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\n' => out.push_str("<br>"),
                    other => out.push(other),
                }
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    out
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn html_is_escaped() {
        let cells = vec![vec!["<b>&\n".to_owned()]];
        assert_eq!(
            to_html(&cells),
            "<table><tbody><tr><td>&lt;b&gt;&amp;<br></td></tr></tbody></table>"
        );
    }
}
