//! Reads a file in slices: rows stand in the grid after the first one, the rest is
//! read and checked while the browser goes on painting.

use app::bulk::{
    limits::BYTES_MAX,
    parse::{ParseOptions, Refusal},
    sheet::{HeaderChoice, Sheet, SheetOptions},
    sniff::{Encoding, Undecided, sniff_encoding},
};
use leptos::{prelude::*, task::spawn_local, web_sys};

use super::{
    book::Document,
    browser::{self, breathe, bytes, mark, mark_painted, slice},
    desk::{Desk, Reading},
    journal::Origin,
};

/// What is said where the browser cannot give the file's bytes any more.
pub const UNREADABLE: &str =
    "The browser could not read the file. It may have been moved or changed: choose it again.";

/// Bytes of the first slice: enough for several screens, read at once.
const FIRST: f64 = 256.0 * 1024.0;
/// Bytes of the others.
const SLICE: f64 = 1024.0 * 1024.0;
/// Rows that are checked between two breaths.
const CHECK_STEP: usize = 8_000;
/// Stands where bytes mean nothing: never valid in UTF-8, so that the parser names the cell.
const BAD: u8 = 0xff;

/// Encodings that can be chosen: as the browser calls them, and in words.
pub const ENCODINGS: [(&str, &str); 13] = [
    ("utf-8", "UTF-8"),
    ("utf-16le", "UTF-16"),
    ("utf-16be", "UTF-16, high byte first"),
    ("windows-1252", "Windows-1252"),
    ("windows-1250", "Windows-1250 (Central European)"),
    ("windows-1251", "Windows-1251 (Cyrillic)"),
    ("windows-1253", "Windows-1253 (Greek)"),
    ("windows-1254", "Windows-1254 (Turkish)"),
    ("macintosh", "Mac Roman"),
    ("shift_jis", "Shift JIS (Japanese)"),
    ("gb18030", "GB 18030 (Chinese)"),
    ("big5", "Big5 (Chinese)"),
    ("euc-kr", "EUC-KR (Korean)"),
];

/// How a person wants a file to be read; the rest is found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// One of [`ENCODINGS`].
    pub encoding: Option<&'static str>,
    /// The delimiter between cells.
    pub delimiter: Option<u8>,
    /// Where the header is.
    pub header: HeaderChoice,
}

impl Manner {
    /// As words of lists and of the journal, each empty where it is to be found out.
    pub fn to_words(self) -> [String; 3] {
        let header = match self.header {
            HeaderChoice::Detect => "",
            HeaderChoice::FirstRow => "first",
            HeaderChoice::Absent => "none",
        };
        [
            self.encoding.unwrap_or_default().to_owned(),
            self.delimiter
                .map_or_else(String::new, |byte| byte.to_string()),
            header.to_owned(),
        ]
    }

    /// What such words mean; unknown ones mean nothing.
    pub fn of_words([encoding, delimiter, header]: [&str; 3]) -> Self {
        Self {
            encoding: ENCODINGS
                .iter()
                .map(|(label, _)| *label)
                .find(|label| *label == encoding),
            delimiter: delimiter.parse().ok(),
            header: match header {
                "first" => HeaderChoice::FirstRow,
                "none" => HeaderChoice::Absent,
                _ => HeaderChoice::Detect,
            },
        }
    }

    /// The same for the sheet.
    pub fn options(self) -> SheetOptions {
        SheetOptions {
            parse: ParseOptions {
                delimiter: self.delimiter,
                ..ParseOptions::default()
            },
            header: self.header,
        }
    }
}

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
    /// What of this was chosen.
    pub manner: Manner,
}

/// Turns slices into UTF-8, whatever the file has.
pub struct Decoder {
    /// One of [`ENCODINGS`].
    label: &'static str,
    /// The browser's own; none for UTF-8.
    other: Option<web_sys::TextDecoder>,
    /// The file is plain ASCII so far.
    undecided: Option<Undecided>,
}

impl Decoder {
    /// A decoder for a file that begins with this slice.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub fn new(first: &[u8], manner: Manner) -> Result<Self, String> {
        let mut decoder = Self {
            label: "",
            other: None,
            undecided: None,
        };
        let encoding = sniff_encoding(first);
        if let Encoding::NotText(kind) = encoding {
            return Err(kind.message().to_owned());
        }
        let label = if let Some(label) = manner.encoding {
            label
        } else {
            if encoding == Encoding::Utf8 {
                decoder.undecided = Undecided::after(first);
            }
            label_of(encoding)
        };
        decoder.set(label)?;
        Ok(decoder)
    }

    fn set(&mut self, label: &'static str) -> Result<(), String> {
        self.label = label;
        self.other = None;
        if label != "utf-8" {
            let decoder = web_sys::TextDecoder::new_with_label(label).map_err(|_| {
                "This browser cannot decode the file. Save it as UTF-8 and choose it again."
                    .to_owned()
            })?;
            self.other = Some(decoder);
        }
        Ok(())
    }

    /// The next slice as UTF-8.
    ///
    /// # Errors
    /// As for [`Decoder::new`].
    pub fn decode(&mut self, mut slice: Vec<u8>, last: bool) -> Result<Vec<u8>, String> {
        if let Some(undecided) = &mut self.undecided {
            let found;
            (slice, found) = undecided.look(slice, last);
            if let Some(encoding) = found {
                self.undecided = None;
                self.set(label_of(encoding))?;
            }
        }
        let Some(decoder) = &self.other else {
            return Ok(slice);
        };
        let options = web_sys::TextDecodeOptions::new();
        options.set_stream(!last);
        // Undecodable bytes become replacement characters; it throws only if fatal.
        let text = decoder
            .decode_with_u8_array_and_options(&slice, &options)
            .unwrap_or_default();
        Ok(named_bad(text, self.label))
    }

    /// Its encoding, in words.
    pub fn words(&self) -> &'static str {
        let (_, words) = ENCODINGS
            .iter()
            .find(|(label, _)| *label == self.label)
            .unwrap_or(&ENCODINGS[0]);
        words
    }
}

/// The text's bytes, with what could not be decoded as a byte that the parser names. Of
/// the bytes that Windows-1252 does not use browsers make control characters.
fn named_bad(text: String, label: &str) -> Vec<u8> {
    let western = label == "windows-1252";
    let bad = |c: char| {
        c == '\u{fffd}'
            || (western && matches!(c, '\u{81}' | '\u{8d}' | '\u{8f}' | '\u{90}' | '\u{9d}'))
    };
    if !text.contains(bad) {
        return text.into_bytes();
    }
    let mut out = Vec::with_capacity(text.len());
    for (i, part) in text.split(bad).enumerate() {
        if i > 0 {
            out.push(BAD);
        }
        out.extend_from_slice(part.as_bytes());
    }
    out
}

const fn label_of(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom | Encoding::NotText(_) => "utf-8",
        Encoding::Utf16Le => "utf-16le",
        Encoding::Utf16Be => "utf-16be",
        Encoding::Unknown8Bit => "windows-1252",
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
pub fn header_words(sheet: &Sheet) -> String {
    let line = sheet.header_row().and_then(|row| sheet.source().line(row));
    match line {
        Some(1) => String::new(),
        Some(line) => format!(", header on line {line}"),
        None => ", no header".to_owned(),
    }
}

/// Why a file of so many bytes is not read.
fn wrong_size(bytes: f64) -> Option<String> {
    if bytes > BYTES_MAX as f64 {
        Some(Refusal::TooManyBytes.to_string())
    } else if bytes == 0.0 {
        Some("The file is empty. Choose another one.".to_owned())
    } else {
        None
    }
}

/// Reads a file and puts it on the desk. What was there stays until the first rows
/// are read, and comes back if the reading is cancelled or refused.
pub fn read(desk: Desk, file: web_sys::File) {
    let name = file.name();
    read_as(desk, file.into(), name, Manner::default());
}

/// The same of any bytes, in a manner that was chosen.
pub fn read_as(desk: Desk, file: web_sys::Blob, name: String, manner: Manner) {
    if desk.is_busy() {
        desk.toasts
            .info("The rows are being submitted. Choose the file again when that is done.");
        return;
    }
    let named = name.clone();
    let refuse = move |why: &str| {
        desk.refused
            .set(Some(format!("“{named}” was not read. {why}")));
    };
    if let Some(why) = wrong_size(file.size()) {
        refuse(&why);
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
        let result = load(desk, turn, &file, name, manner).await;
        if !desk.is_there() || desk.turn.get_value() != turn {
            // Another file was chosen meanwhile, or the page is gone.
            return;
        }
        desk.reading.set(None);
        match result {
            Ok(Some(facts)) => {
                desk.settle(&facts.name);
                let name = facts.name.clone();
                desk.file.set(Some(facts));
                desk.arrived();
                desk.begin_journal(Origin::File(file), &name);
            }
            stopped => {
                desk.stop();
                if let Err(sentence) = stopped {
                    refuse(&sentence);
                }
            }
        }
    });
}

/// Stops the reading that is under way.
pub fn cancel(desk: Desk) {
    desk.reading.set(None);
}

/// `Ok(None)`: cancelled.
async fn load(
    desk: Desk,
    turn: u64,
    file: &web_sys::Blob,
    name: String,
    manner: Manner,
) -> Result<Option<FileFacts>, String> {
    let started = browser::now();
    let size = file.size();
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
    let mut decoder = None;
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
        if let Some(decoder) = &mut decoder {
            let part = Decoder::decode(decoder, part, last)?;
            desk.book()
                .with_mut(|document| take(document, &part, last))?;
        } else {
            let mut first = Decoder::new(&part, manner)?;
            let mut sheet = Sheet::open(manner.options());
            sheet
                .expect_bytes(size as usize)
                .map_err(|refusal| refusal.to_string())?;
            let mut document = desk.document(sheet);
            document.journal = desk.journal();
            document.bytes = Some(file.clone());
            take(&mut document, &first.decode(part, last)?, last)?;
            if !last {
                document.checker.advance(&document.sheet, CHECK_STEP);
            }
            decoder = Some(first);
            desk.put(document);
            mark_painted("beckon:first-rows");
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
    let document = book.document();
    if document.sheet.columns().is_empty() {
        return Err("There are no rows in it. Choose another file.".to_owned());
    }
    let words = decoder.map_or("", |decoder| decoder.words());
    let mut facts = facts_of(name, words, &document.sheet, started);
    facts.manner = manner;
    Ok(Some(facts))
}

fn facts_of(name: String, encoding: &'static str, sheet: &Sheet, started: f64) -> FileFacts {
    FileFacts {
        name,
        encoding,
        delimiter: delimiter_words(sheet.source().delimiter()),
        header: header_words(sheet),
        seconds: (browser::now() - started) / 1000.0,
        manner: Manner::default(),
    }
}

/// Reads a file's bytes once more, away from the desk; `None` where they are not there or
/// not readable any more.
pub async fn read_again(
    name: &str,
    file: &web_sys::Blob,
    manner: Manner,
) -> Option<(Sheet, FileFacts)> {
    let started = browser::now();
    let size = file.size();
    let mut sheet = Sheet::open(manner.options());
    sheet.expect_bytes(size as usize).ok()?;
    let mut decoder = None;
    let mut from = 0.0;
    while from < size {
        let end = (from + SLICE).min(size);
        let part = bytes(slice(file, from, end)?).await?;
        if decoder.is_none() {
            decoder = Some(Decoder::new(&part, manner).ok()?);
        }
        let part = decoder.as_mut()?.decode(part, end >= size).ok()?;
        sheet.feed(&part).ok()?;
        from = end;
        breathe().await;
    }
    sheet.finish().ok()?;
    let mut facts = facts_of(name.to_owned(), decoder?.words(), &sheet, started);
    facts.manner = manner;
    Some((sheet, facts))
}

/// Reads pasted text.
pub fn read_pasted(text: &str) -> Result<(Sheet, FileFacts), Refusal> {
    let started = browser::now();
    let sheet = Sheet::from_pasted(text)?;
    let facts = facts_of("Pasted text".to_owned(), "UTF-8", &sheet, started);
    Ok((sheet, facts))
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
    match read_pasted(text) {
        Ok((sheet, facts)) if sheet.rows() > 0 => {
            let mut document = desk.document(sheet);
            // It stands in no file.
            document.clean = None;
            document.journal = desk.journal();
            desk.turn.update_value(|turn| *turn += 1);
            desk.put(document);
            desk.settle(&facts.name);
            let name = facts.name.clone();
            desk.file.set(Some(facts));
            mark_painted("beckon:first-rows");
            desk.arrived();
            desk.begin_journal(Origin::Text(text.to_owned()), &name);
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
    fn only_a_file_of_some_size_is_read() {
        assert_eq!(wrong_size(1.0), None);
        assert!(wrong_size(0.0).is_some_and(|why| why.contains("empty")));
        assert!(wrong_size(BYTES_MAX as f64 + 1.0).is_some_and(|why| why.contains("64 MB")));
    }

    #[test]
    fn what_was_chosen_is_kept_in_words() {
        let chosen = Manner {
            encoding: Some("windows-1250"),
            delimiter: Some(b';'),
            header: HeaderChoice::Absent,
        };
        for manner in [chosen, Manner::default()] {
            let words = manner.to_words();
            assert_eq!(
                Manner::of_words(words.each_ref().map(String::as_str)),
                manner
            );
        }
        assert_eq!(Manner::of_words(["x", "y", "z"]), Manner::default());
    }

    #[test]
    fn what_was_not_decoded_is_named() {
        let bytes = named_bad("a\u{fffd}b\u{81}".to_owned(), "windows-1252");
        assert_eq!(bytes, b"a\xffb\xff");
        let bytes = named_bad("a\u{81}".to_owned(), "windows-1251");
        assert_eq!(bytes, "a\u{81}".as_bytes());
    }

    #[test]
    fn delimiters_have_words() {
        assert_eq!(delimiter_words(b','), "comma");
        assert_eq!(delimiter_words(b'\t'), "tab");
    }
}
