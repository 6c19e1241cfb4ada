//! The reader against `serde_json`, which writes what it reads.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Unreadable, read};
use crate::domain::{
    counts::Counts,
    id::ImportId,
    import::RowOutcome,
    time::{CivilDate, Timestamp},
};

/// Every shape that the wire has, in one value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Shapes {
    text: String,
    flag: bool,
    small: u16,
    large: u64,
    negative: i64,
    maybe: Option<String>,
    list: Vec<Shapes>,
    pairs: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    left_out: String,
}

fn shapes() -> impl Strategy<Value = Shapes> {
    let leaf = (
        any::<String>(),
        any::<bool>(),
        any::<u16>(),
        any::<u64>(),
        any::<i64>(),
        any::<Option<String>>(),
        any::<Vec<(String, String)>>(),
        any::<String>(),
    )
        .prop_map(
            |(text, flag, small, large, negative, maybe, pairs, left_out)| Shapes {
                text,
                flag,
                small,
                large,
                negative,
                maybe,
                list: Vec::new(),
                pairs,
                left_out,
            },
        );
    leaf.prop_recursive(3, 16, 4, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(shape, list)| Shapes { list, ..shape })
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in shapes()) {
        let compact = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(read::<Shapes>(&compact), Ok(value.clone()));
        let spaced = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(read::<Shapes>(&spaced), Ok(value));
    }

    #[test]
    fn agrees_with_serde_json_on_strings(text in "\"([ -~]|\\\\[\"\\\\/bfnrtu]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude00|é){0,12}\"") {
        prop_assert_eq!(read::<String>(&text).ok(), serde_json::from_str(&text).ok());
    }

    #[test]
    fn never_panics(text in "[\\[\\]{}:,\"\\\\a-z0-9 u-]{0,40}") {
        let ours = read::<Shapes>(&text).ok();
        prop_assert_eq!(ours, serde_json::from_str(&text).ok());
        _ = read::<Vec<serde::de::IgnoredAny>>(&text);
    }
}

fn same<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(value: T) {
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(read::<T>(&text), Ok(value), "{text}");
}

#[test]
fn reads_the_domain() {
    same(Timestamp(-1));
    same(Timestamp(i64::MIN));
    same(u64::MAX);
    same(());
    same(Some(CivilDate {
        year: -44,
        month: 3,
        day: 15,
    }));
    same(ImportId(uuid::Uuid::from_u128(7)));
    same(
        RowOutcome::ALL
            .into_iter()
            .zip(0_u32..)
            .collect::<Counts<_, _>>(),
    );
}

#[test]
fn passes_over_fields_that_it_does_not_know() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        a: u8,
    }
    let text = r#"{"x":[1,{"b":"]\"}"},null,-1.5e+3,true],"y":"","a":7,"z":{}}"#;
    assert_eq!(read::<One>(text), Ok(One { a: 7 }));
}

#[test]
fn refuses_what_is_wrong() {
    for text in [
        "",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "1 1",
        "[1.5]",
        "[256]",
        "[-1]",
        "[\"1\"]",
        "nul",
        "[null]",
        "[18446744073709551616]",
    ] {
        assert_eq!(read::<Vec<u8>>(text), Err(Unreadable), "{text}");
    }
    for text in [
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
    ] {
        assert_eq!(read::<String>(text), Err(Unreadable), "{text}");
    }
    assert_eq!(read::<RowOutcome>("\"nonsense\""), Err(Unreadable));
    assert_eq!(read::<CivilDate>("{\"year\":1}"), Err(Unreadable));
}
