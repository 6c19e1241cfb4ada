//! Reads a file in slices: rows stand in the grid after the first one, the rest is
//! read and checked while the browser goes on painting.

use app::bulk::{
    check::Checker,
    limits::BYTES_MAX,
    parse::Refusal,
    sheet::{Sheet, SheetOptions},
    sniff::{Encoding, sniff_encoding},
};
use leptos::{prelude::*, task::spawn_local, web_sys};

use super::{
    book::Document,
    browser::{self, breathe, bytes, mark, slice},
    desk::{Desk, Reading, RemoteCheck},
};

/// Bytes of the first slice: enough for several screens, read at once.
const FIRST: f64 = 256.0 * 1024.0;
/// Bytes of the others.
const SLICE: f64 = 1024.0 * 1024.0;
/// Rows that are checked between two breaths.
const CHECK_STEP: usize = 8_000;

/// What is said about a file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct FileFacts {
    /// Its name.
    pub name: String,
    /// Its encoding, in words.
    pub encoding: &'static str,
    /// Its delimiter, in a word.
    pub delimiter: &'static str,
    /// Where its header is, in words after a comma; empty where that is the first line.
    pub header: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Turns slices into UTF-8, whatever the file has.
enum Decoder {
    Utf8,
    Other(web_sys::TextDecoder),
}

impl Decoder {
    fn new(encoding: Encoding) -> Option<Self> {
        let label = match encoding {
            Encoding::Utf8 | Encoding::Utf8Bom | Encoding::NotText(_) => return Some(Self::Utf8),
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Unknown8Bit => "windows-1252",
        };
        web_sys::TextDecoder::new_with_label(label)
            .ok()
            .map(Self::Other)
    }

    fn decode(&self, slice: Vec<u8>, last: bool) -> Vec<u8> {
        match self {
            Self::Utf8 => slice,
            Self::Other(decoder) => {
                let options = web_sys::TextDecodeOptions::new();
                options.set_stream(!last);
                // Undecodable bytes become replacement characters; it throws only if fatal.
                decoder
                    .decode_with_u8_array_and_options(&slice, &options)
                    .unwrap_or_default()
                    .into_bytes()
            }
        }
    }
}

const fn encoding_words(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom | Encoding::NotText(_) => "UTF-8",
        Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
        Encoding::Unknown8Bit => "Windows-1252",
    }
}

/// A delimiter as a word.
pub const fn delimiter_words(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolon",
        b'\t' => "tab",
        b'|' => "vertical bar",
        _ => "comma",
    }
}

/// Where the header is, since what stands above it is left out.
fn header_words(sheet: &Sheet) -> String {
    let line = sheet.header_row().and_then(|row| sheet.source().line(row));
    match line {
        Some(1) => String::new(),
        Some(line) => format!(", header on line {line}"),
        None => ", no header".to_owned(),
    }
}

/// Reads a file and puts it on the desk. What was there stays until the first rows
/// are read, and comes back if the reading is cancelled or refused.
pub fn read(desk: Desk, file: web_sys::File) {
    if desk.submitting.read_untracked().is_some() {
        return;
    }
    browser::clear_marks(&[
        "beckon:first-rows",
        "beckon:validated",
        "beckon:outcomes-shown",
    ]);
    mark("beckon:file-chosen");
    desk.grid.commit();
    desk.turn.update_value(|turn| *turn += 1);
    let turn = desk.turn.get_value();
    desk.refused.set(None);
    spawn_local(async move {
        let name = file.name();
        let was_open = desk.open.get_untracked();
        let earlier_file = desk.file.read_untracked();
        let mut before = None;
        let result = load(desk, turn, &file, &mut before).await;
        if !desk.is_there() || desk.turn.get_value() != turn {
            // Another file was chosen meanwhile, or the page is gone.
            return;
        }
        desk.reading.set(None);
        match result {
            Ok(Some(facts)) => {
                desk.file.set(Some(facts));
                desk.refresh();
                mark("beckon:validated");
            }
            stopped => {
                if let Some(document) = before {
                    desk.book().replace(document);
                    desk.open.set(was_open);
                    desk.file.set((*earlier_file).clone());
                    desk.refresh();
                }
                if let Err(sentence) = stopped {
                    desk.refused
                        .set(Some(format!("“{name}” was not read. {sentence}")));
                }
            }
        }
    });
}

/// Stops the reading that is under way.
pub fn cancel(desk: Desk) {
    desk.reading.set(None);
}

/// `Ok(None)`: cancelled. `before` gets the document that was on the desk, once it is
/// replaced.
async fn load(
    desk: Desk,
    turn: u64,
    file: &web_sys::File,
    before: &mut Option<Document>,
) -> Result<Option<FileFacts>, String> {
    const UNREADABLE: &str =
        "The browser could not read the file. It may have been moved or changed: choose it again.";
    let started = browser::now();
    let name = file.name();
    let size = file.size();
    if size > BYTES_MAX as f64 {
        return Err(Refusal::TooManyBytes.to_string());
    }
    if size == 0.0 {
        return Err("The file is empty. Choose another one.".to_owned());
    }
    desk.reading.set(Some(Reading {
        name: name.clone(),
        share: 0.0,
        rows: 0,
    }));
    let going = || {
        desk.is_there() && desk.turn.get_value() == turn && desk.reading.read_untracked().is_some()
    };

    let mut end = FIRST.min(size);
    let mut coming = slice(file, 0.0, end).ok_or(UNREADABLE)?;
    let mut decoder = Decoder::Utf8;
    let mut encoding = Encoding::Utf8;
    let mut first = true;
    loop {
        let part = bytes(coming).await.ok_or(UNREADABLE)?;
        if !going() {
            return Ok(None);
        }
        let last = end >= size;
        // The next slice is read while this one is parsed.
        let from = end;
        end = (end + SLICE).min(size);
        coming = slice(file, from, end).ok_or(UNREADABLE)?;
        if first {
            encoding = sniff_encoding(&part);
            if let Encoding::NotText(kind) = encoding {
                return Err(kind.message().to_owned());
            }
            decoder = Decoder::new(encoding).ok_or(
                "This browser cannot decode the file. Save it as UTF-8 and choose it again.",
            )?;
            let mut sheet = Sheet::open(SheetOptions::default());
            sheet
                .expect_bytes(size as usize)
                .map_err(|refusal| refusal.to_string())?;
            let checker = Checker::new(desk.context.get_value());
            let mut document = Document::new(sheet, checker);
            take(&mut document, &decoder.decode(part, last), last)?;
            if document.sheet.rows() > 0 || last {
                document.checker.advance(&document.sheet, CHECK_STEP);
            }
            desk.summary.set(None);
            desk.remote.set(RemoteCheck::Idle);
            *before = Some(desk.put(document));
            mark("beckon:first-rows");
            first = false;
        } else {
            let part = decoder.decode(part, last);
            desk.book()
                .with_mut(|document| take(document, &part, last))?;
        }
        // Checking is the longer part: it breathes by itself.
        loop {
            let done = desk.book().with_mut(|document| {
                document
                    .checker
                    .advance(&document.sheet, CHECK_STEP)
                    .is_complete()
            });
            if done {
                break;
            }
            breathe().await;
            if !going() {
                return Ok(None);
            }
        }
        let rows = desk.book().document().sheet.rows();
        desk.reading.set(Some(Reading {
            name: name.clone(),
            share: from / size,
            rows,
        }));
        desk.refresh();
        if last {
            break;
        }
    }
    let book = desk.book();
    book.set_clean();
    let document = book.document();
    if document.sheet.columns().is_empty() {
        return Err("There are no rows in it. Choose another file.".to_owned());
    }
    Ok(Some(FileFacts {
        name,
        encoding: encoding_words(encoding),
        delimiter: delimiter_words(document.sheet.source().delimiter()),
        header: header_words(&document.sheet),
        seconds: (browser::now() - started) / 1000.0,
    }))
}

fn take(document: &mut Document, part: &[u8], last: bool) -> Result<(), String> {
    let fed = document.sheet.feed(part).and_then(|_| {
        if last {
            document.sheet.finish().map(|_| ())
        } else {
            Ok(())
        }
    });
    fed.map_err(|refusal| refusal.to_string())
}

/// Puts pasted text on the desk, as if it were a file.
pub fn read_text(desk: Desk, text: &str) {
    browser::clear_marks(&["beckon:validated"]);
    mark("beckon:file-chosen");
    desk.refused.set(None);
    let started = browser::now();
    match Sheet::from_pasted(text) {
        Ok(sheet) if sheet.rows() > 0 => {
            let checker = Checker::new(desk.context.get_value());
            let facts = FileFacts {
                name: "Pasted text".to_owned(),
                encoding: "UTF-8",
                delimiter: delimiter_words(sheet.source().delimiter()),
                header: header_words(&sheet),
                seconds: (browser::now() - started) / 1000.0,
            };
            desk.summary.set(None);
            desk.put(Document::new(sheet, checker));
            desk.file.set(Some(facts));
            mark("beckon:first-rows");
            mark("beckon:validated");
        }
        Ok(_) => desk.refused.set(Some(
            "There are no rows in what was pasted. Copy the rows with their header and paste them again."
                .to_owned(),
        )),
        Err(refusal) => desk.refused.set(Some(refusal.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_have_words() {
        assert_eq!(delimiter_words(b','), "comma");
        assert_eq!(delimiter_words(b'\t'), "tab");
    }
}
