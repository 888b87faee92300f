//! Pools: the largest or the mean of what a window sees.

use super::arithmetic::Number;
use super::im2col::{Window, WindowSpec};
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::around;
use crate::tensor::{Data, Layout, Tensor};

pub(super) const TABLE: &[Row] = &[
    row("AveragePool", 1, 1, |a| {
        let pads_count = a.flag("count_include_pad", false)?;
        pool(a, if pads_count { Kind::MeanWithPads } else { Kind::Mean })
    }),
    row("GlobalAveragePool", 1, 1, |_| Ok(Box::new(Global { kind: Kind::Mean }))),
    row("GlobalMaxPool", 1, 1, |_| Ok(Box::new(Global { kind: Kind::Max }))),
    row("MaxPool", 1, 1, |a| {
        // Says in which order indices count, and these are not there.
        a.ignore("storage_order");
        pool(a, Kind::Max)
    }),
];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Max,
    Mean,
    MeanWithPads,
}

struct Pool {
    kind: Kind,
    spec: WindowSpec,
    kernel: Vec<usize>,
}

fn pool(attributes: &mut Attributes, kind: Kind) -> Result<Box<dyn Operator>, OpError> {
    let rounds_up = attributes.flag("ceil_mode", false)?;
    let spec = WindowSpec::of(attributes)?.rounding_up(rounds_up);
    let kernel = spec.kernel.clone().ok_or_else(|| invalid!("no kernel_shape"))?;
    Ok(Box::new(Pool { kind, spec, kernel }))
}

/// Pools every feature map of `x`, laid out as maps × pixels × inner.
fn pooled<N: Number>(
    kind: Kind,
    x: &[N],
    window: &Window,
    maps: usize,
    inner: usize,
    y: &mut Vec<N>,
) {
    let size = window.pixels() * inner;
    let mut sums = vec![0.0f64; inner];
    for map in 0..maps {
        let map = &x[map * size..][..size];
        for position in 0..window.positions() {
            let from = y.len();
            match kind {
                Kind::Max => {
                    let mut is_first = true;
                    window.visit(position, |_, pixel| {
                        let Some(pixel) = pixel else { return };
                        let seen = &map[pixel * inner..][..inner];
                        if is_first {
                            y.extend_from_slice(seen);
                        } else {
                            let largest = y[from..].iter_mut().zip(seen);
                            largest.for_each(|(y, &x)| *y = y.larger(x));
                        }
                        is_first = false;
                    });
                }
                Kind::Mean | Kind::MeanWithPads => {
                    sums.fill(0.0);
                    let mut count = 0;
                    window.visit(position, |_, pixel| {
                        let Some(pixel) = pixel else { return };
                        count += 1;
                        let seen = &map[pixel * inner..][..inner];
                        sums.iter_mut().zip(seen).for_each(|(sum, x)| *sum += x.to_f64());
                    });
                    if kind == Kind::MeanWithPads {
                        count = window.padded_taps(position);
                    }
                    y.extend(sums.iter().map(|sum| N::from_f64(sum / count as f64)));
                }
            }
            // A window on padding alone sees nothing.
            y.resize(from + inner, N::default());
        }
    }
}

impl Operator for Pool {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        if x.rank() < 3 {
            return Err(invalid!("{} dimensions have no space to pool", x.rank()));
        }
        let window = self.spec.on(&x.shape()[2..], &self.kernel)?;
        let mut shape = x.shape()[..2].to_vec();
        shape.extend(window.shape(x.rank() - 2));
        let count = run.elements(&shape)?;
        run.spend(&[count, window.taps()])?;
        let (batch, channels, _) = around(x.shape(), 1);
        let (maps, inner) = match x.layout() {
            Layout::Standard => (batch * channels, 1),
            Layout::ChannelsLast => (batch, channels),
        };
        macro_rules! typed {
            ($x:ident) => {{
                let mut y = Vec::with_capacity(count);
                pooled(self.kind, $x, &window, maps, inner, &mut y);
                Tensor::of(shape, y)
            }};
        }
        Ok(vec![match (x.data(), self.kind) {
            (Data::F32(values), _) => {
                let mut y = Vec::with_capacity(count);
                pooled(self.kind, values, &window, maps, inner, &mut y);
                match x.layout() {
                    Layout::Standard => Tensor::of(shape, y),
                    Layout::ChannelsLast => Tensor::channels_last(shape, y),
                }
            }
            (Data::F64(values), _) => typed!(values),
            (Data::I8(values), Kind::Max) => typed!(values),
            (Data::U8(values), Kind::Max) => typed!(values),
            (other, _) => return Err(unsupported!("data of type {}", other.data_type())),
        }])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}

/// A pool over all of a feature map.
struct Global {
    kind: Kind,
}

impl Operator for Global {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.get(0)?;
        if x.rank() < 3 || x.is_empty() {
            return Err(invalid!("nothing to pool in {:?}", x.shape()));
        }
        run.spend(&[x.len()])?;
        let values = inputs.values::<f32>(0)?;
        let (batch, channels, pixels) = around(x.shape(), 1);
        let mut y = Vec::with_capacity(batch * channels);
        for map in 0..batch * channels {
            let (n, c) = (map / channels, map % channels);
            let (from, step) = match x.layout() {
                Layout::Standard => (map * pixels, 1),
                Layout::ChannelsLast => (n * channels * pixels + c, channels),
            };
            let seen = values[from..].iter().step_by(step).take(pixels);
            y.push(match self.kind {
                Kind::Max => seen.copied().fold(f32::NEG_INFINITY, Number::larger),
                _ => (seen.map(|&v| f64::from(v)).sum::<f64>() / pixels as f64) as f32,
            });
        }
        let mut shape = vec![batch, channels];
        shape.resize(x.rank(), 1);
        Ok(vec![Tensor::of(shape, y)])
    }

    fn takes_any_layout(&self) -> bool {
        true
    }
}
