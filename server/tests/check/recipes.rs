//! The fixtures that no program at hand can write: byte for byte what each kind of file
//! is like. `BECKON_WRITE_FIXTURES=1 cargo test -p server --test check` writes them.

fn utf16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Each character as the byte of Windows-1252 that is its number in Latin 1, and a few more.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match c {
            '€' => 0x80,
            '’' => 0x92,
            '–' => 0x96,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect()
}

/// What Excel in German writes: a cell with a delimiter, a quote or a line break is quoted.
fn german(delimiter: char) -> String {
    "E-Mail;Vorname;Nachname;Rolle;Gültig bis;Bemerkung\r\n\
     jürgen@acme.test;Jürgen;Müller;learner;2027-03-31;\r\n\
     zoe@acme.test;Zoë;O’Neill;instructor;31.03.2027;\"zwei§ drei, vier\"\r\n\
     jose@acme.test;José;García;;;\"er sagte \"\"ja\"\"\r\nund kam – für 5 €\"\r\n"
        .replace(';', &delimiter.to_string())
        .replace('§', ";")
}

/// Every fixture of this file: its name and its bytes.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let bom = "\u{feff}";
    vec![
        ("excel-utf8-bom-semicolon.csv", format!("{bom}{}", german(';')).into_bytes()),
        ("excel-windows-1252-semicolon.csv", windows_1252(&german(';'))),
        (
            "excel-unicode-text-tab.csv",
            utf16_le(&format!("{bom}{}", german('\t'))),
        ),
        ("excel-macintosh-cr.csv", german(';').replace("\r\n", "\r").into_bytes()),
        ("utf16-be-no-mark.csv", utf16_be("email,first_name\r\na@acme.test,Ada\r\n")),
        (
            "utf16-broken.csv",
            [
                utf16_le("\u{feff}email\tfirst_name\r\na@acme.test\tA"),
                vec![0x3d, 0xd8],
                utf16_le("da\r\nb@acme.test\tBob"),
                vec![0x21],
            ]
            .concat(),
        ),
        (
            "separator-line.csv",
            b"sep=|\r\nemail|courses\r\na@acme.test|\"c1|c2\"\r\nb at acme.test|c1\r\n".to_vec(),
        ),
        (
            "google-sheets.csv",
            "Email Address,First Name,Last Name,Phone,Notes\r\n\
             a@acme.test,Ada,Lovelace,0041 44 1,\"line one\nline two\"\r\n\
             b@acme.test,Bob,\"O\"\"Hara\",,\r\n\
             ,,,,\r\n\
             c@gmial.com,Cy,\"Young, Jr.\",,"
                .as_bytes()
                .to_vec(),
        ),
        (
            "mixed-line-ends.csv",
            b"email,note\r\n\r\na@acme.test,1\n\n\rb@acme.test,\"2\r3\r\n4\n5\"\rc at acme.test,6".to_vec(),
        ),
        (
            "unclosed-quote.csv",
            b"email,note,group\na@acme.test,\"open,g1\nb@acme.test,\"closed\",g2\nc at acme.test,\"\",g3\nd@acme.test,\"at the end,g4\n".to_vec(),
        ),
        (
            "stray-quotes.csv",
            b"email,note\na@acme.test,a 5\" pipe\nb@acme.test,\"word\" more\nc@acme.test, \"spaced\"\n\"d@acme.test\",\"\"\"all\"\"\"\n".to_vec(),
        ),
        (
            "ragged.csv",
            b"email,first_name,last_name\na@acme.test\nb@acme.test,Bob\nc@acme.test,Cy,Young,extra,\nd@acme.test,Dee,Dole,\n".to_vec(),
        ),
        (
            "trailing-delimiter.csv",
            b"email;first_name;\r\na@acme.test;Ada;\r\nb@acme.test;Bob;\r\n".to_vec(),
        ),
        (
            "title-lines.csv",
            "Course list;;\r\nE-mails;;\r\n\r\nName;E-Mail;Rolle\r\n\
             Lovelace;ada@acme.test;learner\r\nHopper;grace at acme.test;learner\r\n"
                .as_bytes()
                .to_vec(),
        ),
        (
            "no-header.csv",
            b"a@acme.test,learner,Ada\nb@acme.test,learner,Bob\nc@acme,learner,Cy\n".to_vec(),
        ),
        ("header-only.csv", b"email,first_name,last_name\r\n".to_vec()),
        ("no-email-column.csv", b"first_name,last_name\nAda,Lovelace\n".to_vec()),
        (
            "headers-repeated.csv",
            b"email,E-Mail,role,Role,Phone,Phone\na@acme.test,x@acme.test,learner,admin,1,2\n".to_vec(),
        ),
        (
            "headers-empty.csv",
            b"email,,note,\" \"\na@acme.test,lost,x,\nb@acme.test,,y,\n".to_vec(),
        ),
        (
            "headers-look-alike.csv",
            "email,rоle,tenant_id,status,em\u{200b}ail,ｎｏｔｅ\na@acme.test,admin,globex,accepted,b@acme.test,x\n"
                .as_bytes()
                .to_vec(),
        ),
        (
            "nul.csv",
            b"email,first_name,note,Phone\na@acme.test,A\0da,x\0,1\0\nb\0@acme.test,Bob,,\n".to_vec(),
        ),
        (
            "utf8-with-bad-bytes.csv",
            "email,first_name,Città\na@acme.test,Zoë,Málaga\nb@acme.test,Jos?,K?ln\n"
                .bytes()
                .map(|b| if b == b'?' { 0xe9 } else { b })
                .collect(),
        ),
        (
            "windows-1252-unused-bytes.csv",
            b"email,first_name\na@acme.test,Zo\xeb\nb@acme.test,\x81\xe9\n".to_vec(),
        ),
        (
            "damaged-by-a-spreadsheet.csv",
            b"email,external_id,group,first_name\na@acme.test,1.23E+11,########,#NAME?\nb@acme.test,01-Mar,Class 1,Bob\nc@acme.test,0001,1e5,Cy\n".to_vec(),
        ),
        (
            "rules.csv",
            "email,role,courses,expires_on\r\n\
             a@acme.test,learner,c1|c2,2027-03-31\r\n\
             A@acme.test,,c2 | c1,\r\n\
             a@acme.test,,c3,\r\n\
             ,learner,,\r\n\
             b at acme.test,boss,,31.12.2026\r\n\
             ｃ@acme.test,,,2026-01-01\r\n\
             d\u{200b}@acme.test,,,2030-01-01\r\n\
             Eve <e@acme.test>,,,\r\n\
             f@acme.test; g@acme.test,,,\r\n\
             h i@acme.test,,,2026-02-30\r\n\
             \" j@acme.test \",LEARNER,,2026-11-23\r\n"
                .as_bytes()
                .to_vec(),
        ),
        (
            "names-and-hidden-characters.csv",
            "email,first_name,last_name,courses\r\n\
             a@acme.test,\"Lovelace, Ada\",,c1\r\n\
             b@acme.test,,\"King, Jr.\",c1\r\n\
             c@acme.test,Grace\u{a0},Hop\u{200b}per,c\u{ad}1\r\n\
             d@acme.test,نیک\u{200c}پور,O’Neill,c1\r\n"
                .as_bytes()
                .to_vec(),
        ),
        (
            "escaped-by-beckon.csv",
            b"email,note,beckon_escaped\na@acme.test,'=1+1,1\nb@acme.test,'+49 30,1\n".to_vec(),
        ),
        ("empty.csv", Vec::new()),
        ("byte-order-mark-alone.csv", bom.as_bytes().to_vec()),
        ("blank-lines-alone.csv", b"\r\n\r\n\n".to_vec()),
        (
            // The smallest PNG: one transparent point.
            "renamed-png.csv",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82".to_vec(),
        ),
    ]
}
