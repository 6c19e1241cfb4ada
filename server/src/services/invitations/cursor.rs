//! Where a page of the list begins, as opaque text.

use app::{
    api::{ApiError, invitations::SortBy},
    domain::id::BundleId,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::storage::{AfterBundle, SortValue};

/// Writes a place down.
pub fn write(after: &AfterBundle) -> String {
    let mut bytes = after.bundle.0.as_bytes().to_vec();
    match &after.value {
        SortValue::Id => {}
        SortValue::Time(at) => bytes.extend_from_slice(&at.to_be_bytes()),
        SortValue::Text(text) => bytes.extend_from_slice(text.as_bytes()),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a place of a list that is ordered by `sort`; empty: the beginning.
pub fn read(text: Option<&str>, sort: SortBy) -> Result<Option<AfterBundle>, ApiError> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => parse(text, sort)
            .map(Some)
            .ok_or_else(|| ApiError::BadRequest {
                message: "The place in the list could not be read. Start again from the top."
                    .to_owned(),
            }),
    }
}

fn parse(text: &str, sort: SortBy) -> Option<AfterBundle> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, value) = bytes.split_at_checked(16)?;
    let value = match sort {
        SortBy::Created => value.is_empty().then_some(SortValue::Id)?,
        SortBy::Expires | SortBy::Changed => {
            SortValue::Time(i64::from_be_bytes(value.try_into().ok()?))
        }
        // PostgreSQL refuses a NUL, and no folded text has one.
        SortBy::Invitee => SortValue::Text(
            String::from_utf8(value.to_vec())
                .ok()
                .filter(|text| !text.contains('\0'))?,
        ),
    };
    Some(AfterBundle {
        value,
        bundle: BundleId(Uuid::from_slice(id).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_under_its_own_order_and_nothing_else_does() {
        let bundle = BundleId(Uuid::from_u128(7));
        for (sort, value) in [
            (SortBy::Created, SortValue::Id),
            (SortBy::Expires, SortValue::Time(-5)),
            (SortBy::Changed, SortValue::Time(1_795_046_400_000)),
            (SortBy::Invitee, SortValue::Text("mara muster".to_owned())),
        ] {
            let place = AfterBundle { value, bundle };
            assert_eq!(parse(&write(&place), sort), Some(place));
        }
        let time = write(&AfterBundle {
            value: SortValue::Time(5),
            bundle,
        });
        assert_eq!(parse(&time, SortBy::Created), None);
        assert_eq!(parse("!!", SortBy::Created), None);
        assert_eq!(
            parse(&URL_SAFE_NO_PAD.encode([0; 15]), SortBy::Created),
            None
        );
        let nul = URL_SAFE_NO_PAD.encode([0; 17]);
        assert_eq!(parse(&nul, SortBy::Invitee), None);
    }
}
