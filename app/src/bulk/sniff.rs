//! What kind of bytes a file starts with. Decoding other encodings than UTF-8 is the
//! browser's work (`TextDecoder`); this only says which one to ask it for.

use serde::{Deserialize, Serialize};

/// What the first bytes of a file look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, or plain ASCII.
    Utf8,
    /// UTF-8 with a byte order mark; the parser leaves the mark out.
    Utf8Bom,
    /// UTF-16, low byte first: what Excel calls Unicode text.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Some encoding with a byte per character; Windows-1252 is the likely one.
    Unknown8Bit,
    /// Not a text at all.
    NotText(FileKind),
}

/// Files that people upload by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A zip archive: XLSX, ODS and Numbers files are ones.
    Zip,
    /// An Excel file of before 2007.
    OldExcel,
    /// A PDF.
    Pdf,
    /// A picture.
    Image,
    /// A gzip archive.
    Gzip,
    /// Bytes that are no text.
    Other,
}

impl FileKind {
    /// What was chosen and what to do, as a sentence.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Zip => {
                "This is an Excel or zip file. Save it as CSV (UTF-8) in your spreadsheet and choose that file."
            }
            Self::OldExcel => {
                "This is an old Excel file. Save it as CSV (UTF-8) in your spreadsheet and choose that file."
            }
            Self::Pdf => "This is a PDF. Choose a CSV file.",
            Self::Image => "This is a picture. Choose a CSV file.",
            Self::Gzip => "This is a compressed file. Unpack it and choose the CSV file inside.",
            Self::Other => "This is not a text file. Choose a CSV file.",
        }
    }
}

const MAGIC: [(&[u8], FileKind); 8] = [
    (b"PK\x03\x04", FileKind::Zip),
    (b"PK\x05\x06", FileKind::Zip),
    (b"\xd0\xcf\x11\xe0", FileKind::OldExcel),
    (b"%PDF", FileKind::Pdf),
    (b"\x89PNG", FileKind::Image),
    (b"\xff\xd8\xff", FileKind::Image),
    (b"GIF8", FileKind::Image),
    (b"\x1f\x8b", FileKind::Gzip),
];

/// Looks at the first bytes of a file; the more there are, the likelier is a rare letter
/// among them. A few bad bytes among letters of UTF-8 do not make it another encoding.
pub fn sniff_encoding(bytes: &[u8]) -> Encoding {
    for (magic, kind) in MAGIC {
        if bytes.starts_with(magic) {
            return Encoding::NotText(kind);
        }
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Encoding::Utf8Bom;
    }
    if bytes.starts_with(b"\xff\xfe") {
        return Encoding::Utf16Le;
    }
    if bytes.starts_with(b"\xfe\xff") {
        return Encoding::Utf16Be;
    }
    let head = &bytes[..bytes.len().min(4096)];
    let nuls = memchr::memchr_iter(0, head).count();
    if nuls * 4 >= head.len().max(1) {
        // Western text in UTF-16 has a NUL in every other byte: which one says the order.
        let odd = head.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
        if odd * 8 >= nuls * 7 {
            return Encoding::Utf16Le;
        }
        if odd * 8 <= nuls {
            return Encoding::Utf16Be;
        }
        return Encoding::NotText(FileKind::Other);
    }
    let (mut letters, mut bad, mut rest) = (0_usize, 0_usize, bytes);
    loop {
        let (valid, length) = match std::str::from_utf8(rest) {
            Ok(_) => (rest.len(), None),
            // A character that the end of the bytes cuts is no fault.
            Err(error) => (error.valid_up_to(), error.error_len()),
        };
        if bad == 0 && length.is_none() {
            return Encoding::Utf8;
        }
        letters += rest[..valid].iter().filter(|b| **b >= 0xc0).count();
        let Some(length) = length else { break };
        bad += 1;
        rest = &rest[valid + length..];
    }
    let controls = head.iter().filter(|b| **b < 9).count();
    if controls * 20 > head.len() {
        Encoding::NotText(FileKind::Other)
    } else if letters >= bad {
        // Letters of eight bits hardly ever make a sequence of UTF-8 by chance.
        Encoding::Utf8
    } else {
        Encoding::Unknown8Bit
    }
}

/// A file that began in ASCII: it counts as UTF-8 until its first other letter is seen,
/// wherever that is. Until then both encodings read the same.
#[derive(Debug, Default)]
pub struct Undecided {
    /// The bytes of a letter that the end of the part before cut.
    held: Vec<u8>,
}

impl Undecided {
    /// For a file whose first part looks like UTF-8 and holds no whole letter beyond ASCII.
    pub fn after(first: &[u8]) -> Option<Self> {
        let beyond = first.iter().position(|byte| !byte.is_ascii());
        let none = beyond.is_none_or(|at| {
            std::str::from_utf8(&first[at..])
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        });
        none.then(Self::default)
    }

    /// Looks at the next part, the first one included: the bytes to take now, and the
    /// encoding from them on, once it is known.
    pub fn look(&mut self, part: Vec<u8>, last: bool) -> (Vec<u8>, Option<Encoding>) {
        let mut bytes = std::mem::take(&mut self.held);
        if bytes.is_empty() {
            bytes = part;
        } else {
            bytes.extend_from_slice(&part);
        }
        let Some(at) = bytes.iter().position(|byte| !byte.is_ascii()) else {
            return (bytes, None);
        };
        let letter = &bytes[at..bytes.len().min(at + 4)];
        let encoding = match std::str::from_utf8(letter) {
            Err(error) if error.valid_up_to() == 0 => {
                if error.error_len().is_none() && !last {
                    self.held = bytes.split_off(at);
                    return (bytes, None);
                }
                Encoding::Unknown8Bit
            }
            _ => Encoding::Utf8,
        };
        (bytes, Some(encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let utf16: Vec<u8> = "email\tname"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let utf16_be: Vec<u8> = "email\tname"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let late = [&b"email,name\n".repeat(1000)[..], b"Zo\xeb,X\n"].concat();
        for (bytes, encoding) in [
            (b"email,name\n".as_slice(), Encoding::Utf8),
            (b"", Encoding::Utf8),
            ("é".as_bytes(), Encoding::Utf8),
            (&"é".as_bytes()[..1], Encoding::Utf8),
            (b"\xef\xbb\xbfemail", Encoding::Utf8Bom),
            (b"\xff\xfee\0", Encoding::Utf16Le),
            (&utf16, Encoding::Utf16Le),
            (&utf16_be, Encoding::Utf16Be),
            (b"pr\xe9nom,nom\n", Encoding::Unknown8Bit),
            (b"pr\xc3\xa9nom,nom\nZo\xeb,X\n", Encoding::Utf8),
            (b"pr\xc3\xa9nom,\xe9t\xe9\n", Encoding::Unknown8Bit),
            (&late, Encoding::Unknown8Bit),
            (b"PK\x03\x04....", Encoding::NotText(FileKind::Zip)),
            (b"\x89PNG\r\n", Encoding::NotText(FileKind::Image)),
        ] {
            let shown = &bytes[..bytes.len().min(40)];
            assert_eq!(sniff_encoding(bytes), encoding, "{shown:?}");
        }
    }

    #[test]
    fn the_first_letter_beyond_ascii_decides_wherever_it_is() {
        for (bytes, encoding) in [
            (
                b"email\nZo\xeb,X\xc3\xab\n".as_slice(),
                Some(Encoding::Unknown8Bit),
            ),
            ("email\nZoë,X\n".as_bytes(), Some(Encoding::Utf8)),
            ("😀".as_bytes(), Some(Encoding::Utf8)),
            (b"Zo\xeb", Some(Encoding::Unknown8Bit)),
            (b"plain\n", None),
        ] {
            for cut in 1..=bytes.len() {
                let mut undecided = Undecided::after(&bytes[..0]).unwrap();
                let (mut all, mut found) = (Vec::new(), None);
                let mut rest = bytes;
                while found.is_none() && !rest.is_empty() {
                    let (part, after) = rest.split_at(cut.min(rest.len()));
                    rest = after;
                    let (taken, decided) = undecided.look(part.to_vec(), rest.is_empty());
                    all.extend(taken);
                    found = decided;
                }
                assert_eq!(found, encoding, "{bytes:?} {cut}");
                assert_eq!([&all, rest].concat(), bytes);
            }
        }
        assert!(Undecided::after(b"a\xc3").is_some());
        assert!(Undecided::after("é".as_bytes()).is_none());
        assert!(Undecided::after(b"\xeb,x").is_none());
    }
}
