//! Turns a file's bytes into UTF-8, a slice at a time, as the browser's decoder does.

use app::bulk::sniff::{Encoding, Undecided};
use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Stands where bytes mean nothing: never valid in UTF-8, so that the parser names the cell.
const BAD: u8 = 0xff;

/// Decodes one file.
pub(super) enum Decoder {
    /// The parser takes the bytes as they are, unless the first letter beyond ASCII, which
    /// may come late, is none of UTF-8.
    Utf8(Option<Undecided>),
    /// Bytes of Windows-1252 without a meaning are named.
    Windows1252,
    /// Unpaired surrogates and half a character at the end are named.
    Utf16(Box<encoding_rs::Decoder>),
}

impl Decoder {
    /// A decoder for a file of this encoding, of which `first` is the first slice.
    pub(super) fn new(encoding: Encoding, first: &[u8]) -> Self {
        let utf16 = |encoding: &'static encoding_rs::Encoding| {
            Self::Utf16(Box::new(encoding.new_decoder_with_bom_removal()))
        };
        match encoding {
            Encoding::Utf8 => Self::Utf8(Undecided::after(first)),
            Encoding::Utf8Bom | Encoding::NotText(_) => Self::Utf8(None),
            Encoding::Utf16Le => utf16(UTF_16LE),
            Encoding::Utf16Be => utf16(UTF_16BE),
            Encoding::Unknown8Bit => Self::Windows1252,
        }
    }

    /// Whether bytes are taken as Windows-1252 by now.
    pub(super) const fn is_windows_1252(&self) -> bool {
        matches!(self, Self::Windows1252)
    }

    /// Appends the slice's text to `out`; `last` says that no slice follows.
    pub(super) fn decode(&mut self, slice: &[u8], last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Utf8(None) => out.extend_from_slice(slice),
            Self::Utf8(Some(undecided)) => {
                let (bytes, found) = undecided.look(slice.to_vec(), last);
                match found {
                    None => out.extend_from_slice(&bytes),
                    Some(encoding) => {
                        *self = Self::new(encoding, &bytes);
                        self.decode(&bytes, last, out);
                    }
                }
            }
            Self::Windows1252 => {
                let unused = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
                for (i, part) in slice.split(unused).enumerate() {
                    if i > 0 {
                        out.push(BAD);
                    }
                    let (text, _) = WINDOWS_1252.decode_without_bom_handling(part);
                    out.extend_from_slice(text.as_bytes());
                }
            }
            Self::Utf16(decoder) => {
                let mut rest = slice;
                let mut buffer = [0; 8192];
                loop {
                    let (result, read, written) =
                        decoder.decode_to_utf8_without_replacement(rest, &mut buffer, last);
                    out.extend_from_slice(&buffer[..written]);
                    rest = &rest[read..];
                    match result {
                        DecoderResult::InputEmpty => break,
                        DecoderResult::OutputFull => {}
                        DecoderResult::Malformed(..) => out.push(BAD),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in slices of `cut` bytes.
    fn decoded(encoding: Encoding, bytes: &[u8], cut: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(encoding, b"");
        let mut out = Vec::new();
        for slice in bytes.chunks(cut) {
            decoder.decode(slice, false, &mut out);
        }
        decoder.decode(&[], true, &mut out);
        out
    }

    #[test]
    fn slices_cut_characters_and_lose_none() {
        let text = "Zoë 😀,č\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for cut in 1..little.len() {
            assert_eq!(decoded(Encoding::Utf16Le, &little, cut), text.as_bytes());
            assert_eq!(decoded(Encoding::Utf16Be, &big, cut), text.as_bytes());
        }
        let marked = [b"\xff\xfe", little.as_slice()].concat();
        assert_eq!(decoded(Encoding::Utf16Le, &marked, 1), text.as_bytes());
    }

    #[test]
    fn the_first_letter_beyond_ascii_decides() {
        for cut in 1..8 {
            let western = decoded(Encoding::Utf8, b"email\nZo\xeb", cut);
            assert_eq!(western, "email\nZoë".as_bytes());
            let plain = "email\nZoë,Bj\u{f6}rn".as_bytes();
            assert_eq!(decoded(Encoding::Utf8, plain, cut), plain);
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_no_utf8() {
        assert_eq!(
            decoded(Encoding::Utf16Le, b"a\0\x00\xd8b\0c", 3),
            b"a\xffb\xff"
        );
        let euro = decoded(Encoding::Unknown8Bit, b"\x80\x81\xe9", 1);
        assert_eq!(euro, ["€".as_bytes(), b"\xff", "é".as_bytes()].concat());
    }
}
