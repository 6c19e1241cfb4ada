//! **Reading options**: in which encoding, with which delimiter and with which header a
//! file is read, and what its first rows come to, before it is read so.

use app::bulk::{mapping::ColumnUse, operation::Column, sheet::Sheet, source::SourceProblemKind};
use leptos::{prelude::*, task::spawn_local, web_sys};

use super::{
    browser,
    desk::Desk,
    reading::{self, Decoder, ENCODINGS, Manner, delimiter_words, header_words},
};
use crate::{
    components::{
        Button, ButtonKind, Dialog, DialogSize, Notice, Select, SelectOption, Tone, format_number,
    },
    effects::effect,
    shared::{Derived, Shared},
    text::count_of,
    when::when,
};

/// Bytes of the file's start that are looked at.
const HEAD: f64 = 256.0 * 1024.0;
/// Rows that are shown.
const ROWS: usize = 8;
/// Columns that are shown.
const COLUMNS: usize = 12;
/// Characters of a column's name that are shown beside them.
const NAME: usize = 24;
/// Cells that are named.
const NAMED: usize = 5;

/// The start of a file.
#[derive(Clone, PartialEq)]
struct Head {
    bytes: Vec<u8>,
    whole: bool,
}

/// What the start of a file comes to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Look {
    /// How it was read, in words.
    words: String,
    /// Each column's header and what it is taken for.
    columns: Vec<(String, String)>,
    /// The first rows: their lines in the file, and their cells.
    rows: Vec<(u32, Vec<String>)>,
    /// Cells with characters that could not be read.
    bad: Vec<String>,
    /// How many such cells there are.
    bad_in_all: usize,
}

fn used_words(column: &Column) -> String {
    match column.used {
        ColumnUse::Field(field) => field.label().to_owned(),
        ColumnUse::Metadata => "kept as metadata".to_owned(),
        ColumnUse::Dropped => "not submitted".to_owned(),
    }
}

/// Reads the start of a file in a manner.
fn look(head: &Head, manner: Manner) -> Result<Look, String> {
    let mut decoder = Decoder::new(&head.bytes, manner)?;
    let mut text = decoder.decode(head.bytes.clone(), head.whole)?;
    if !head.whole
        && let Some(end) = text.iter().rposition(|byte| *byte == b'\n')
    {
        // The last row is cut.
        text.truncate(end + 1);
    }
    let mut sheet = Sheet::open(manner.options());
    sheet
        .feed(&text)
        .and_then(|_| sheet.finish())
        .map_err(|refusal| refusal.to_string())?;
    Ok(of_sheet(&sheet, decoder.words()))
}

fn of_sheet(sheet: &Sheet, encoding: &str) -> Look {
    let source = sheet.source();
    let columns = sheet.columns();
    let rows = sheet
        .row_ids()
        .iter()
        .take(ROWS)
        .map(|row| {
            let cells = columns
                .iter()
                .take(COLUMNS)
                .map(|column| sheet.cell_of(*row, column).into_owned())
                .collect();
            (sheet.line_of(*row).unwrap_or(0), cells)
        })
        .collect();
    let mut bad = Vec::new();
    let mut bad_in_all = 0;
    for problem in source.problems() {
        if problem.kind != SourceProblemKind::BadUtf8 {
            continue;
        }
        bad_in_all += 1;
        if bad.len() < NAMED {
            let column = columns
                .iter()
                .find(|column| column.source == Some(problem.field))
                .map_or("", |column| column.name.as_str());
            let name: String = column.chars().take(NAME).collect();
            let line = source.line(problem.row).unwrap_or(0);
            bad.push(format!("line {line}, {name}"));
        }
    }
    Look {
        words: format!(
            "{encoding}, {}{} · {}",
            delimiter_words(source.delimiter()),
            header_words(sheet),
            count_of(columns.len() as u64, "column", "columns")
        ),
        columns: columns
            .iter()
            .take(COLUMNS)
            .map(|column| (column.name.clone(), used_words(column)))
            .collect(),
        rows,
        bad,
        bad_in_all,
    }
}

/// Which cells could not be read, as a sentence.
fn unread(look: &Look) -> String {
    let named = look.bad.join("; ");
    let more = look.bad_in_all - look.bad.len();
    let more = if more > 0 {
        format!(" and {} more", format_number(more as u64))
    } else {
        String::new()
    };
    format!("Some characters cannot be read in this encoding: {named}{more}. Try another one.")
}

/// The dialog.
#[component]
pub fn ReadingOptions(
    /// The page's state.
    desk: Desk,
) -> impl IntoView {
    let [encoding, delimiter, header] = [(); 3].map(|()| RwSignal::new(String::new()));
    let head = Shared::new(None::<Option<Head>>);
    let manner = move || {
        Manner::of_words([
            encoding.get().as_str(),
            delimiter.get().as_str(),
            header.get().as_str(),
        ])
    };
    effect(move || {
        if !desk.options.get() {
            return;
        }
        let file = desk.file.read_untracked();
        let now = (*file).as_ref().map(|file| file.manner).unwrap_or_default();
        for (signal, words) in [encoding, delimiter, header]
            .into_iter()
            .zip(now.to_words())
        {
            signal.set(words);
        }
        head.set(None);
        let Some(file) = desk.book().document().bytes.clone() else {
            return;
        };
        spawn_local(async move {
            let start = start_of(&file).await;
            if desk.is_there() {
                head.set(Some(start));
            }
        });
    });
    let seen = Derived::new(move || {
        let head = head.read();
        (*head).as_ref().map(|head| match head {
            Some(head) => look(head, manner()),
            None => Err(reading::UNREADABLE.to_owned()),
        })
    });
    let apply = move |_| {
        let file = desk.file.read_untracked();
        let name = (*file).as_ref().map(|file| file.name.clone());
        let bytes = desk.book().document().bytes.clone();
        desk.options.set(false);
        if let Some((name, bytes)) = name.zip(bytes) {
            reading::read_as(desk, bytes, name, untrack(manner));
        }
    };
    let footer = move || {
        view! {
            <Button on:click=move |_| desk.options.set(false)>"Cancel"</Button>
            <Button
                kind=ButtonKind::Primary
                disabled=Signal::derive(move || !matches!(&*seen.read(), Some(Ok(_))))
                on:click=apply
            >
                "Apply"
            </Button>
        }
    };
    let encodings = std::iter::once(SelectOption::new("", "Detect automatically"))
        .chain(ENCODINGS.map(|(label, words)| SelectOption::new(label, words)))
        .collect::<Vec<_>>();
    let delimiters = || {
        let of = |byte: u8| SelectOption::new(byte.to_string(), delimiter_words(byte));
        [SelectOption::new("", "Detect automatically")]
            .into_iter()
            .chain(b",;\t|".map(of))
            .collect::<Vec<_>>()
    };
    let headers = || {
        vec![
            SelectOption::new("", "Detect automatically"),
            SelectOption::new("first", "In the first line"),
            SelectOption::new("none", "There is none"),
        ]
    };
    let on_close = Callback::new(move |()| desk.grid.focus());
    let words = move || match &*seen.read() {
        None => "Reading…".to_owned(),
        Some(Err(why)) => why.clone(),
        Some(Ok(look)) => look.words.clone(),
    };
    let is_bad = move || matches!(&*seen.read(), Some(Ok(look)) if look.bad_in_all > 0);
    let bad = move || {
        let words = move || match &*seen.read() {
            Some(Ok(look)) if look.bad_in_all > 0 => unread(look),
            _ => String::new(),
        };
        view! { <Notice tone=Tone::Warn>{words}</Notice> }.into_any()
    };
    let table = move || match &*seen.read() {
        Some(Ok(look)) => Some(drawn(look)),
        _ => None,
    };
    let aside = move || {
        (desk.options.get() && desk.book().is_dirty()).then_some(
            "The file is read again from its start. What you changed is set aside, and can be called back at once.",
        )
    };
    view! {
        <Dialog open=desk.options title="Reading options" size=DialogSize::Large footer on_close>
            <div class="dialog__form">
                <Select label="Encoding" value=encoding options=encodings.clone()/>
                <Select label="Delimiter" value=delimiter options=delimiters()/>
                <Select label="Header" value=header options=headers()/>
            </div>
            <p role="status">{move || words()}</p>
            {when(is_bad, bad)}
            {move || table()}
            <p class="muted">{move || aside()}</p>
        </Dialog>
    }
}

/// The first bytes of a file.
async fn start_of(file: &web_sys::Blob) -> Option<Head> {
    let size = file.size();
    let end = HEAD.min(size);
    let bytes = browser::bytes(browser::slice(file, 0.0, end)?).await?;
    Some(Head {
        bytes,
        whole: end >= size,
    })
}

fn drawn(look: &Look) -> AnyView {
    let heads: Vec<_> = look
        .columns
        .iter()
        .map(|(name, used)| {
            view! {
                <th scope="col" dir="auto">
                    {name.clone()}
                    <span class="table__sub">{used.clone()}</span>
                </th>
            }
        })
        .collect();
    let rows: Vec<_> = look
        .rows
        .iter()
        .map(|(line, cells)| {
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| view! { <td dir="auto">{cell.clone()}</td> })
                .collect();
            view! {
                <tr>
                    <th scope="row" class="num">
                        {line.to_string()}
                    </th>
                    {cells}
                </tr>
            }
        })
        .collect();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="First rows">
            <table class="table preview">
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(bytes: &[u8], manner: Manner) -> Look {
        let mut sheet = Sheet::open(manner.options());
        sheet.feed(bytes).unwrap();
        sheet.finish().unwrap();
        of_sheet(&sheet, "UTF-8")
    }

    #[test]
    fn cells_that_cannot_be_read_are_named() {
        let found = seen(
            b"email,note\na@x.test,\xff\nb@x.test,ok\n",
            Manner::default(),
        );
        assert_eq!(found.bad, ["line 2, note"]);
        assert_eq!(found.words, "UTF-8, comma · 2 columns");
        assert!(unread(&found).contains("in this encoding: line 2, note. Try"));
        let many = format!("email,note\n{}", "a@x.test,\u{1}\n".repeat(7));
        let many = seen(
            &many
                .into_bytes()
                .iter()
                .map(|b| if *b == 1 { 0xff } else { *b })
                .collect::<Vec<_>>(),
            Manner::default(),
        );
        assert_eq!((many.bad.len(), many.bad_in_all), (NAMED, 7));
        assert!(unread(&many).contains("line 6, note and 2 more. Try"));
    }

    #[test]
    fn another_delimiter_makes_other_columns() {
        let file = b"email;note\na@x.test;x\n";
        assert_eq!(seen(file, Manner::default()).columns.len(), 2);
        let manner = Manner {
            delimiter: Some(b','),
            ..Manner::default()
        };
        let found = seen(file, manner);
        assert_eq!(found.columns.len(), 1);
        assert_eq!(found.rows, [(2, vec!["a@x.test;x".to_owned()])]);
    }
}
