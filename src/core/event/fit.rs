//! Leaves out of a list what does not fit, the good ones first.

use serde::Serialize;

use super::json;
use crate::core::status::Severity;

/// A list that was made to fit.
pub(super) struct Fitted<T> {
    /// What is kept, in the order that it had.
    pub(super) kept: Vec<T>,
    /// How many are not.
    pub(super) left_out: usize,
}

/// As many items as fit into so many bytes of JSON: the worst ones, and of those that are equally bad the first.
pub(super) fn fit<T: Serialize>(items: Vec<(Severity, T)>, bytes: usize) -> Fitted<T> {
    let total = items.len();
    let mut order: Vec<usize> = (0..total).collect();
    order.sort_by_key(|&index| items[index].0);
    let mut is_kept = vec![false; total];
    let mut left = bytes;
    for index in order {
        // Each item stands with a comma.
        let Some(rest) = left.checked_sub(json(&items[index].1).len() + 1) else {
            break;
        };
        left = rest;
        is_kept[index] = true;
    }
    let kept = items.into_iter().zip(is_kept);
    let kept: Vec<T> = kept
        .filter_map(|((_, item), is_kept)| is_kept.then_some(item))
        .collect();
    Fitted {
        left_out: total - kept.len(),
        kept,
    }
}

#[cfg(test)]
mod tests {
    use super::fit;
    use crate::core::status::Severity::{Bad, Good, Warn};

    fn p(bytes: usize) -> (String, usize) {
        let items = vec![(Good, "a"), (Bad, "b"), (Good, "c"), (Warn, "d")];
        let fitted = fit(items, bytes);
        (fitted.kept.concat(), fitted.left_out)
    }

    #[test]
    fn the_good_ones_are_left_out_first() {
        // Each takes four bytes: its letter, two quotes and a comma.
        assert_eq!(p(16), ("abcd".to_owned(), 0));
        assert_eq!(p(15), ("abd".to_owned(), 1));
        assert_eq!(p(8), ("bd".to_owned(), 2));
        assert_eq!(p(3), (String::new(), 4));
    }
}
