//! How long calls take: median, 95th of a hundred, least and most.

use std::time::{Duration, Instant};

use crate::Outcome;

/// What a call may take at the server.
const TARGET: Duration = Duration::from_millis(50);

/// Begins a table.
pub fn head(title: &str) {
    println!("\n{title}\n");
    println!("| call | median | p95 | least–most |");
    println!("|---|---:|---:|---:|");
}

/// Calls `call` with 0, 1, 2 … and prints what that took; the first calls, which fill the
/// caches, do not count.
pub async fn measure<F>(what: &str, runs: u32, call: impl Fn(u32) -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let warm = runs / 10 + 1;
    let mut times = Vec::new();
    for n in 0..warm + runs {
        let began = Instant::now();
        call(n).await?;
        if n >= warm {
            times.push(began.elapsed());
        }
    }
    times.sort_unstable();
    let at = |share: usize| {
        let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or_default()
    };
    let late = at(95);
    println!(
        "| {what} | {} | {}{} | {}–{} |",
        millis(at(50)),
        millis(late),
        if late > TARGET { " !" } else { "" },
        millis(at(0)),
        millis(at(100)),
    );
    Ok(())
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}
