//! The certificate is of the design.

use cim_chip::{ChipDesign, FullScale, Goal, LayerInputs, optimise};
use cim_core::{Amps, Stream};
use cim_nn::Network;
use cim_opt::evaluate;
use cim_studies::Study;
use cim_studies::paper::{Paper, Spec};
use ndarray::Array2;

fn spec() -> Spec {
    toml::from_str(Paper::PRESET).expect("the preset")
}

/// What is certified is what is in the design: it costs what the closed forms say of that point, and a
/// design changed by hand is certified as changed.
#[test]
fn the_certificate_is_of_the_design_in_use() {
    let spec = spec();
    let network = Network::new(&[60, 20, 5], Stream::root(1)).expect("widths");
    let mut x = Array2::<f32>::zeros((30, 60));
    Stream::root(2).fill_uniform(0, x.as_slice_mut().expect("standard layout"));
    let inputs = LayerInputs::of(&network, x.view());
    let parts = spec.parts().expect("parts");
    let naive = ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase);
    let naive = naive.expect("a design");
    let goal = Goal::of(true, true);
    let found = optimise(spec.rules(), &naive, &network, &inputs, goal).expect("a program");
    let here = found.in_use;
    let design = &found.design;
    assert_eq!(here.g_min, design.parts.window.g_min);
    assert_eq!(here.read_voltage, design.parts.read_voltage);
    assert_eq!(found.placed(design).expect("its own tiles"), here);
    // Within the tolerance of the optimum, and near the least energy there is for that.
    let tolerance = spec.optimiser.energy_tolerance;
    assert!(0.0 <= here.gap && here.gap <= tolerance / (1.0 + tolerance) * 1.02, "{here:?}");
    assert!(here.energy_gap.is_some_and(|gap| gap.abs() < 0.02), "{here:?}");
    assert!(here.objective > found.conic.objective && here.energy < found.conic.energy);

    // Three times the full scales: only rounding and the amplifiers' energy change.
    let mut wide = design.clone();
    wide.layers.iter_mut().for_each(|layer| layer.full_scale.mapv_inplace(|fs| Amps(3.0 * fs.0)));
    let placed = found.placed(&wide).expect("the same tiles");
    assert!(placed.gap > here.gap && placed.bound == here.bound, "{placed:?}");
    assert!(placed.energy > here.energy);
    // The optimum itself, put in by hand: no gap but that of the solver.
    let mut best = design.clone();
    best.parts.window =
        cim_device::Window::new(found.conic.g_min, found.conic.g_max).expect("a window");
    best.parts.read_voltage = found.conic.read_voltage;
    let ranges = &found.conic.ranges;
    let cost = |ranges: &[f64]| {
        let (g_min, g_max) = (found.conic.g_min, found.conic.g_max);
        evaluate(&found.problem, g_min, g_max, found.conic.read_voltage, ranges).expect("ranges")
    };
    let mut left = ranges.iter();
    for layer in &mut best.layers {
        let amps = best.parts.read_voltage.0 * layer.drive_gain * best.parts.window.span().0;
        for fs in &mut layer.full_scale {
            *fs = Amps(left.next().expect("every tile has a signal") * amps);
        }
    }
    let placed = found.placed(&best).expect("the same tiles");
    assert!(placed.gap.abs() < 1e-6, "{placed:?}");
    assert!(
        (placed.objective - cost(ranges).objective - (here.bound - found.conic.certificate.bound))
            .abs()
            < 1e-9 * placed.objective
    );
    // A window of half the width is worse by what the closed forms say.
    let mut narrow = best.clone();
    let (g_min, span) = (best.parts.window.g_min, best.parts.window.span());
    narrow.parts.window = cim_device::Window::new(g_min, g_min + span * 0.5).expect("a window");
    narrow.layers.iter_mut().for_each(|layer| layer.full_scale.mapv_inplace(|fs| Amps(0.5 * fs.0)));
    let placed = found.placed(&narrow).expect("the same tiles");
    let want = evaluate(&found.problem, g_min, g_min + span * 0.5, best.parts.read_voltage, ranges);
    let rise = want.expect("ranges").objective - cost(ranges).objective;
    let gap =
        placed.objective - found.conic.objective - (here.bound - found.conic.certificate.bound);
    assert!(rise > 0.0 && (gap / rise - 1.0).abs() < 1e-6, "{gap} for {rise}");
}
