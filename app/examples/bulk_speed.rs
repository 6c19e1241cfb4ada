//! How quickly a large invite file is read and checked, natively; and the file itself,
//! for the benches in the browser.
//!
//! `cargo run --release -p app --no-default-features --example bulk_speed -- [--rows N]
//! [--out FILE] [--runs N]`
//!
//! The file: nine columns, seed 42, 1 % bad e-mails, 0.5 % missing, 0.5 % duplicates,
//! 10 % quoted notes of several lines; about 100 bytes a row. The last line of figures
//! is what a checker has to find in it.

#![expect(clippy::print_stdout, reason = "this program's answer is its output")]

use app::bulk::check::Checker;
use app::bulk::operation::Operation;
use app::bulk::parse::{ParseOptions, parse};
use app::bulk::problem::ProblemCode;
use app::bulk::rules::RuleContext;
use app::bulk::sheet::{Sheet, SheetOptions};
use app::domain::role::Role;
use app::domain::time::CivilDate;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// xorshift64*, so that the file is the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const FIRST: [&str; 16] = [
    "Ada", "Chidi", "Mei", "José", "Fatima", "Olga", "Noah", "Yuki", "Priya", "Lars", "Zoë",
    "Amina", "Pedro", "Ingrid", "Tariq", "Sofia",
];
const LAST: [&str; 16] = [
    "Okafor", "Müller", "García", "Nguyen", "Smith", "Kowalski", "Haddad", "Tanaka", "Rossi",
    "Larsen", "Ivanova", "Silva", "Kaya", "Dubois", "Patel", "Jansen",
];
const BAD: [&str; 4] = [
    "ada at acme.test",
    "no-at-sign.test",
    "two@@acme.test",
    "a b@acme.test",
];
const NOTES: [&str; 4] = ["Spring cohort", "moved from Berlin", "", "needs a laptop"];

/// The bench's file.
fn sample(rows: usize) -> String {
    let mut random = Random(42);
    let mut out = String::with_capacity(rows * 104 + 100);
    out.push_str("email,first_name,last_name,role,group,courses,expires_on,external_id,note\r\n");
    let mut earlier = "first@acme.test".to_owned();
    for i in 0..rows {
        let (first, last) = (random.pick(&FIRST), random.pick(&LAST));
        let kind = random.below(1000);
        let email = if kind < 10 {
            random.pick(&BAD).to_owned()
        } else if kind < 15 {
            String::new()
        } else if kind < 20 && i > 0 {
            earlier.clone()
        } else {
            format!(
                "{}.{i}@school{}.test",
                first.to_ascii_lowercase(),
                random.below(50)
            )
            .replace(['é', 'ë'], "e")
        };
        let role = if random.below(20) == 0 {
            "instructor"
        } else {
            "learner"
        };
        let group = random.below(40);
        // A duplicate repeats the targets as well, so all rows ask for the same courses.
        let _ = write!(
            out,
            "{email},{first},{last},{role},Class {group},safety-101|data-basics,2027-03-31,{:07},",
            i + 1
        );
        if random.below(10) == 0 {
            let _ = write!(
                out,
                "\"Asked for \"\"{first}\"\",\nthen called twice.\nOk\""
            );
        } else {
            out.push_str(random.pick(&NOTES));
        }
        out.push_str("\r\n");
        if kind >= 20 {
            earlier = email;
        }
    }
    out
}

fn argument(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

fn number(name: &str, default: usize) -> usize {
    argument(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() -> std::io::Result<()> {
    let rows = number("--rows", 100_000);
    let runs = number("--runs", 9).max(1);
    let text = sample(rows);
    let bytes = text.as_bytes();
    if let Some(path) = argument("--out") {
        std::fs::write(&path, bytes)?;
        println!("wrote {path}");
    }
    let options = ParseOptions {
        rows_max: u32::MAX,
        bytes_max: usize::MAX,
        ..ParseOptions::default()
    };
    let sheet_options = SheetOptions {
        parse: options,
        ..SheetOptions::default()
    };
    let context = RuleContext {
        today: CivilDate {
            year: 2026,
            month: 11,
            day: 23,
        },
        max_role: Role::Admin,
    };
    let megabytes = bytes.len() as f64 / 1e6;
    println!("{rows} rows, {megabytes:.1} MB, median of {runs}");

    let (mut parsed, mut first, mut opened, mut checked, mut edited, mut column) = (
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    let mut last = None;
    for _ in 0..runs {
        let start = Instant::now();
        black_box(parse(black_box(bytes), options).map_err(std::io::Error::other)?);
        parsed.push(start.elapsed());

        let start = Instant::now();
        let mut sheet = Sheet::open(sheet_options);
        sheet
            .expect_bytes(bytes.len())
            .map_err(std::io::Error::other)?;
        for (i, slice) in bytes.chunks(256 << 10).enumerate() {
            sheet.feed(slice).map_err(std::io::Error::other)?;
            if i == 0 {
                first.push(start.elapsed());
            }
        }
        sheet.finish().map_err(std::io::Error::other)?;
        opened.push(start.elapsed());

        let start = Instant::now();
        let mut state = Checker::new(context);
        while !state.advance(&sheet, 1_000).is_complete() {}
        checked.push(start.elapsed());

        let Some(row) = sheet.row_at(sheet.rows() / 2) else {
            break;
        };
        let id = sheet.columns()[0].id;
        let start = Instant::now();
        let applied = sheet.apply(Operation::set_cell(row, id, "new.person@acme.test"));
        state.recheck(&sheet, &applied);
        edited.push(start.elapsed());
        let id = sheet.columns()[4].id;
        sheet.apply(Operation::DeleteColumn { id });
        let start = Instant::now();
        sheet.undo();
        column.push(start.elapsed());
        sheet.undo();
        last = Some(sheet);
    }
    let parse_ms = median(parsed);
    println!(
        "parse                     {parse_ms:8.2} ms  {:.0} MB/s",
        megabytes * 1e3 / parse_ms
    );
    println!("first slice of 256 KB     {:8.2} ms", median(first));
    println!("sheet, slice by slice     {:8.2} ms", median(opened));
    println!("check, 1,000 rows a time  {:8.2} ms", median(checked));
    println!("edit and check a cell     {:8.3} ms", median(edited));
    println!("undo a column's deletion  {:8.3} ms", median(column));
    if let Some(sheet) = last {
        let full = Checker::full(&sheet, context);
        let bad = full.rows_with(&sheet, None).len();
        println!(
            "rows with problems {bad}: missing {}, duplicate {}, others {}",
            full.count(ProblemCode::EmailMissing),
            full.count(ProblemCode::DuplicateInFile),
            bad - full.count(ProblemCode::EmailMissing) - full.count(ProblemCode::DuplicateInFile)
        );
    }
    Ok(())
}
