//! Sorts few items in little code.

/// The items in order; those that are alike stay in theirs. `before` is whether the first one
/// comes before the second.
///
/// For lists of a few dozen, as parameters are: it moves items a quadratic number of times at
/// worst. The library's sorts are made for long ones, and are four kilobytes of code for each
/// type of item.
pub fn sorted<T>(items: impl IntoIterator<Item = T>, before: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        let at = sorted.partition_point(|other| !before(&item, other));
        sorted.insert(at, item);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_stable_sort(items in prop::collection::vec((0_u8..8, any::<u8>()), 0..40)) {
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(sorted(items, |a, b| a.0 < b.0), expected);
        }
    }
}
