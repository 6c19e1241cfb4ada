//! The rows on their way to the server.

use app::{
    api::{catalog::CatalogUpload, users::UsersUpload},
    bulk::table::RowDone,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Desk, What, outcome::Outcomes};
use crate::{
    components::format_number,
    text::{count_of, failure},
};

/// How far the sending is, in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Sent and answered.
    pub done: usize,
    /// To be sent in all.
    pub total: usize,
}

impl Sent {
    /// For the bar and for a screen reader.
    pub fn words(self) -> String {
        format!(
            "{} of {}",
            format_number(self.done as u64),
            count_of(self.total as u64, "row", "rows")
        )
    }
}

impl Desk {
    /// Sends what is right, in one part or a few, and takes in what became of it.
    pub(super) fn send(self) {
        if self.busy() {
            return;
        }
        self.grid.commit();
        let rows = self.list.cells();
        let template = self.what.template();
        let cells: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
        let mut done = template.judge(&cells);
        let parts = template.parts(&rows, &done);
        let mut sent = Sent {
            done: 0,
            total: parts.iter().map(Vec::len).sum(),
        };
        self.list.lock(true);
        self.sent.set(Some(sent));
        self.refused.set(None);
        self.done.set(None);
        spawn_local(async move {
            let mut failed = None;
            for part in parts {
                let wanted = part.iter().filter_map(|at| rows.get(*at).cloned());
                match self.ask(wanted.collect()).await {
                    Ok(answers) => {
                        for (at, answer) in part.iter().zip(answers) {
                            if let Some(place) = done.get_mut(*at) {
                                *place = Some(answer);
                            }
                        }
                    }
                    Err(why) => {
                        failed = Some(why);
                        break;
                    }
                }
                sent.done += part.len();
                self.sent.try_set(Some(sent));
            }
            self.list.lock(false);
            // The page may be gone.
            if self.sent.try_set(None).is_some() {
                return;
            }
            if let Some(why) = &failed {
                self.refused.set(Some(stopped(why, sent)));
            }
            if failed.is_none() || sent.done > 0 {
                self.list.take(&done);
                self.grid.reset();
                self.note.set(None);
                self.done.set(Some(Outcomes { rows, done }));
            }
        });
    }

    async fn ask(self, rows: Vec<Vec<String>>) -> Result<Vec<RowDone>, String> {
        let answer = match self.what {
            What::Users => self.session.call(UsersUpload { rows }).await,
            What::Courses => self.session.call(CatalogUpload { rows }).await,
        };
        answer.map_err(|error| failure(&error))
    }
}

/// What happened, what was kept, and what to do.
fn stopped(why: &str, sent: Sent) -> String {
    let left = count_of((sent.total - sent.done) as u64, "row is", "rows are");
    if sent.done == 0 {
        return format!(
            "{why} The list is still here as it was. Submit it again: what was made in spite of \
             this is not made twice."
        );
    }
    format!(
        "{why} By then {} had been dealt with, as it says below; {left} still here. Submit them \
         again: nothing is made twice.",
        sent.words()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_was_done_and_what_is_left() {
        let said = |done| stopped("The server is busy.", Sent { done, total: 5_000 });
        assert!(said(0).starts_with("The server is busy. The list is still here"));
        let half = said(4_999);
        assert!(
            half.contains("4,999 of 5,000 rows had been dealt with"),
            "{half}"
        );
        assert!(half.contains("1 row is still here"), "{half}");
    }
}
