//! What the commands print: steps with their number and time, and sentences.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Prints one line; a closed pipe is nobody's failure.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody is left to tell when standard output is gone.
    drop(writeln!(out, "{text}"));
    drop(out.flush());
}

/// Prints the one sentence a command failed with.
pub fn failure(sentence: &str) {
    drop(writeln!(std::io::stderr().lock(), "\nxtask: {sentence}"));
}

/// Writes a duration as people say it: `4 s`, `2 min 05 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else if seconds >= 10 {
        format!("{seconds} s")
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// A counted list of steps: `[2/5] …`, each with the time it took.
pub struct Steps {
    total: usize,
    done: usize,
    began: Instant,
}

impl Steps {
    /// Starts a list of `total` steps.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            began: Instant::now(),
        }
    }

    /// Announces the next step, runs it and says how long it took.
    pub fn step<T>(
        &mut self,
        title: &str,
        work: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        self.done += 1;
        line(&format!(
            "[{}/{}] {title} ({} so far)",
            self.done,
            self.total,
            duration(self.began.elapsed())
        ));
        let began = Instant::now();
        let result = work()?;
        let took = began.elapsed();
        if took >= Duration::from_secs(2) {
            line(&format!("      done in {}", duration(took)));
        }
        Ok(result)
    }
}

/// A heartbeat of a long step: redrawn on a terminal, a line every 15 s elsewhere.
pub struct Heartbeat {
    label: String,
    began: Instant,
    last: Option<Instant>,
    terminal: bool,
}

impl Heartbeat {
    /// A heartbeat whose lines begin with `label`.
    pub fn new(label: &str) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            label: label.to_owned(),
            began: Instant::now(),
            last: None,
            terminal,
        }
    }

    /// Tells how far the work is; prints only when enough time has passed.
    pub fn beat(&mut self, progress: &str) {
        let pause = Duration::from_millis(if self.terminal { 300 } else { 15_000 });
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        let text = format!(
            "      {}: {progress}, {}",
            self.label,
            duration(self.began.elapsed())
        );
        if self.terminal {
            let mut out = std::io::stdout().lock();
            drop(write!(out, "\r\x1b[2K{text}"));
            drop(out.flush());
        } else {
            line(&text);
        }
    }

    /// Clears the redrawn line of a terminal.
    pub fn end(&self) {
        if self.terminal && self.last.is_some() {
            let mut out = std::io::stdout().lock();
            drop(write!(out, "\r\x1b[2K"));
            drop(out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(duration(Duration::from_secs(42)), "42 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
    }
}
