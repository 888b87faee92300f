//! Many cells of one device with one target: what they hold then and later, and as they are read.

use std::fmt;

use cim_core::{Seconds, Siemens, Stream, Tally};
use ndarray::{Array1, Array2, ArrayView1};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::device::Device;
use crate::error::DeviceError;

/// What is done with cells.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Sampling {
    /// What they are programmed to.
    pub target: Siemens,
    /// How many.
    pub count: usize,
    /// When they are looked at.
    pub after: Seconds,
    /// Whether each is read once, with its noise.
    pub read: bool,
}

/// Cells of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// What was done.
    pub sampling: Sampling,
    /// What they held right after programming (S).
    pub programmed_s: Array1<f64>,
    /// What they held when they were looked at (S).
    pub aged_s: Array1<f64>,
    /// What one read of each found, if they were read (S).
    pub read_s: Option<Array1<f64>>,
    /// Cells outside the window.
    pub tally: Tally,
}

/// How conductances are spread, in siemens.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Spread {
    /// Of which cells: `programmed`, `after 86400 s`, `as read once`.
    pub name: String,
    /// Mean.
    pub mean_s: f64,
    /// Standard deviation.
    pub sigma_s: f64,
    /// What 5 % are below.
    pub low_s: f64,
    /// What half are below.
    pub median_s: f64,
    /// What 95 % are below.
    pub high_s: f64,
}

impl Sampling {
    /// Programs cells of `device` in one row, so that the first cells are the same whatever the count, and
    /// lets them age. All draws come from below `at`; the same cells are met at every time.
    ///
    /// # Errors
    /// [`DeviceError::Target`] outside the window, the errors of [`FittedTimes::check`] for the time, and
    /// [`DeviceError::Ageless`] for a device that knows none.
    ///
    /// [`FittedTimes::check`]: crate::FittedTimes::check
    pub fn run(self, device: &dyn Device, at: Stream) -> Result<Sampled, DeviceError> {
        let Self { target, count, after, read } = self;
        device.window().check_target(target)?;
        device.fitted_times().check(after)?;
        if after != Seconds::ZERO && !device.ages() {
            return Err(DeviceError::Ageless { elapsed: after });
        }
        let mut tally = Tally::default();
        let targets = Array2::from_elem((1, count), target.0);
        let programmed = device.program(targets.view(), at, &mut tally);
        let aged = device.aged(programmed.view(), after, at)?;
        let read_s = read.then(|| {
            let variance = device.read_variances_aged(programmed.view(), aged.view(), after);
            let mut normals = at.child("read", 0).normal_rows(count);
            let mut read_s = aged.row(0).to_owned();
            for ((g_s, variance), &n) in read_s.iter_mut().zip(&variance).zip(normals.row(0)) {
                *g_s += variance.sqrt() * f64::from(n);
            }
            read_s
        });
        let (programmed_s, aged_s) = (programmed.row(0).to_owned(), aged.row(0).to_owned());
        Ok(Sampled { sampling: self, programmed_s, aged_s, read_s, tally })
    }
}

impl Sampled {
    /// What was asked for: reads if cells were read, else what they held (S).
    pub fn cells_s(&self) -> ArrayView1<'_, f64> {
        self.read_s.as_ref().unwrap_or(&self.aged_s).view()
    }

    /// Spreads of what the sampling has: as programmed, later, as read.
    pub fn spreads(&self) -> Vec<Spread> {
        let after = self.sampling.after;
        let later = (after != Seconds::ZERO).then(|| (format!("after {after}"), &self.aged_s));
        let read = self.read_s.as_ref().map(|read_s| ("as read once".to_owned(), read_s));
        let all = [("programmed".to_owned(), &self.programmed_s)].into_iter().chain(later);
        all.chain(read).map(|(name, cells_s)| Spread::of(name, cells_s.view())).collect()
    }
}

impl Spread {
    /// Of conductances (S); zeros if there are none.
    pub fn of(name: String, cells_s: ArrayView1<'_, f64>) -> Self {
        let mut sorted = cells_s.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1) as f64;
        let at = |share: f64| sorted.get((last * share).round() as usize).copied().unwrap_or(0.0);
        let (mean_s, sigma_s) = match cells_s.mean() {
            Some(mean_s) => (mean_s, cells_s.std(0.0)),
            None => (0.0, 0.0),
        };
        Self { name, mean_s, sigma_s, low_s: at(0.05), median_s: at(0.5), high_s: at(0.95) }
    }
}

/// Everything but the cells themselves.
impl Serialize for Sampled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Sampled", 3)?;
        fields.serialize_field("sampling", &self.sampling)?;
        fields.serialize_field("spreads", &self.spreads())?;
        fields.serialize_field("tally", &self.tally)?;
        fields.end()
    }
}

/// A table for a terminal, with what left the window below it.
impl fmt::Display for Sampled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [mean, sigma, low, median, high] = ["mean", "sigma", "5 %", "median", "95 %"];
        writeln!(f, "{:18} {mean:>12} {sigma:>12} {low:>12} {median:>12} {high:>12}", "")?;
        for Spread { name, mean_s, sigma_s, low_s, median_s, high_s } in self.spreads() {
            write!(f, "{name:18}")?;
            for value in [mean_s, sigma_s, low_s, median_s, high_s] {
                write!(f, " {:12.3}", Siemens(value))?;
            }
            writeln!(f)?;
        }
        let Tally { cells_outside_window, cells_at_zero, .. } = self.tally;
        writeln!(
            f,
            "{cells_outside_window} cells outside the window, {cells_at_zero} of them at 0 S"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published;

    #[test]
    fn the_first_cells_are_the_same_whatever_the_count_and_a_spread_is_that_of_sorted_numbers() {
        let device = published("pcm").expect("published").device;
        let sampling =
            Sampling { target: Siemens(5e-6), count: 1000, after: Seconds(86_400.0), read: true };
        let at = Stream::root(3);
        let many = sampling.run(device.as_ref(), at).expect("within the window");
        let few = Sampling { count: 10, ..sampling }.run(device.as_ref(), at).expect("fewer");
        assert_eq!(many.cells_s().to_vec()[..10], few.cells_s().to_vec());
        assert_eq!(many.spreads().len(), 3);
        let fresh = Sampling { after: Seconds::ZERO, ..sampling }.run(device.as_ref(), at);
        assert_eq!(fresh.expect("fresh").programmed_s, many.programmed_s);

        let shuffled: Array1<f64> = (0..=100).map(|k| f64::from(k * 37 % 101)).collect();
        let spread = Spread::of("shuffled".to_owned(), shuffled.view());
        assert_eq!((spread.low_s, spread.median_s, spread.high_s), (5.0, 50.0, 95.0));
        // Of the whole numbers 0 to n: mean n / 2, variance n (n + 2) / 12.
        assert!((spread.mean_s - 50.0).abs() < 1e-12);
        assert!((spread.sigma_s - (100.0 * 102.0 / 12.0_f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_sampled_is_refused() {
        let device = published("hfo2-milo").expect("published").device;
        let sampling =
            Sampling { target: Siemens(1e-4), count: 1, after: Seconds(1.0), read: false };
        let run = |sampling: Sampling| sampling.run(device.as_ref(), Stream::root(0));
        assert!(matches!(run(sampling), Err(DeviceError::Ageless { .. })));
        let outside = Sampling { target: Siemens(1.0), ..sampling };
        assert!(matches!(run(outside), Err(DeviceError::Target { .. })));
    }
}
