//! What lists are made of: their columns, and what is wrong with a row.

use std::collections::HashMap;

use super::{
    super::{
        limits::{CELL_BYTES_MAX, CHUNK_BYTES, PROGRAM_COURSES_MAX},
        mapping::{Field, fold, match_header},
        rules::keys_up_to,
    },
    RowDone, TableOutcome,
};
use crate::domain::{
    email::{EmailAddress, EmailProblem},
    text::{key_problem, name_problem, title_problem, username_problem},
};

/// A column of a template.
pub struct TableColumn {
    /// In the file's header and above the grid.
    pub name: &'static str,
    /// Further headers that mean it, folded as by [`fold`].
    aliases: &'static [&'static str],
    /// A field of the invitations' template whose headers mean it too.
    field: Option<Field>,
    /// What is wrong with a trimmed cell.
    check: fn(&str) -> Option<&'static str>,
}

/// What no two rows of a list share.
struct Unique {
    /// Where it is said.
    column: usize,
    /// None: the row has none.
    of: fn(&[String]) -> Option<String>,
}

/// What a list is made of.
pub struct Template {
    /// The name under which the empty list is saved.
    pub file_name: &'static str,
    /// Its columns; the first one has to be there.
    pub columns: &'static [TableColumn],
    /// What is wrong with a row whose cells are right.
    row: fn(&[String]) -> Option<(usize, &'static str)>,
    /// Whether a row may need another one, which is made before it.
    needs_others: fn(&[String]) -> bool,
    unique: &'static [Unique],
}

fn email(cell: &str) -> Option<&'static str> {
    EmailAddress::parse(cell).err().map(EmailProblem::message)
}

fn username(cell: &str) -> Option<&'static str> {
    let cell = cell.to_ascii_lowercase();
    (!cell.is_empty())
        .then(|| username_problem(&cell))
        .flatten()
}

fn kind(cell: &str) -> Option<&'static str> {
    let known = ["", "course", "program"];
    (!known.contains(&cell.to_ascii_lowercase().as_str())).then_some("Write course or program.")
}

fn anything(_: &str) -> Option<&'static str> {
    None
}

fn courses(cell: &str) -> Option<&'static str> {
    keys_up_to(cell, 2 * PROGRAM_COURSES_MAX)
        .is_none_or(|keys| keys.len() > PROGRAM_COURSES_MAX)
        .then_some("A program has at most 200 courses. Leave some out, or make two of it.")
}

fn only_programs(cells: &[String]) -> Option<(usize, &'static str)> {
    let [_, _, kind, _, courses] = cells else {
        return None;
    };
    (!courses.is_empty() && !kind.eq_ignore_ascii_case("program"))
        .then_some((4, "Only a program has courses."))
}

/// Accounts.
pub static USERS: Template = Template {
    file_name: "beckon-users.csv",
    columns: &[
        TableColumn {
            name: "email",
            aliases: &[],
            field: Some(Field::Email),
            check: email,
        },
        TableColumn {
            name: "first_name",
            aliases: &[],
            field: Some(Field::FirstName),
            check: name_problem,
        },
        TableColumn {
            name: "last_name",
            aliases: &[],
            field: Some(Field::LastName),
            check: name_problem,
        },
        TableColumn {
            name: "username",
            aliases: &[
                "user",
                "login",
                "loginname",
                "benutzername",
                "benutzer",
                "pseudo",
            ],
            field: None,
            check: username,
        },
    ],
    row: |_| None,
    needs_others: |_| false,
    unique: &[
        Unique {
            column: 0,
            of: |cells| {
                Some(
                    EmailAddress::parse(cells.first()?)
                        .ok()?
                        .canonical()
                        .to_owned(),
                )
            },
        },
        Unique {
            column: 3,
            of: |cells| Some(cells.get(3)?.to_ascii_lowercase()).filter(|name| !name.is_empty()),
        },
    ],
};

/// Courses and programs.
pub static ITEMS: Template = Template {
    file_name: "beckon-courses.csv",
    columns: &[
        TableColumn {
            name: "key",
            aliases: &[
                "code",
                "id",
                "coursekey",
                "courseid",
                "coursecode",
                "number",
            ],
            field: None,
            check: key_problem,
        },
        TableColumn {
            name: "title",
            aliases: &[
                "name",
                "coursename",
                "coursetitle",
                "titel",
                "titre",
                "bezeichnung",
            ],
            field: None,
            check: title_problem,
        },
        TableColumn {
            name: "kind",
            aliases: &["type", "art"],
            field: None,
            check: kind,
        },
        TableColumn {
            name: "tenant",
            aliases: &["owner", "organisation", "organization", "tenantslug"],
            field: None,
            check: anything,
        },
        TableColumn {
            name: "courses",
            aliases: &["coursekeys", "contains", "kurse"],
            field: None,
            check: courses,
        },
    ],
    row: only_programs,
    needs_others: |cells| !cells.last().is_none_or(String::is_empty),
    unique: &[Unique {
        column: 0,
        of: |cells| {
            let [key, _, kind, tenant, _] = cells else {
                return None;
            };
            let program = kind.eq_ignore_ascii_case("program");
            (!key.is_empty()).then(|| format!("{tenant}\n{program}\n{key}"))
        },
    }],
};

impl Template {
    /// The first thing that is wrong with a row by itself: its column, and the sentence.
    #[must_use]
    pub fn problem(&self, cells: &[String]) -> Option<(usize, &'static str)> {
        let checked = |(column, cell): (&TableColumn, &String)| {
            if cell.len() > CELL_BYTES_MAX {
                return Some("This cell is too long: 32,767 bytes are the most.");
            }
            (column.check)(cell)
        };
        let mut cells_of = self.columns.iter().zip(cells).enumerate();
        cells_of
            .find_map(|(at, one)| Some((at, checked(one)?)))
            .or_else(|| (self.row)(cells))
    }

    /// Rows that repeat what an earlier one has: the row, its column, the earlier one.
    #[must_use]
    pub fn repeated(&self, rows: &[&[String]]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for unique in self.unique {
            let mut seen: HashMap<String, usize> = HashMap::new();
            for (at, row) in rows.iter().enumerate() {
                let Some(value) = (unique.of)(row) else {
                    continue;
                };
                if let Some(earlier) = seen.get(&value) {
                    found.push((at, unique.column, *earlier));
                } else {
                    seen.insert(value, at);
                }
            }
        }
        found
    }

    /// What becomes of rows whatever else there is: nothing yet is said of those that are
    /// right by themselves and no earlier row's.
    #[must_use]
    pub fn judge(&self, rows: &[&[String]]) -> Vec<Option<RowDone>> {
        let mut done = vec![None; rows.len()];
        let mut say = |at: usize, outcome, column: usize, message: String| {
            if let Some(done) = done.get_mut(at) {
                *done = Some(RowDone {
                    outcome,
                    column: u32::try_from(column).unwrap_or_default(),
                    message,
                });
            }
        };
        for (at, column, earlier) in self.repeated(rows) {
            let message = format!("The same as in row {}, which counts.", earlier + 1);
            say(at, TableOutcome::DuplicateInFile, column, message);
        }
        for (at, row) in rows.iter().enumerate() {
            if let Some((column, message)) = self.problem(row) {
                say(at, TableOutcome::Invalid, column, message.to_owned());
            }
        }
        done
    }

    /// The rows of which nothing is said yet, in the parts in which they are sent: one where
    /// they are few bytes, and what others need before those.
    #[must_use]
    pub fn parts(&self, rows: &[Vec<String>], done: &[Option<RowDone>]) -> Vec<Vec<usize>> {
        let open = |(at, done): (usize, &Option<RowDone>)| done.is_none().then_some(at);
        let (later, first): (Vec<usize>, Vec<usize>) = (done.iter().enumerate().filter_map(open))
            .partition(|at| rows.get(*at).is_some_and(|row| (self.needs_others)(row)));
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut bytes = CHUNK_BYTES;
        for at in first.into_iter().chain(later) {
            // Twice, for what has to be escaped; quotes and commas.
            let more: usize = rows.get(at).map_or(0, |row| {
                row.iter().map(|cell| 2 * cell.len() + 3).sum::<usize>() + 3
            });
            match parts.last_mut() {
                Some(part) if bytes + more <= CHUNK_BYTES => part.push(at),
                _ => {
                    parts.push(vec![at]);
                    bytes = 0;
                }
            }
            bytes += more;
        }
        parts
    }

    /// The empty list. The byte order mark makes Excel read and save it as UTF-8.
    #[must_use]
    pub fn csv(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        format!("\u{feff}{}\r\n", names.join(","))
    }

    /// The column that a header means.
    pub(super) fn column_of(&self, header: &str) -> Option<usize> {
        let folded = fold(header);
        let exact = |column: &TableColumn| {
            fold(column.name) == folded || column.aliases.contains(&folded.as_str())
        };
        self.columns.iter().position(exact).or_else(|| {
            let field = match_header(header).0?;
            self.columns
                .iter()
                .position(|column| column.field == Some(field))
        })
    }
}
