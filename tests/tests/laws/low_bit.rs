//! Published mappings of binary and ternary networks: the product, and the sums of the source's table.

use cim_adc::DacSpec;
use cim_core::{Siemens, Stream};
use cim_device::Window;
use cim_tests::chip::{carried, dyadic, silent, uniforms, worst_case};
use cim_tile::mapping::{LOW_BIT, LowBit, Numbers};
use cim_tile::{Grid, Parts, rows};
use ndarray::Array2;

/// Random numbers that a network of this kind has.
fn draw(numbers: Numbers, rows: usize, cols: usize, at: Stream) -> Array2<i32> {
    let all = numbers.all();
    let pick = |u: f32| all[(u * all.len() as f32) as usize % all.len()];
    uniforms(rows, cols, 0.0, 1.0, at).mapv(pick)
}

/// What the source's table says of inputs `i` and weights `w` of one output: digital sums over cells and
/// drives, both 0 or 1, that it makes of them.
fn by_the_table(key: &str, i: &[i32], w: &[i32]) -> i32 {
    // Pairs: w = g₊ − g₋; lone cells: w = 2 g − 1 or 1 − 2 g.
    let plus = |w: i32| i32::from(w > 0);
    let minus = |w: i32| i32::from(w < 0);
    let sum =
        |of: &dyn Fn(i32, i32) -> i32| -> i32 { i.iter().zip(w).map(|(i, w)| of(*i, *w)).sum() };
    let (of_i, of_w) = (i.iter().sum::<i32>(), w.iter().sum::<i32>());
    let up = |i: i32| (i + 1) / 2;
    let down = |i: i32| (1 - i) / 2;
    // Two bits of a number, in two's complement or as they are.
    let bit = |number: i32, k: u32| (number >> k) & 1;
    match key {
        "bnn-i" => 2 * sum(&|i, w| (plus(w) - minus(w)) * up(i)) - of_w,
        "bnn-ii" => 2 * sum(&|i, w| (minus(w) - plus(w)) * down(i)) + of_w,
        "bnn-iii" => 2 * sum(&|i, w| plus(w) * (plus(i) - minus(i))) - of_i,
        "bnn-iv" => 2 * sum(&|i, w| minus(w) * (minus(i) - plus(i))) + of_i,
        "bnn-v" => 2 * sum(&|i, w| plus(w) * plus(i) + minus(w) * minus(i)) - i.len() as i32,
        "bnn-vi" | "tnn-i" => sum(&|i, w| (plus(w) - minus(w)) * (plus(i) - minus(i))),
        "tnn-ii" => {
            let low = sum(&|i, w| (plus(w) - minus(w)) * bit(i, 0));
            low - 2 * sum(&|i, w| (plus(w) - minus(w)) * bit(i, 1))
        }
        "tnn-iii" => {
            let low = sum(&|i, w| (plus(w) - minus(w)) * bit(i + 1, 0));
            low + 2 * sum(&|i, w| (plus(w) - minus(w)) * bit(i + 1, 1)) - of_w
        }
        "tnn-iv" => sum(&|i, w| (bit(w, 0) - 2 * bit(w, 1)) * (plus(i) - minus(i))),
        "tnn-v" => sum(&|i, w| (bit(w + 1, 0) + 2 * bit(w + 1, 1)) * (plus(i) - minus(i))) - of_i,
        other => panic!("{other} is not in the table"),
    }
}

/// 12,000 products of every mapping: by the table, by cells and phases, and as integers, all the same; every
/// cell is at an end of its window and every row fully on or off.
#[test]
fn every_published_mapping_is_the_integer_product() {
    for (k, low_bit) in LOW_BIT.iter().enumerate() {
        let LowBit { key, numbers, drive, .. } = *low_bit;
        let mapping = low_bit.mapping.build().expect("a mapping");
        let (samples, inputs, outputs) = (30, 23, 20);
        for round in 0..20 {
            let at = Stream::root(41).child("mapping", k as u64).child("round", round);
            let weights = draw(numbers, inputs, outputs, at.child("w", 0));
            let x = draw(numbers, samples, inputs, at.child("x", 0));
            let plan = mapping.plan(rows::weights(drive, weights.view()).view()).expect("weights");
            let ends = |level: &i32| *level == 0 || *level == plan.top_level;
            assert!(plan.levels.iter().all(ends), "{key}: cells have two states");
            let driven = rows::inputs(drive, x.mapv(|x| x as f32).view());
            let top = drive.top_driven(1) as f32;
            for (sample, codes) in driven.rows().into_iter().enumerate() {
                let codes = codes.to_vec();
                let constant = i64::from(drive.constant()) * mapping.unit();
                let mut got: Vec<i64> = (0..outputs)
                    .map(|k| {
                        constant * weights.column(k).iter().map(|w| i64::from(*w)).sum::<i64>()
                    })
                    .collect();
                for phase in drive.phases(1) {
                    let mut row = vec![f32::NAN; codes.len()];
                    phase.drive(&codes, &mut row);
                    assert!(
                        row.iter().all(|u| *u == 0.0 || *u == top),
                        "{key}: rows are on or off"
                    );
                    for sense in &plan.senses {
                        let of = |(r, u): (usize, &f32)| {
                            let minus = sense.minus.map_or(0, |m| plan.levels[[r, m]]);
                            *u as i64 * i64::from(plan.levels[[r, sense.plus]] - minus - sense.zero)
                        };
                        got[sense.output] += i64::from(phase.weight)
                            * sense.weight
                            * row.iter().enumerate().map(of).sum::<i64>();
                    }
                }
                for (output, got) in got.iter().enumerate() {
                    let (i, w) = (x.row(sample).to_vec(), weights.column(output).to_vec());
                    let want: i32 = i.iter().zip(&w).map(|(i, w)| i * w).sum();
                    assert_eq!(by_the_table(key, &i, &w), want, "{key}: the table");
                    assert_eq!(*got, i64::from(want) * mapping.unit(), "{key}: cells and phases");
                }
            }
        }
    }
}

/// Cells that leak in their state of high resistance, no noise, converters fine enough: the whole number is
/// what is left after rounding, on arrays of any height, with half-empty tiles.
#[test]
fn leaking_cells_without_noise_give_the_integer_product() {
    for (k, low_bit) in LOW_BIT.iter().enumerate() {
        for (ratio, rows) in [(10.0, 16), (6.0, 64), (1.5, 30)] {
            let at = Stream::root(43).child("mapping", k as u64).child("rows", rows as u64);
            let window = Window::new(Siemens(20e-6), Siemens(20e-6 * ratio)).expect("a window");
            let parts = Parts {
                mapping: low_bit.mapping.build().expect("a mapping"),
                dac: low_bit.dac(),
                device: std::sync::Arc::new(cim_device::Ideal { window }),
                window,
                ..silent(rows, 5)
            };
            let weights = draw(low_bit.numbers, 77, 12, at.child("w", 0)).mapv(|w| w as f32);
            let x = draw(low_bit.numbers, 9, 77, at.child("x", 0)).mapv(|x| x as f32);
            let mut design = worst_case(&parts, weights.view(), 1.0, 1.0);
            // Rows are fully on: currents reach the largest, and pass it by roundings.
            design.full_scale.mapv_inplace(|fs| fs * (1.0 + 1e-6));
            let grid = Grid::program(&parts, &design, weights.view(), at, &mut Default::default());
            let (y, tally) = carried(&grid.expect("a grid"), x.view(), 0);
            assert_eq!((tally.dac_clips, tally.adc_clips), (0, 0), "{}", low_bit.name);
            for (got, want) in y.iter().zip(&x.dot(&weights)) {
                // 16 bits over at most 64 cells that leak up to two thirds: steps of less than 1/100.
                assert!((got - want).abs() < 0.1, "{}: {got} for {want}", low_bit.name);
            }
        }
    }
}

/// Half a step of every conversion, with the weights with which conversions count, and no more.
#[test]
fn coarse_converters_are_off_by_half_a_step_each() {
    for (k, low_bit) in LOW_BIT.iter().enumerate() {
        for bits in [3, 4, 6, 8] {
            let at = Stream::root(47).child("mapping", k as u64).child("bits", bits.into());
            let parts = Parts {
                mapping: low_bit.mapping.build().expect("a mapping"),
                dac: DacSpec { ..low_bit.dac() },
                adc_bits: bits,
                ..dyadic(32, 6, bits)
            };
            let weights = draw(low_bit.numbers, 40, 6, at.child("w", 0)).mapv(|w| w as f32);
            let x = draw(low_bit.numbers, 9, 40, at.child("x", 0)).mapv(|x| x as f32);
            let design = worst_case(&parts, weights.view(), 1.0, 1.0);
            let grid = Grid::program(&parts, &design, weights.view(), at, &mut Default::default());
            let (y, _) = carried(&grid.expect("a grid"), x.view(), 0);
            let plan = parts.mapping.layout(6);
            let unit = design.amps_per_output(&parts);
            let groups = parts.mapping.full_scale_groups();
            let factors: f64 = low_bit.dac().phases().iter().map(|phase| phase.factor.abs()).sum();
            let allowed: f64 = (design.full_scale.axis_iter(ndarray::Axis(0)))
                .map(|of_tile| {
                    let of = |group: usize| {
                        let steps = f64::from(parts.adc_steps_of(&plan, group));
                        let output = plan.senses[plan.senses_of_group(group)].iter();
                        let weight: i64 =
                            output.filter(|s| s.output == 0).map(|s| s.weight.abs()).sum();
                        weight as f64 * of_tile[group].0 / steps / unit
                    };
                    (0..groups).map(of).sum::<f64>() * factors
                })
                .sum();
            for (got, want) in y.iter().zip(&x.dot(&weights)) {
                let off = f64::from(got - want).abs();
                assert!(
                    off <= allowed * 1.001 + 1e-3,
                    "{}, {bits}: {off} > {allowed}",
                    low_bit.name
                );
            }
        }
    }
}
