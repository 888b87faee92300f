//! Feature maps of another size.

use super::movement::sizes;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::strides;
use crate::tensor::Tensor;

pub(super) const TABLE: &[Row] = &[row("Resize", 4, 1, resize), row("Upsample", 2, 1, upsample)];

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Nearest,
    Linear,
    Cubic { a: f32, excludes_outside: bool },
}

#[derive(Clone, Copy, PartialEq)]
enum Coordinates {
    HalfPixel,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
}

#[derive(Clone, Copy)]
enum Rounding {
    HalfDown,
    HalfUp,
    Floor,
    Ceil,
}

struct Resize {
    mode: Mode,
    coordinates: Coordinates,
    rounding: Rounding,
    /// Inputs that hold scales and sizes.
    scales_at: usize,
    sizes_at: usize,
}

fn resize(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    if attributes.opset < 11 {
        let mode = old_mode(attributes)?;
        return Ok(old(mode));
    }
    let excludes_outside = attributes.flag("exclude_outside", false)?;
    let a = attributes.float_or("cubic_coeff_a", -0.75)?;
    let mode = match attributes.text_or("mode", "nearest")?.as_str() {
        "nearest" => Mode::Nearest,
        "linear" => Mode::Linear,
        "cubic" => Mode::Cubic { a, excludes_outside },
        other => return Err(unsupported!("mode {other:?}")),
    };
    let coordinates =
        match attributes.text_or("coordinate_transformation_mode", "half_pixel")?.as_str() {
            "half_pixel" => Coordinates::HalfPixel,
            "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
            "align_corners" => Coordinates::AlignCorners,
            "asymmetric" => Coordinates::Asymmetric,
            other => return Err(unsupported!("coordinate_transformation_mode {other:?}")),
        };
    let rounding = match attributes.text_or("nearest_mode", "round_prefer_floor")?.as_str() {
        "round_prefer_floor" => Rounding::HalfDown,
        "round_prefer_ceil" => Rounding::HalfUp,
        "floor" => Rounding::Floor,
        "ceil" => Rounding::Ceil,
        other => return Err(unsupported!("nearest_mode {other:?}")),
    };
    // What stands outside a crop, and crops are not there.
    attributes.ignore("extrapolation_value");
    Ok(Box::new(Resize { mode, coordinates, rounding, scales_at: 2, sizes_at: 3 }))
}

fn upsample(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    if attributes.opset < 9 {
        return Err(unsupported!("opset {}", attributes.opset));
    }
    let mode = old_mode(attributes)?;
    Ok(old(mode))
}

fn old_mode(attributes: &mut Attributes) -> Result<Mode, OpError> {
    match attributes.text_or("mode", "nearest")?.as_str() {
        "nearest" => Ok(Mode::Nearest),
        "linear" => Ok(Mode::Linear),
        other => Err(unsupported!("mode {other:?}")),
    }
}

fn old(mode: Mode) -> Box<dyn Operator> {
    let (coordinates, rounding) = (Coordinates::Asymmetric, Rounding::Floor);
    Box::new(Resize { mode, coordinates, rounding, scales_at: 1, sizes_at: usize::MAX })
}

impl Resize {
    /// Where `at` of `to` elements comes from among `from`.
    fn source(&self, at: usize, from: usize, to: usize, scale: f64) -> f64 {
        let at = at as f64;
        match self.coordinates {
            Coordinates::HalfPixel => (at + 0.5) / scale - 0.5,
            Coordinates::PytorchHalfPixel if to <= 1 => 0.0,
            Coordinates::PytorchHalfPixel => (at + 0.5) / scale - 0.5,
            Coordinates::AlignCorners if to <= 1 => 0.0,
            // The size before it was rounded, as ONNX's reference has it.
            Coordinates::AlignCorners => at * (from as f64 - 1.0) / (scale * from as f64 - 1.0),
            Coordinates::Asymmetric => at / scale,
        }
    }

    /// Elements of `from` and their weights, for element `at` of `to`.
    fn taps(&self, at: usize, from: usize, to: usize, scale: f64) -> Vec<(usize, f32)> {
        let source = self.source(at, from, to, scale);
        let last = from as f64 - 1.0;
        let clamp = |at: f64| at.clamp(0.0, last) as usize;
        match self.mode {
            Mode::Nearest => {
                let nearest = match self.rounding {
                    Rounding::HalfDown => (source - 0.5).ceil(),
                    Rounding::HalfUp => (source + 0.5).floor(),
                    Rounding::Floor => source.floor(),
                    Rounding::Ceil => source.ceil(),
                };
                vec![(clamp(nearest), 1.0)]
            }
            Mode::Linear => {
                let (below, share) = (source.floor(), source - source.floor());
                vec![(clamp(below), 1.0 - share as f32), (clamp(below + 1.0), share as f32)]
            }
            Mode::Cubic { a, excludes_outside } => {
                let (below, share, a) = (source.floor(), source - source.floor(), f64::from(a));
                let near = |d: f64| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
                let far = |d: f64| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
                let weights = [far(share + 1.0), near(share), near(1.0 - share), far(2.0 - share)];
                let mut taps: Vec<(usize, f32)> = Vec::with_capacity(4);
                let mut sum = 0.0;
                for (k, weight) in weights.into_iter().enumerate() {
                    let at = below - 1.0 + k as f64;
                    let is_outside = !(0.0..=last).contains(&at);
                    let weight = if is_outside && excludes_outside { 0.0 } else { weight };
                    sum += weight;
                    taps.push((clamp(at), weight as f32));
                }
                taps.iter_mut().for_each(|tap| tap.1 /= sum as f32);
                taps
            }
        }
    }
}

impl Operator for Resize {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        let mut y = values::<f32>(x, "input 0")?.to_vec();
        let mut shape = x.shape().to_vec();
        let given = |index: usize| inputs.optional(index).filter(|given| !given.is_empty());
        let (wanted, scales): (Vec<usize>, Vec<f64>) = match given(self.sizes_at) {
            Some(_) => {
                let wanted = sizes(&inputs.integers(self.sizes_at)?)?;
                let scales = wanted.iter().zip(&shape).map(|(&to, &from)| to as f64 / from as f64);
                (wanted.clone(), scales.collect())
            }
            None => {
                let scales =
                    given(self.scales_at).ok_or_else(|| invalid!("neither scales nor sizes"))?;
                let scales = values::<f32>(scales, "the scales")?;
                if scales.iter().any(|s| !(s.is_finite() && *s > 0.0 && *s < 1e6)) {
                    return Err(invalid!("scales {scales:?}"));
                }
                let scales: Vec<f64> = scales.iter().map(|&s| s.into()).collect();
                let to = |(scale, &from): (&f64, &usize)| (scale * from as f64).floor() as usize;
                (scales.iter().zip(&shape).map(to).collect(), scales)
            }
        };
        if wanted.len() != shape.len() || scales.len() != shape.len() || x.is_empty() {
            return Err(invalid!("{} sizes for {shape:?}", wanted.len()));
        }
        for k in 0..shape.len() {
            if wanted[k] == shape[k] && scales[k] == 1.0 {
                continue;
            }
            let (from, to) = (shape[k], wanted[k]);
            run.elements(&[to])?;
            let taps: Vec<_> = (0..to).map(|at| self.taps(at, from, to, scales[k])).collect();
            let of_x = strides(&shape);
            let inner = of_x[k] as usize;
            let outer: usize = shape[..k].iter().product();
            shape[k] = to;
            let count = run.elements(&shape)?;
            run.spend(&[count, 4])?;
            let mut next = Vec::with_capacity(count);
            for o in 0..outer {
                for taps in &taps {
                    let at = |tap: usize, j: usize| y[(o * from + tap) * inner + j];
                    next.extend((0..inner).map(|j| {
                        // One tap is taken over as it is, also where it is not finite.
                        match taps[..] {
                            [(tap, _)] => at(tap, j),
                            _ => taps.iter().map(|&(tap, weight)| weight * at(tap, j)).sum(),
                        }
                    }));
                }
            }
            y = next;
        }
        Ok(vec![Tensor::of(shape, y)])
    }
}
