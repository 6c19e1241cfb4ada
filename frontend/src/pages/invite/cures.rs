//! What is offered against a problem: the words of its cures, and the step that each is.

use app::bulk::{
    cure::{self, Way},
    operation::Operation,
    problem::{Problem, ProblemCode},
};

use super::book::{CureWords, Document};
use crate::components::format_number;

/// The step that cures a problem where it stands, or all of its kind.
pub fn step(document: &Document, problem: &Problem, all: bool) -> Option<Operation> {
    let Document { sheet, checker, .. } = document;
    if all {
        return checker.cure_all(sheet, problem.code, Way::Usual);
    }
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => Some(Operation::DeleteRows {
            rows: vec![problem.row],
        }),
        _ => {
            let edits = cure::edits(sheet, &sheet.field_map(), problem, Way::Usual);
            (!edits.is_empty()).then_some(Operation::SetCells { edits })
        }
    }
}

/// The words of the cures' buttons. `curable` is how many of the kind it is clear for what
/// was meant, where that was counted before.
pub fn words(document: &Document, problem: &Problem, curable: Option<usize>) -> CureWords {
    let Document { sheet, checker, .. } = document;
    let all = |verb: &str, count: usize| {
        (count > 1).then(|| format!("{verb} all {}", format_number(count as u64)))
    };
    let count = checker.count(problem.code);
    match problem.code {
        ProblemCode::DuplicateInFile | ProblemCode::RowEmpty => CureWords {
            here: Some("Delete this row".to_owned()),
            all: all("Delete", count),
            curable,
        },
        ProblemCode::SplitRows => {
            let merge = all("Merge", count).unwrap_or_else(|| "Merge rows".to_owned());
            CureWords {
                here: None,
                all: Some(merge),
                curable,
            }
        }
        code => {
            let edits = cure::edits(sheet, &sheet.field_map(), problem, Way::Usual);
            let mut texts = edits.iter().map(|(.., text)| text.as_str());
            let Some(mut cured) = texts.next().map(str::to_owned) else {
                return CureWords {
                    curable,
                    ..CureWords::default()
                };
            };
            for text in texts {
                cured.push_str(" | ");
                cured.push_str(text);
            }
            let curable = curable.unwrap_or_else(|| checker.cures(sheet, code, Way::Usual).len());
            CureWords {
                here: Some(format!("Change to {cured}")),
                all: all("Fix", curable),
                curable: Some(curable),
            }
        }
    }
}
