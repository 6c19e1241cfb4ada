//! The template that admins download: a header and nothing else, since an example row
//! would be invited.

use super::mapping::Field;

/// The name under which the template is saved.
pub const TEMPLATE_FILE_NAME: &str = "beckon-invitations.csv";

/// The template's columns, in order.
pub fn template_columns() -> [&'static str; Field::COUNT] {
    Field::ALL.map(Field::name)
}

/// The template's text. The byte order mark makes Excel read and save it as UTF-8.
pub fn template_csv() -> String {
    format!("\u{feff}{}\r\n", template_columns().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::mapping::{ColumnUse, Reason};
    use crate::bulk::sheet::{Sheet, SheetOptions};

    #[test]
    fn s45_the_template_reads_back_as_its_columns() {
        let sheet = Sheet::from_bytes(template_csv().as_bytes(), SheetOptions::default()).unwrap();
        assert_eq!(sheet.rows(), 0);
        for (column, field) in sheet.columns().iter().zip(Field::ALL) {
            assert_eq!(column.used, ColumnUse::Field(field));
            assert_eq!(column.reason, Reason::Exact);
        }
        let names: Vec<_> = Sheet::empty()
            .columns()
            .iter()
            .map(|c| c.name.clone())
            .collect();
        assert_eq!(names, template_columns());
    }
}
