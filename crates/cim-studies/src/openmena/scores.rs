//! Accuracy at decision thresholds.

use ndarray::ArrayView1;

/// Share of logits on the right side of a decision threshold (probability).
pub fn accuracy_at(
    logits: ArrayView1<'_, f64>,
    labels: ArrayView1<'_, f64>,
    threshold: f64,
) -> f64 {
    let border = (threshold / (1.0 - threshold)).ln();
    let right = logits.iter().zip(labels).filter(|(z, label)| (border < **z) == (0.5 < **label));
    right.count() as f64 / logits.len().max(1) as f64
}

/// The largest accuracy of any decision threshold.
pub fn best_accuracy(logits: ArrayView1<'_, f64>, labels: ArrayView1<'_, f64>) -> f64 {
    let mut sorted: Vec<(f64, bool)> =
        logits.iter().zip(labels).map(|(&z, &label)| (z, 0.5 < label)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // With the border below all of them, ones are right.
    let mut right = sorted.iter().filter(|(_, one)| *one).count() as i64;
    let mut most = right;
    for (_, one) in &sorted {
        right += if *one { -1 } else { 1 };
        most = most.max(right);
    }
    most as f64 / sorted.len().max(1) as f64
}
