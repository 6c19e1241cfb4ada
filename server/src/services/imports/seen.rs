//! Which addresses and external ids an import has: what one row means to another. The
//! same answers as those of the grid (`app::bulk::check`), which a test compares.

use std::collections::HashMap;

use app::{
    bulk::{draft::RowDraft, rules::few_keys},
    domain::email::EmailRef,
};
use sha2::{Digest, Sha256};

/// Whether an earlier row of the import has the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// None has.
    No,
    /// One has, with the same courses and programs.
    Same,
    /// One has, with others.
    Split,
}

/// The start of a SHA-256.
type Short = [u8; 16];

/// The addresses and external ids of an import. Only digests are kept, some 30 bytes a
/// row, so that 100,000 rows stay small.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where each address stands first, and what that row asks for.
    first: HashMap<Short, (u32, u64)>,
    /// Where a later row of an address first asks for something else.
    later: HashMap<(Short, u64), u32>,
    /// The address that has an external id first.
    ids: HashMap<Short, Short>,
}

impl Seen {
    /// Takes note of rows whose first has `position`; call it in the order of submission.
    pub fn note(&mut self, drafts: &[RowDraft], position: u32) {
        for (position, draft) in (position..).zip(drafts) {
            let Some(address) = address_digest(draft) else {
                continue;
            };
            let targets = targets_digest(draft);
            let (_, asked_first) = *self.first.entry(address).or_insert((position, targets));
            if asked_first != targets {
                self.later.entry((address, targets)).or_insert(position);
            }
            if let Some(id) = id_digest(draft) {
                self.ids.entry(id).or_insert(address);
            }
        }
    }

    /// What an earlier row means to the one at `position`.
    pub fn repeat(&self, position: u32, draft: &RowDraft) -> Repeat {
        let Some(address) = address_digest(draft) else {
            return Repeat::No;
        };
        match self.first.get(&address) {
            Some((first, asked)) if *first < position => {
                let targets = targets_digest(draft);
                let earlier = *asked == targets
                    || self
                        .later
                        .get(&(address, targets))
                        .is_some_and(|other| *other < position);
                if earlier { Repeat::Same } else { Repeat::Split }
            }
            _ => Repeat::No,
        }
    }

    /// Whether an earlier row of another address has the row's external id.
    pub fn id_taken(&self, draft: &RowDraft) -> bool {
        match (id_digest(draft), address_digest(draft)) {
            (Some(id), Some(address)) => self.ids.get(&id).is_some_and(|holder| *holder != address),
            _ => false,
        }
    }
}

fn short(text: &str) -> Short {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.first_chunk().copied().unwrap_or_default()
}

fn id_digest(draft: &RowDraft) -> Option<Short> {
    let id = draft.external_id.trim_matches(' ');
    (!id.is_empty()).then(|| short(id))
}

fn address_digest(draft: &RowDraft) -> Option<Short> {
    let email = EmailRef::parse(&draft.email).ok()?;
    Some(short(&email.canonical()))
}

fn targets_digest(draft: &RowDraft) -> u64 {
    if draft.courses.is_empty() && draft.programs.is_empty() {
        return 0;
    }
    let mut hash = Sha256::new();
    for cell in [&draft.courses, &draft.programs] {
        match few_keys(cell) {
            Some(mut keys) => {
                keys.sort_unstable();
                for key in &keys {
                    hash.update(key.as_bytes());
                    hash.update([b'|']);
                }
            }
            // The row breaks a rule anyway, which is said first.
            None => hash.update(cell.as_bytes()),
        }
        // Courses and programs with the same keys are not the same.
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(digest.first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::{
        bulk::{
            check::Checker,
            problem::ProblemCode,
            rules::RuleContext,
            sheet::{Sheet, SheetOptions},
        },
        domain::{role::Role, time::CivilDate},
    };
    use proptest::prelude::*;

    fn draft(email: &str, courses: &str, programs: &str) -> RowDraft {
        RowDraft {
            email: email.to_owned(),
            courses: courses.to_owned(),
            programs: programs.to_owned(),
            ..RowDraft::default()
        }
    }

    fn repeats(rows: &[RowDraft], chunk: usize) -> Vec<Repeat> {
        let mut seen = Seen::default();
        for (number, part) in rows.chunks(chunk).enumerate() {
            seen.note(part, u32::try_from(number * chunk).unwrap());
        }
        (0..)
            .zip(rows)
            .map(|(at, row)| seen.repeat(at, row))
            .collect()
    }

    #[test]
    fn rows_of_an_address_are_compared_with_all_before_them() {
        let rows = [
            draft("ada@acme.test", "a|b", ""),
            draft("ADA@acme.test", "b | a", ""),
            draft("ada@acme.test", "a", "b"),
            draft("ada@acme.test", "a", "b"),
            draft("not an address", "a", ""),
            draft("not an address", "a", ""),
            draft("bob@acme.test", "", ""),
        ];
        assert_eq!(
            repeats(&rows, 2),
            [
                Repeat::No,
                Repeat::Same,
                Repeat::Split,
                Repeat::Same,
                Repeat::No,
                Repeat::No,
                Repeat::No
            ]
        );
    }

    #[test]
    fn an_external_id_is_one_persons() {
        let with_id = |email, id: &str| RowDraft {
            external_id: id.to_owned(),
            ..draft(email, "", "")
        };
        let rows = [
            with_id("nobody", "7"),
            with_id("a@x.test", "7"),
            with_id("b@x.test", " 7 "),
            with_id("A@x.test", "7"),
            with_id("c@x.test", ""),
            with_id("d@x.test", ""),
        ];
        let mut seen = Seen::default();
        seen.note(&rows, 0);
        let taken: Vec<bool> = rows.iter().map(|row| seen.id_taken(row)).collect();
        assert_eq!(taken, [false, false, true, false, false, false]);
    }

    /// A cell that was never looked at by a rule is read once, whatever its size.
    #[test]
    fn s40_a_cell_of_very_many_keys_is_digested_whole() {
        let huge: Vec<String> = (0..600_000).map(|n| format!("k{n}")).collect();
        let huge = huge.join("|");
        assert_eq!(few_keys(&huge), None);
        let rows = [
            draft("a@x.test", &huge, ""),
            draft("a@x.test", &huge, ""),
            draft("a@x.test", "", &huge),
        ];
        assert_eq!(repeats(&rows, 9), [Repeat::No, Repeat::Same, Repeat::Split]);
    }

    fn cell() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", " A", "c "]), 0..3)
            .prop_map(|keys| keys.join("|"))
    }

    proptest! {
        /// The server says of every row what the grid says.
        #[test]
        fn server_and_grid_agree(
            rows in prop::collection::vec(
                (prop::sample::select(vec!["x@a.test", "X@A.test", "y@a.test", "none"]), cell(), cell()),
                1..30,
            ),
            chunk in 1_usize..7,
        ) {
            let lines: Vec<String> = rows
                .iter()
                .map(|(email, courses, programs)| format!("{email},{courses},{programs}"))
                .collect();
            let file = format!("email,courses,programs\n{}\n", lines.join("\n"));
            let drafts: Vec<RowDraft> = rows
                .iter()
                .map(|(email, courses, programs)| draft(email, courses, programs))
                .collect();
            let sheet = Sheet::from_bytes(file.as_bytes(), SheetOptions::default()).unwrap();
            let today = CivilDate { year: 2026, month: 11, day: 23 };
            let checker = Checker::full(&sheet, RuleContext { today, max_role: Role::Admin });
            let grid: Vec<Repeat> = sheet
                .row_ids()
                .iter()
                .map(|row| {
                    let has = |code| checker.problems_of(*row).any(|one| one.code == code);
                    if has(ProblemCode::DuplicateInFile) {
                        Repeat::Same
                    } else if has(ProblemCode::SplitRows) {
                        Repeat::Split
                    } else {
                        Repeat::No
                    }
                })
                .collect();
            prop_assert_eq!(repeats(&drafts, chunk), grid);
        }
    }
}
