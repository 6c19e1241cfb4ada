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
}
