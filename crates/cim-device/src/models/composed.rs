//! A device put together from what several devices do.

use std::sync::Arc;

use cim_core::Seconds;
use ndarray::{Array2, ArrayView2};

use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::time::FittedTimes;
use crate::window::Window;

/// Cells that are programmed like one device, grow older like another, are as noisy to read as a
/// third and conduct like a fourth; with [`Ideal`](crate::Ideal) for some, what the others do alone.
///
/// *What it models:* one aspect of cells without the rest. *Law:* each aspect by the device that it
/// is taken from, at the same addresses, so that what is drawn is drawn alike. *Parameters:* the
/// devices, of one window. *Source:* definition. *Not modelled:* read noise that depends on what
/// programming left behind stays that of the conductance as it is.
#[derive(Clone)]
pub struct Composed {
    /// What is held right after programming, defects included; also the window.
    pub programming: Arc<dyn Device>,
    /// How what is held changes with time.
    pub ageing: Arc<dyn Device>,
    /// Noise from one read to the next.
    pub reading: Arc<dyn Device>,
    /// Current against voltage.
    pub conduction: Arc<dyn Device>,
}

impl Composed {
    /// All aspects of one device.
    pub fn of(device: &Arc<dyn Device>) -> Self {
        let device = || device.clone();
        Self { programming: device(), ageing: device(), reading: device(), conduction: device() }
    }
}

impl Device for Composed {
    fn window(&self) -> Window {
        self.programming.window()
    }

    fn held_window(&self) -> Window {
        self.programming.held_window()
    }

    fn effects(&self) -> u64 {
        self.programming.effects()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        self.programming.drawn(target_s, life)
    }

    fn programmed(&self, target_s: f64) -> Moments {
        self.programming.programmed(target_s)
    }

    fn program_variance(&self) -> PosynomialFit {
        self.programming.program_variance()
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.reading.read_variance(g_s)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        self.reading.read_variance_above()
    }

    fn current_voltage(&self) -> &Conduction {
        self.conduction.current_voltage()
    }

    fn ages(&self) -> bool {
        self.ageing.ages()
    }

    fn fitted_times(&self) -> FittedTimes {
        self.ageing.fitted_times()
    }

    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        self.ageing.aged_in(programmed_s, elapsed, life)
    }

    fn read_variance_aged(&self, programmed_s: f64, aged_s: f64, elapsed: Seconds) -> f64 {
        self.reading.read_variance_aged(programmed_s, aged_s, elapsed)
    }

    fn read_variances_aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        aged_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
    ) -> Array2<f64> {
        self.reading.read_variances_aged(programmed_s, aged_s, elapsed)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Stream, Tally};

    use super::*;
    use crate::{Ideal, published};

    /// Every aspect is that of its own device, to the bit, and no other aspect shows.
    #[test]
    fn aspects_do_not_mix() {
        let pcm = published("pcm").expect("pcm").device;
        let ideal: Arc<dyn Device> = Arc::new(Ideal { window: pcm.window() });
        let (at, day) = (Stream::root(3), Seconds(86_400.0));
        let targets = Array2::from_shape_fn((4, 5), |(r, c)| 1e-6 * (1 + r + 4 * c) as f64);
        let mut tally = Tally::default();
        let whole = pcm.program(targets.view(), at, &mut tally);
        let aged = pcm.aged(whole.view(), day, at).expect("a day");
        let all = Composed::of(&pcm);
        assert_eq!(all.program(targets.view(), at, &mut tally), whole);
        assert_eq!(all.aged(whole.view(), day, at).expect("a day"), aged);
        let exact = Composed { programming: ideal.clone(), ..all.clone() };
        assert_eq!(exact.program(targets.view(), at, &mut tally), targets);
        assert_eq!(exact.aged(whole.view(), day, at).expect("a day"), aged);
        let young = Composed { ageing: ideal.clone(), ..all.clone() };
        assert_eq!(young.aged(whole.view(), day, at).expect("a day"), whole);
        let quiet = Composed { reading: ideal, ..all };
        assert_eq!(quiet.read_variance_aged(5e-6, 4e-6, day), 0.0);
        assert_eq!(quiet.program(targets.view(), at, &mut tally), whole);
    }
}
