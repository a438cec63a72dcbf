//! The best one-to-one assignment of rows to columns by total weight (Hungarian method).

/// For each row the column it gets, or `None`. The total of the chosen weights is the highest
/// possible when every row and column is used at most once; a weight of zero or less is never chosen.
/// `weights[row][column]`, all rows of one length. Among equal totals the earlier rows and columns
/// are preferred by position, so callers sort them by content.
///
/// # Panics
/// When the rows differ in length.
pub fn best(weights: &[Vec<f64>]) -> Vec<Option<usize>> {
    let rows = weights.len();
    let columns = weights.first().map_or(0, Vec::len);
    assert!(weights.iter().all(|row| row.len() == columns), "rows of one length");
    if rows == 0 || columns == 0 {
        return vec![None; rows];
    }
    // A square matrix of costs; dummy rows and columns cost nothing, so staying alone is allowed.
    let n = rows + columns;
    let cost = |row: usize, column: usize| -> f64 {
        if row < rows && column < columns { -weights[row][column].max(0.0) } else { 0.0 }
    };
    let matched = hungarian(n, cost);
    (0..rows)
        .map(|row| matched[row])
        .enumerate()
        .map(|(row, column)| (column < columns && weights[row][column] > 0.0).then_some(column))
        .collect()
}

/// Total weight of an assignment.
pub fn total(weights: &[Vec<f64>], chosen: &[Option<usize>]) -> f64 {
    chosen.iter().enumerate().filter_map(|(row, column)| column.map(|column| weights[row][column])).sum()
}

/// Column of each row in a cheapest perfect matching of an n × n matrix.
fn hungarian(n: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // Potentials and matching with index 0 as the free place, after the classic formulation.
    let (mut row_potential, mut column_potential) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let mut row_of = vec![0_usize; n + 1];
    let mut way = vec![0_usize; n + 1];
    for row in 1..=n {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; n + 1];
        let mut used = vec![false; n + 1];
        loop {
            used[column] = true;
            let here = row_of[column];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for other in 1..=n {
                if used[other] {
                    continue;
                }
                let reduced = cost(here - 1, other - 1) - row_potential[here] - column_potential[other];
                if reduced < least[other] {
                    least[other] = reduced;
                    way[other] = column;
                }
                if least[other] < delta {
                    delta = least[other];
                    next = other;
                }
            }
            for other in 0..=n {
                if used[other] {
                    row_potential[row_of[other]] += delta;
                    column_potential[other] -= delta;
                } else {
                    least[other] -= delta;
                }
            }
            column = next;
            if row_of[column] == 0 {
                break;
            }
        }
        while column != 0 {
            let before = way[column];
            row_of[column] = row_of[before];
            column = before;
        }
    }
    let mut matched = vec![0; n];
    for column in 1..=n {
        matched[row_of[column] - 1] = column - 1;
    }
    matched
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The best total by trying everything.
    fn brute(weights: &[Vec<f64>], row: usize, taken: u32) -> f64 {
        if row == weights.len() {
            return 0.0;
        }
        let mut best = brute(weights, row + 1, taken);
        for (column, &weight) in weights[row].iter().enumerate() {
            if weight > 0.0 && taken & (1 << column) == 0 {
                best = best.max(weight + brute(weights, row + 1, taken | (1 << column)));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn totals_are_those_of_trying_everything(
            rows in 1_usize..5, columns in 1_usize..6,
            values in prop::collection::vec(-10_i32..20, 30),
        ) {
            let weights: Vec<Vec<f64>> =
                (0..rows).map(|r| (0..columns).map(|c| f64::from(values[r * columns + c])).collect()).collect();
            let chosen = best(&weights);
            let mut columns_used: Vec<usize> = chosen.iter().flatten().copied().collect();
            columns_used.sort_unstable();
            let distinct = columns_used.len();
            columns_used.dedup();
            prop_assert_eq!(distinct, columns_used.len());
            prop_assert!((total(&weights, &chosen) - brute(&weights, 0, 0)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_greedy_choice_is_not_always_the_best() {
        let weights = vec![vec![10.0, 9.0], vec![9.0, 1.0]];
        assert_eq!(best(&weights), [Some(1), Some(0)]);
    }

    #[test]
    fn nothing_is_forced_on_a_row_that_fits_nowhere() {
        assert_eq!(best(&[vec![-1.0, 0.0]]), [None]);
        assert!(best(&[]).is_empty());
    }
}
