//! Lines in an order in which the sums of all that lies beyond stay small.

/// An order of `count` lines, that nearest the rail first: the farthest place is filled first, each with
/// the line that adds least to what `cost` says of the lines beyond; `add` puts it there.
///
/// No exchange of two neighbours betters such an order where the cost of a line depends on the sum of
/// those beyond alone: each was the cheaper of the two.
pub fn farthest_first<S>(
    count: usize,
    mut beyond: S,
    cost: impl Fn(&S, usize) -> f64,
    add: impl Fn(&mut S, usize),
) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    let mut order = Vec::with_capacity(count);
    while !left.is_empty() {
        let mut best = (f64::INFINITY, 0);
        for (place, &line) in left.iter().enumerate() {
            let cost = cost(&beyond, line);
            if cost < best.0 {
                best = (cost, place);
            }
        }
        let line = left.remove(best.1);
        add(&mut beyond, line);
        order.push(line);
    }
    order.reverse();
    order
}
