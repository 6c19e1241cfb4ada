//! docs/problems.md names every code, in the order of the table in the source.

use app::bulk::problem::{ProblemCode, Severity};

#[test]
fn every_problem_code_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/problems.md");
    let document = std::fs::read_to_string(path).unwrap();
    for &code in ProblemCode::ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let line = format!(
            "| `{}` | {severity} | {} | {} |",
            code.code(),
            code.title(),
            code.message("…")
        );
        assert!(
            document.contains(&line),
            "docs/problems.md lacks this line:\n{line}"
        );
    }
}
