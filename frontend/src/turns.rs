//! One request at a time for one thing that is shown.
//!
//! Requests that overtake each other lose changes: an answer that was asked for before
//! a change lands after the one that has it, or none lands while changes keep coming.

/// Whose answer is wanted, and whether to ask once more after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    turn: u64,
    running: bool,
    again: bool,
}

impl Turns {
    /// Begins at once: what is under way asks for something else by now.
    pub fn begin(&mut self) -> u64 {
        self.forget();
        self.running = true;
        self.turn
    }

    /// Begins, or waits for what is under way and lets that be asked once more.
    pub fn begin_or_wait(&mut self) -> Option<u64> {
        if self.running {
            self.again = true;
            return None;
        }
        Some(self.begin())
    }

    /// An answer is there: `None` where it is not wanted any more, else whether to ask
    /// once more.
    pub fn end(&mut self, turn: u64) -> Option<bool> {
        if !self.running || turn != self.turn {
            return None;
        }
        self.running = false;
        Some(std::mem::take(&mut self.again))
    }

    /// Drops the answer that is under way: something newer is known.
    pub fn forget(&mut self) {
        self.turn += 1;
        self.running = false;
        self.again = false;
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn changes_that_keep_coming_are_fetched_once_after_the_answer() {
        let mut turns = Turns::default();
        let first = turns.begin_or_wait().expect("nothing is under way");
        assert_eq!(turns.begin_or_wait(), None);
        assert_eq!(turns.begin_or_wait(), None);
        // The slow answer lands, and what came meanwhile is asked for.
        assert_eq!(turns.end(first), Some(true));
        let second = turns.begin_or_wait().expect("the first has ended");
        assert_eq!(turns.end(second), Some(false));
        assert_eq!(turns.end(second), None);
    }

    #[test]
    fn another_question_does_not_wait() {
        let mut turns = Turns::default();
        let old = turns.begin();
        assert_eq!(turns.begin_or_wait(), None);
        let new = turns.begin();
        assert_eq!(turns.end(old), None, "the answer to the old question");
        // What waited for the old one is in the answer to the new one.
        assert_eq!(turns.end(new), Some(false));
    }

    #[test]
    fn what_is_known_better_is_not_overwritten() {
        let mut turns = Turns::default();
        let old = turns.begin();
        turns.forget();
        assert_eq!(turns.end(old), None);
        assert!(turns.begin_or_wait().is_some());
    }
}
