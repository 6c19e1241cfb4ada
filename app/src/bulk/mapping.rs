//! What each column means: from its header, by words that people use in many languages
//! and by similarity, always with the reason.

use serde::{Deserialize, Serialize};

/// What the template knows about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The address; the only one that is required.
    Email,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// `learner`, `instructor` or `admin`; learner where empty.
    Role,
    /// Labels, several separated by `|`.
    Group,
    /// Course keys, several separated by `|`.
    Courses,
    /// Program keys, several separated by `|`.
    Programs,
    /// ISO date; the invitation ends with that day in the tenant's zone.
    ExpiresOn,
    /// The person's id in another system, unique in the tenant.
    ExternalId,
    /// A note of the admin's.
    Note,
}

impl Field {
    /// How many there are.
    pub const COUNT: usize = 10;

    /// All, in the template's order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::Role,
        Self::Group,
        Self::Courses,
        Self::Programs,
        Self::ExpiresOn,
        Self::ExternalId,
        Self::Note,
    ];

    /// The template's column name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Role => "role",
            Self::Group => "group",
            Self::Courses => "courses",
            Self::Programs => "programs",
            Self::ExpiresOn => "expires_on",
            Self::ExternalId => "external_id",
            Self::Note => "note",
        }
    }

    /// The field as a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::Role => "Role",
            Self::Group => "Group",
            Self::Courses => "Courses",
            Self::Programs => "Programs",
            Self::ExpiresOn => "Expires on",
            Self::ExternalId => "External id",
            Self::Note => "Note",
        }
    }

    /// The field of a template's column name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field's place in the template, from 0.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Headers that mean this field, folded as by [`fold`].
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Email => &[
                "mail",
                "emailaddress",
                "mailaddress",
                "emailadress",
                "emailadresse",
                "emails",
                "mailadresse",
                "workemail",
                "useremail",
                "studentemail",
                "primaryemail",
                "courriel",
                "adressemail",
                "adresseemail",
                "adressecourriel",
                "correo",
                "correoelectronico",
                "emailid",
                "eposta",
                "epost",
                "sahkoposti",
                "posta",
                "indirizzoemail",
                "adresemail",
                "enderecodeemail",
                "почта",
                "электроннаяпочта",
                "メール",
                "メールアドレス",
                "邮箱",
                "電子郵件",
                "电子邮件",
                "이메일",
            ],
            Self::FirstName => &[
                "givenname",
                "forename",
                "first",
                "fname",
                "vorname",
                "prenom",
                "nombre",
                "nome",
                "voornaam",
                "imie",
                "fornamn",
                "fornavn",
                "etunimi",
                "имя",
                "名",
                "名字",
            ],
            Self::LastName => &[
                "surname",
                "familyname",
                "last",
                "lname",
                "nachname",
                "familienname",
                "nom",
                "nomdefamille",
                "apellido",
                "apellidos",
                "cognome",
                "achternaam",
                "nazwisko",
                "sobrenome",
                "efternamn",
                "etternavn",
                "efternavn",
                "sukunimi",
                "фамилия",
                "姓",
                "姓氏",
            ],
            Self::Role => &[
                "roles",
                "rolle",
                "rol",
                "ruolo",
                "papel",
                "funktion",
                "userrole",
                "membertype",
                "роль",
                "角色",
            ],
            Self::Group => &[
                "groups",
                "label",
                "labels",
                "team",
                "class",
                "cohort",
                "section",
                "department",
                "gruppe",
                "klasse",
                "abteilung",
                "groupe",
                "classe",
                "grupo",
                "gruppo",
                "groep",
                "grupa",
                "tag",
                "tags",
                "группа",
            ],
            Self::Courses => &[
                "course",
                "coursekey",
                "coursekeys",
                "courseid",
                "courseids",
                "kurs",
                "kurse",
                "cours",
                "curso",
                "cursos",
                "corso",
                "corsi",
                "cursus",
                "курс",
                "курсы",
            ],
            Self::Programs => &[
                "program",
                "programme",
                "programmes",
                "programkey",
                "programkeys",
                "programid",
                "programm",
                "programma",
                "programa",
                "programas",
                "learningpath",
                "learningpaths",
                "программа",
            ],
            Self::ExpiresOn => &[
                "expires",
                "expiry",
                "expirydate",
                "expirationdate",
                "expiration",
                "expiresat",
                "validuntil",
                "validtill",
                "enddate",
                "deadline",
                "ablauf",
                "ablaufdatum",
                "gultigbis",
                "expirele",
                "dateexpiration",
                "datedexpiration",
                "caducidad",
                "fechadecaducidad",
                "scadenza",
                "validade",
                "verloopt",
            ],
            Self::ExternalId => &[
                "externalid",
                "extid",
                "id",
                "userid",
                "studentid",
                "employeeid",
                "personid",
                "studentnumber",
                "employeenumber",
                "personnelnumber",
                "personalnummer",
                "matrikelnummer",
                "matriculationnumber",
                "identifiant",
                "matricule",
                "badge",
                "sourcedid",
                "registrationnumber",
            ],
            Self::Note => &[
                "notes",
                "comment",
                "comments",
                "remark",
                "remarks",
                "notiz",
                "bemerkung",
                "bemerkungen",
                "kommentar",
                "commentaire",
                "remarque",
                "nota",
                "notas",
                "comentario",
                "observaciones",
                "opmerking",
                "uwagi",
                "заметка",
            ],
        }
    }
}

/// What is done with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnUse {
    /// It fills a field.
    Field(Field),
    /// It is kept under its own name with the invitation.
    Metadata,
    /// It is not submitted.
    Dropped,
}

/// Why a column is taken for what it is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The template's name, whatever its case, spaces and underscores.
    Exact,
    /// A word that people use for it.
    Alias,
    /// A similar word; the score in per cent.
    Similar(u8),
    /// By what its cells hold, since there is no header.
    Content,
    /// An admin chose it.
    Chosen,
    /// Nothing fits.
    None,
}

impl Reason {
    /// The reason as a phrase.
    pub fn text(self) -> String {
        match self {
            Self::Exact => "The header is the template’s".to_owned(),
            Self::Alias => "The header is a usual name for it".to_owned(),
            Self::Similar(score) => format!("The header is {score} % similar"),
            Self::Content => "By what its cells hold".to_owned(),
            Self::Chosen => "Chosen by you".to_owned(),
            Self::None => "No field has a name like this".to_owned(),
        }
    }
}

/// How similar a header must be, in per cent.
const SIMILAR_MIN: u8 = 84;

/// A header without case, accents, spaces, punctuation and underscores.
pub fn fold(header: &str) -> String {
    header
        .chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => Some('a'),
            'ç' | 'ć' | 'č' => Some('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => Some('e'),
            'ì'..='ï' | 'ı' => Some('i'),
            'ł' => Some('l'),
            'ñ' | 'ń' | 'ň' => Some('n'),
            'ò'..='ö' | 'ø' | 'ő' => Some('o'),
            'ś' | 'š' | 'ş' => Some('s'),
            'ù'..='ü' | 'ű' | 'ů' => Some('u'),
            'ý' | 'ÿ' => Some('y'),
            'ź' | 'ż' | 'ž' => Some('z'),
            '\u{300}'..='\u{36f}' => None,
            c if c.is_ascii() => c.is_ascii_alphanumeric().then_some(c),
            c => {
                (c >= '\u{370}' && !matches!(c, '\u{2000}'..='\u{206f}' | '\u{feff}')).then_some(c)
            }
        })
        .collect()
}

/// The field that a header means, and why.
pub fn match_header(header: &str) -> (Option<Field>, Reason) {
    let folded = fold(header);
    if folded.is_empty() {
        return (None, Reason::None);
    }
    for field in Field::ALL {
        if fold(field.name()) == folded {
            return (Some(field), Reason::Exact);
        }
    }
    for field in Field::ALL {
        if field.aliases().contains(&folded.as_str()) {
            return (Some(field), Reason::Alias);
        }
    }
    // Short words are similar to everything.
    if folded.len() < 4 || folded.len() > 32 {
        return (None, Reason::None);
    }
    let mut best = (None, 0.0_f64);
    for field in Field::ALL {
        let name = fold(field.name());
        for candidate in std::iter::once(name.as_str()).chain(field.aliases().iter().copied()) {
            if candidate.len() < 4 {
                continue;
            }
            let score = strsim::normalized_damerau_levenshtein(&folded, candidate);
            if score > best.1 {
                best = (Some(field), score);
            }
        }
    }
    let percent = (best.1 * 100.0) as u8;
    // One slip in a short word is as close as that gets: five letters with one wrong.
    let enough = if folded.len() < 7 { 80 } else { SIMILAR_MIN };
    if percent >= enough {
        (best.0, Reason::Similar(percent))
    } else {
        (None, Reason::None)
    }
}

/// What one header was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The column's name.
    pub name: String,
    /// What is done with it.
    pub used: ColumnUse,
    /// Why.
    pub reason: Reason,
}

/// Maps a header row. Each field is given once: to the better reason, then to the first
/// of equals. The others keep the field's name as metadata, so that nothing is lost.
pub fn map_headers<S: AsRef<str>>(headers: &[S]) -> Vec<Mapped> {
    let matches: Vec<_> = headers
        .iter()
        .map(|header| match_header(header.as_ref()))
        .collect();
    let rank = |reason: Reason| match reason {
        Reason::Exact => 200,
        Reason::Alias => 150,
        Reason::Similar(score) => score,
        Reason::Content | Reason::Chosen | Reason::None => 0,
    };
    headers
        .iter()
        .enumerate()
        .map(|(i, header)| {
            let (field, reason) = matches[i];
            let wins = |field: Field| {
                matches
                    .iter()
                    .enumerate()
                    .all(|(j, &(other, other_reason))| {
                        i == j
                            || other != Some(field)
                            || rank(other_reason) < rank(reason)
                            || (rank(other_reason) == rank(reason) && i < j)
                    })
            };
            let name = header.as_ref().trim_matches(' ');
            let name = if name.is_empty() {
                format!("Column {}", i + 1)
            } else {
                name.to_owned()
            };
            match field {
                // Two headers that name the same field plainly are a problem that the
                // admin sees, so both keep it; a merely similar one yields.
                Some(field) if wins(field) || rank(reason) >= 150 => Mapped {
                    name,
                    used: ColumnUse::Field(field),
                    reason,
                },
                _ => Mapped {
                    name,
                    used: ColumnUse::Metadata,
                    reason: Reason::None,
                },
            }
        })
        .collect()
}

/// Maps columns that have no header, by the cells of the first rows.
pub fn map_content(rows: &[Vec<String>]) -> Vec<Mapped> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut taken = [false; Field::COUNT];
    let mut out = Vec::with_capacity(columns);
    for column in 0..columns {
        let cells = || {
            rows.iter()
                .filter_map(|row| row.get(column))
                .filter(|c| !c.is_empty())
        };
        let field = content_field(cells).filter(|field| !taken[field.index()]);
        out.push(if let Some(field) = field {
            taken[field.index()] = true;
            Mapped {
                name: field.name().to_owned(),
                used: ColumnUse::Field(field),
                reason: Reason::Content,
            }
        } else {
            Mapped {
                name: format!("Column {}", column + 1),
                used: ColumnUse::Metadata,
                reason: Reason::None,
            }
        });
    }
    out
}

fn content_field<'a, I: Iterator<Item = &'a String>>(cells: impl Fn() -> I) -> Option<Field> {
    let count = cells().count();
    let mostly = |test: &dyn Fn(&str) -> bool| {
        count > 0 && cells().filter(|cell| test(cell.trim_matches(' '))).count() * 2 > count
    };
    if mostly(&looks_like_email) {
        Some(Field::Email)
    } else if mostly(&|cell| crate::domain::role::Role::parse(cell).is_some()) {
        Some(Field::Role)
    } else if mostly(&|cell| super::date::parse_iso(cell).is_some()) {
        Some(Field::ExpiresOn)
    } else {
        None
    }
}

/// Whether a cell is more likely an address than a header.
pub fn looks_like_email(cell: &str) -> bool {
    crate::domain::email::EmailRef::parse(cell).is_ok()
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
