//! How many there are of each kind: a map for a handful of keys, held as a list. The
//! library's trees are kilobytes of code for each kind of key, in a module that is
//! loaded before the first page shows.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// A count of many stops here: one more says that there are more (ADR 0012).
pub const COUNTED: u64 = 1_000;
/// What one tenant has is counted so far on its own pages.
pub const COUNTED_OF_TENANT: u64 = 10_000;

/// How many there are of each kind. On the wire a map; two are equal only if their
/// kinds also stand in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts<K, N>(Vec<(K, N)>);

impl<K: Copy + PartialEq, N: Copy + Default> Counts<K, N> {
    /// How many there are of a kind; 0 for one that is not listed.
    pub fn of(&self, kind: K) -> N {
        self.get(&kind).copied().unwrap_or_default()
    }

    /// The count of a kind that is listed.
    pub fn get(&self, kind: &K) -> Option<&N> {
        self.0
            .iter()
            .find(|(one, _)| one == kind)
            .map(|(_, count)| count)
    }

    /// The kinds and their counts.
    pub fn iter(&self) -> impl Iterator<Item = (K, N)> {
        self.0.iter().copied()
    }

    /// The counts alone.
    pub fn values(&self) -> impl Iterator<Item = N> {
        self.iter().map(|(_, count)| count)
    }

    /// How many kinds are listed.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no kind is listed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: PartialEq> Counts<K, u32> {
    /// Counts one more of a kind.
    pub fn add(&mut self, kind: K) {
        match self.0.iter_mut().find(|(one, _)| *one == kind) {
            Some((_, count)) => *count += 1,
            None => self.0.push((kind, 1)),
        }
    }
}

impl<K, N> Default for Counts<K, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Each kind may come once.
impl<K, N> FromIterator<(K, N)> for Counts<K, N> {
    fn from_iter<I: IntoIterator<Item = (K, N)>>(counts: I) -> Self {
        Self(counts.into_iter().collect())
    }
}

impl<K: Serialize, N: Serialize> Serialize for Counts<K, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(kind, count)| (kind, count)))
    }
}

impl<'de, K: Deserialize<'de>, N: Deserialize<'de>> Deserialize<'de> for Counts<K, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading<K, N>(PhantomData<(K, N)>);

        impl<'de, K: Deserialize<'de>, N: Deserialize<'de>> Visitor<'de> for Reading<K, N> {
            type Value = Counts<K, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of counts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut counts = Vec::new();
                while let Some(count) = map.next_entry()? {
                    counts.push(count);
                }
                Ok(Counts(counts))
            }
        }

        deserializer.deserialize_map(Reading(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use crate::domain::import::RowOutcome;

    #[test]
    fn counts_and_is_a_map_on_the_wire() {
        let mut counts = Counts::default();
        for outcome in [
            RowOutcome::Updated,
            RowOutcome::Created,
            RowOutcome::Updated,
        ] {
            counts.add(outcome);
        }
        assert_eq!(counts.of(RowOutcome::Updated), 2);
        assert_eq!(counts.of(RowOutcome::Invalid), 0);
        assert_eq!(counts.values().sum::<u32>(), 3);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(json, r#"{"updated":2,"created":1}"#);
        assert_eq!(
            serde_json::from_str::<Counts<RowOutcome, u32>>(&json).unwrap(),
            counts
        );
    }
}
