//! The claim of the preset: its design is inside all bounds.

use cim_chip::{ChipDesign, FullScale, Goal, LayerInputs, optimise};
use cim_core::Stream;
use cim_nn::Network;
use ndarray::Array2;

use super::Interior;
use crate::paper::Spec;
use crate::parse::parse;
use crate::study::Study;

/// First weights stand in for a trained network: what decides is the device and what is around it.
#[test]
fn window_top_voltage_and_full_scales_are_inside_their_bounds() {
    let spec: Spec = parse(Interior::PRESET).expect("valid");
    let network = Network::new(&[256, 64, 10], Stream::root(2)).expect("widths");
    let mut x = vec![0.0f32; 64 * 256];
    Stream::root(3).fill_uniform(0, &mut x);
    // A quarter of the pixels is lit, as of a digit.
    x.iter_mut().for_each(|x| *x = (4.0 * *x - 3.0).max(0.0));
    let x = Array2::from_shape_vec((64, 256), x).expect("a matrix");
    let inputs = LayerInputs::of(&network, x.view());
    let parts = spec.parts().expect("parts");
    let start = ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase);
    let start = start.expect("a design");
    let found = optimise(spec.rules(), &start, &network, &inputs, Goal::of(true, true));
    let found = found.expect("it has an optimum");
    let (in_use, device) = (found.in_use, start.parts.device.window());
    let inside = |low: f64, x: f64, high: f64| 1.02 * low < x && 1.02 * x < high;
    let (volts, least, most) = (
        in_use.read_voltage.0,
        spec.optimiser.least_read_voltage.0,
        spec.circuit.disturb_voltage.0,
    );
    assert!(inside(least, volts, most), "{volts} V in {least} to {most} V");
    let top = in_use.g_max.0;
    assert!(inside(device.g_min.0, top, device.g_max.0), "top of {top} S in {device:?}");
    // The bottom is the device's, to which the certificate's solver comes from inside.
    assert!((in_use.g_min.0 / device.g_min.0 - 1.0).abs() < 1e-3, "{in_use:?}");
    assert!(0.0 <= in_use.gap && in_use.gap < 0.2, "{in_use:?}");
    let worst = start.at_read_voltage(&inputs, in_use.read_voltage).expect("a design");
    let worst = worst.within(found.design.parts.window);
    for (chosen, worst) in found.design.layers.iter().zip(&worst.layers) {
        for (chosen, worst) in chosen.full_scale.iter().zip(&worst.full_scale) {
            assert!(0.0 < chosen.0 && chosen.0 < 3.0 * worst.0, "{chosen} of {worst}");
        }
    }
}
