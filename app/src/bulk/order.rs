//! Sorting, with one sort for everything: the library's is some kilobytes of code for
//! each type that it sorts, and all of it is loaded before the first page shows.

/// Sorts by a number; what has the same number keeps its order. At most 2³² items.
pub fn sort_by_number<T: Copy>(items: &mut [T], number: impl Fn(&T) -> u32) {
    let mut words: Vec<u64> = items
        .iter()
        .zip(0_u64..)
        .map(|(item, place)| u64::from(number(item)) << 32 | place)
        .collect();
    sort_words(&mut words);
    let before = items.to_vec();
    for (item, word) in items.iter_mut().zip(words) {
        *item = before[(word & u64::from(u32::MAX)) as usize];
    }
}

/// Sorts words.
#[inline(never)]
pub fn sort_words(words: &mut [u64]) {
    words.sort_unstable();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sort_by_number;

    proptest! {
        #[test]
        fn sorts_as_the_library_does(mut items: Vec<(u32, u8)>, mut close in prop::collection::vec((0_u32..4, any::<u8>()), 0..99)) {
            for items in [&mut items, &mut close] {
                let mut expected = items.clone();
                expected.sort_by_key(|item| item.0);
                sort_by_number(items, |item| item.0);
                prop_assert_eq!(items, &expected);
            }
        }
    }
}
