//! What a training step of one layer costs by each solver. Repeats take turns, so that what else the machine
//! does meets all solvers alike. The exact solver and its scan take a step's samples one by one: their memory is
//! that of one sample, however many there are.

use cim_core::Stream;
use cim_dynamics::membrane::dstd::{self, Adjoints, Grid, Layer, Tape};
use cim_dynamics::membrane::{exact, scan};
use ndarray::Array2;

use super::judge::drawn;
use super::measured::Cost;
use super::spec::Spec;
use crate::context::{Clock, Context};
use crate::error::StudyError;

/// Costs by number of inputs.
pub fn costs(spec: &Spec, root: Stream, context: &Context<'_>) -> Result<Vec<Cost>, StudyError> {
    let inputs = &spec.cost.inputs;
    let steps = context.progress.begin("cost of solvers", inputs.len() * spec.cost.repeats);
    inputs
        .iter()
        .map(|&inputs| cost(spec, inputs, root, context.clock, &|| steps.step(1)))
        .collect()
}

fn cost(
    spec: &Spec,
    inputs: usize,
    root: Stream,
    clock: &dyn Clock,
    tick: &dyn Fn(),
) -> Result<Cost, StudyError> {
    let membrane = spec.membrane.build()?;
    let (n, samples) = (spec.cost.neurons, spec.cost.batch);
    let at = root.child("cost", inputs as u64);
    let (times, weights) = drawn(inputs, n, spec.discrepancy.spread, at);
    let narrow_weights = weights.mapv(|w| w as f32);
    let grid = Grid::new(spec.cost.per_window, 1.0)?;
    let layer = Layer::new(&membrane, grid, narrow_weights.view())?;
    // Other samples are the first one with its inputs in another order.
    let narrow: Vec<f32> = (0..samples)
        .flat_map(|sample| {
            let times = &times;
            (0..inputs).map(move |j| times[(j + 17 * sample) % inputs] as f32)
        })
        .collect();
    let (by_time, by_rest) = (vec![1.0; n], vec![0.0; n]);
    let [narrow_by_time, narrow_by_rest] = [1.0_f32, 0.0].map(|slope| vec![slope; samples * n]);
    let mut by_weight = Array2::<f32>::zeros((inputs, n));
    let mut by_input = vec![0.0; samples * inputs];
    let mut found = Cost { inputs, ..Cost::default() };
    let mut work = [0, 1].map(|_| (Tape::default(), Adjoints::default()));
    // Once more than measured: the first round finds memory.
    for repeat in 0..=spec.cost.repeats {
        let mut spent = [0.0; 4];
        let start = clock.seconds();
        let (_, tape) = exact::first_spikes(&membrane, &times, weights.view(), 1.0)?;
        let _ = exact::gradient(&membrane, weights.view(), &tape, &by_time, &by_rest)?;
        spent[0] = clock.seconds() - start;
        found.bytes[0] = tape.bytes();
        drop(tape);
        let start = clock.seconds();
        let (_, tape) = scan::first_spikes(&membrane, &times, weights.view(), 1.0)?;
        let _ = scan::gradient(&membrane, weights.view(), &tape, &by_time, &by_rest)?;
        spent[1] = clock.seconds() - start;
        found.bytes[1] = tape.bytes();
        drop(tape);
        for (k, (tape, adjoints)) in work.iter_mut().enumerate() {
            let samples = if k == 0 { 1 } else { samples };
            let start = clock.seconds();
            dstd::first_spikes(&layer, &narrow[..samples * inputs], tape)?;
            dstd::gradient(
                &layer,
                tape,
                &narrow_by_time[..samples * n],
                &narrow_by_rest[..samples * n],
                adjoints,
                by_weight.view_mut(),
                &mut by_input[..samples * inputs],
            )?;
            spent[2 + k] = (clock.seconds() - start) / samples as f64;
            found.bytes[2 + k] = tape.bytes() + adjoints.bytes();
        }
        if repeat > 0 {
            found.seconds.iter_mut().zip(spent).for_each(|(all, spent)| all.push(spent));
            tick();
        }
    }
    Ok(found)
}
