//! Parts that break a law are told by its name: the laws see what they are there for.

use std::ops::RangeInclusive;

use cim_adc::{Adc, UniformSpec};
use cim_core::{Amps, Seconds, Siemens, Stream, Tally};
use cim_device::{
    Conduction, Device, DeviceError, Life, Moments, Posynomial, PosynomialFit, Window,
};
use cim_laws::{Broken, adc, device, mapping};
use cim_tile::{Differential, Mapping, MappingError, Plan};
use ndarray::{Array2, ArrayView2};

/// What is wrong with a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    Counts,
    Variance,
    Bound,
    Excess,
    Address,
    Size,
    Fresh,
    Trajectory,
    Time,
}

/// Every cell ends between its target and a tenth above it, uniformly.
struct Overshoot(Lie);

impl Device for Overshoot {
    fn window(&self) -> Window {
        Window::new(Siemens(1e-6), Siemens(100e-6)).expect("a window")
    }
    fn held_window(&self) -> Window {
        let most = if self.0 == Lie::Counts { 200e-6 } else { 100e-6 };
        Window::new(Siemens(1e-6), Siemens(most)).expect("a window")
    }
    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64> {
        let at = match self.0 {
            Lie::Address => Stream::root(5),
            Lie::Size => life.at.child("of this size", target_s.len() as u64),
            _ => life.at,
        };
        let mut held = target_s.to_owned();
        let mut share = vec![0.0_f32; target_s.ncols()];
        for (row, mut held) in held.rows_mut().into_iter().enumerate() {
            at.fill_uniform(row as u64, &mut share);
            held.iter_mut().zip(&share).for_each(|(g, u)| *g *= 1.0 + 0.1 * f64::from(*u));
        }
        held
    }
    fn programmed(&self, target_s: f64) -> Moments {
        let factor = if self.0 == Lie::Variance { 1.1 } else { 1.0 };
        Moments { mean: 1.05 * target_s, variance: factor * (0.1 * target_s).powi(2) / 12.0 }
    }
    fn program_variance(&self) -> PosynomialFit {
        let a2 = 0.1_f64.powi(2) / 12.0;
        let a2 = match self.0 {
            Lie::Bound => 0.99 * a2,
            Lie::Excess => 1.01 * a2,
            _ => a2,
        };
        PosynomialFit { posynomial: Posynomial { a2, ..Posynomial::ZERO }, excess: 0.0 }
    }
    fn read_variance(&self, _g_s: f64) -> f64 {
        0.0
    }
    fn read_variance_above(&self) -> PosynomialFit {
        PosynomialFit { posynomial: Posynomial::ZERO, excess: 0.0 }
    }
    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }
    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        _life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        if self.0 == Lie::Time && elapsed.0 < 0.0 {
            return Ok(programmed_s.to_owned());
        }
        self.fitted_times().check(elapsed)?;
        Ok(match self.0 {
            Lie::Fresh => programmed_s.mapv(|g| 0.99 * g),
            // All chips age alike.
            Lie::Trajectory => programmed_s.mapv(|g| g / (1.0 + elapsed.0)),
            _ => programmed_s.to_owned(),
        })
    }
}

fn law_of(obeyed: Result<(), Broken>) -> &'static str {
    obeyed.expect_err("a part that breaks a law").law
}

#[test]
fn a_device_that_lies_is_told_by_the_law_that_it_breaks() {
    assert_eq!(device::check(&Overshoot(Lie::None)), Ok(()));
    for (lie, words) in [
        (Lie::Counts, "every cell is counted"),
        (Lie::Variance, "moments"),
        (Lie::Bound, "bound the variances"),
        (Lie::Excess, "exceed"),
        (Lie::Address, "an address repeats"),
        (Lie::Size, "size of its array"),
        (Lie::Fresh, "ageing by nothing"),
        (Lie::Trajectory, "one trajectory"),
        (Lie::Time, "times that cannot be"),
    ] {
        let law = law_of(device::check(&Overshoot(lie)));
        assert!(law.contains(words), "{law} for {words}");
    }
}

/// A converter off by part of a step.
struct Shifted(f32);

impl Adc for Shifted {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let shifted: Vec<f32> = input_a.iter().map(|i_a| i_a + self.0).collect();
        uniform().convert(&shifted, codes, tally);
    }
    fn step(&self) -> Amps {
        uniform().step()
    }
    fn steps(&self) -> u32 {
        uniform().steps()
    }
    fn codes(&self) -> RangeInclusive<i32> {
        uniform().codes()
    }
    fn full_scale(&self) -> Amps {
        uniform().full_scale()
    }
    fn input_noise(&self) -> Amps {
        Amps::ZERO
    }
}

fn uniform() -> cim_adc::Uniform {
    let spec = UniformSpec { bits: 4, full_scale: Amps(30e-6), input_noise: Amps::ZERO };
    spec.build().expect("4 bits")
}

#[test]
fn a_converter_with_an_offset_is_not_odd() {
    assert_eq!(adc::check(&Shifted(0.0)), Ok(()));
    assert!(law_of(adc::check(&Shifted(1e-6))).contains("odd"));
    assert!(law_of(adc::half_a_step(&Shifted(1e-6))).contains("half a step"));
}

/// A mapping that carries something else: one sense counts double, or weights beyond the range are taken.
struct Wrong(bool);

impl Mapping for Wrong {
    fn top_weight(&self) -> i32 {
        7
    }
    fn top_level(&self) -> i32 {
        7
    }
    fn columns(&self, outputs: usize) -> usize {
        2 * outputs
    }
    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        if self.0 {
            let clipped = weights.mapv(|w| w.clamp(-7, 7));
            return Differential::new(7).plan(clipped.view());
        }
        let mut plan = Differential::new(7).plan(weights)?;
        plan.senses[0].weight *= 2;
        Ok(plan)
    }
}

#[test]
fn a_mapping_that_carries_something_else_is_told() {
    assert!(law_of(mapping::check(&Wrong(false))).contains("integer product"));
    assert!(law_of(mapping::check(&Wrong(true))).contains("does not fit"));
    let window = Window::new(Siemens(1e-6), Siemens(2e-6)).expect("a window");
    let polarity = cim_adc::Polarity::Bipolar;
    let one = mapping::carries(&Wrong(false), polarity, (1, 3, 2), Stream::root(1), window);
    assert!(law_of(one).contains("integer product"));
}
