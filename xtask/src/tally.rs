//! Adding up the closing lines of `cargo test` and `node --test`.

/// How many tests passed and failed, over several runners.
#[derive(Default, Debug, PartialEq, Eq, Clone, Copy)]
pub struct Tally {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests that ran and did not hold, or never finished.
    pub failed: u64,
}

impl Tally {
    /// Reads one line of a runner's output; other lines change nothing.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result: ") {
            for part in rest.split([';', '.']) {
                let mut words = part.split_whitespace();
                let (Some(count), Some(what), None) = (words.next(), words.next(), words.next())
                else {
                    continue;
                };
                self.add(count, what);
            }
        } else if let Some(rest) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            let mut words = rest.split_whitespace();
            if let (Some(what), Some(count), None) = (words.next(), words.next(), words.next()) {
                match what {
                    "pass" => self.add(count, "passed"),
                    "fail" | "cancelled" => self.add(count, "failed"),
                    _ => {}
                }
            }
        }
    }

    fn add(&mut self, count: &str, what: &str) {
        let Ok(count) = count.parse::<u64>() else {
            return;
        };
        match what {
            "passed" => self.passed += count,
            "failed" => self.failed += count,
            _ => {}
        }
    }

    /// Counts one failure of a runner that did not even start its tests.
    pub fn broken(&mut self) {
        self.failed += 1;
    }

    /// The one closing line.
    pub fn summary(self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn adds_cargo_and_node() {
        let seen = tally(&[
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "ℹ tests 9",
            "ℹ pass 6",
            "ℹ fail 2",
            "ℹ cancelled 1",
            "ℹ skipped 0",
        ]);
        assert_eq!(
            seen,
            Tally {
                passed: 11,
                failed: 7
            }
        );
        assert_eq!(seen.summary(), "11 passed, 7 failed");
    }

    #[test]
    fn other_lines_change_nothing() {
        assert_eq!(
            tally(&["3 passed", "ℹ pass", "# pass many", "ok"]),
            Tally::default()
        );
    }
}
