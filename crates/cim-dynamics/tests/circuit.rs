//! Models of the neuron against its circuit, integrated by Runge–Kutta and by ngspice.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

mod common;
#[path = "common/ngspice.rs"]
mod ngspice;

use cim_core::{Ohms, Seconds, Volts};
use cim_dynamics::membrane::circuit::{Circuit, CircuitSpec};
use cim_dynamics::membrane::compare::{describe, discrepancy};
use cim_dynamics::membrane::netlist::Netlist;
use cim_dynamics::{DynamicsError, Membrane};

fn circuit() -> CircuitSpec {
    CircuitSpec {
        membrane: *Membrane::with_rails(4.0).unwrap().spec(),
        curvature_per_v2: 0.05,
        switch: Ohms(20e3),
        offset: Volts(1.5e-3),
        delay: Seconds(2e-9),
    }
}

fn plain() -> Circuit {
    let off = CircuitSpec {
        curvature_per_v2: 0.0,
        switch: Ohms::ZERO,
        offset: Volts::ZERO,
        delay: Seconds::ZERO,
        ..circuit()
    };
    off.build().unwrap()
}

#[test]
fn the_closed_form_is_the_circuit_where_nothing_is_left_out() {
    let (times, weights) = common::layer(60, 10, 2);
    let all = describe(&plain(), &times, weights.view(), 1.0, 500.0).unwrap();
    for (rails, circuit) in all.rails.iter().zip(&all.circuit) {
        let (rails, circuit) = (rails.unwrap(), circuit.unwrap());
        // Runge–Kutta: h⁴ of 1/500 is 2e-11.
        assert!((rails - circuit).abs() < 1e-9, "{rails} {circuit}");
    }
}

#[test]
fn the_physical_model_is_ten_times_nearer_than_the_ideal_one() {
    let circuit = circuit().build().unwrap();
    let (times, weights) = common::layer(80, 24, 4);
    let all = describe(&circuit, &times, weights.view(), 1.5, 200.0).unwrap();
    let [ideal, rails, equivalent, physical] =
        [&all.ideal, &all.rails, &all.equivalent, &all.physical]
            .map(|m| discrepancy(m, &all.circuit));
    println!(
        "Runge–Kutta: ideal {ideal:?}, rails {rails:?}, equivalent {equivalent:?}, physical {physical:?}"
    );
    assert!(equivalent.compared > 20 && equivalent.disagree == 0);
    assert!(ideal.rms > 10.0 * equivalent.rms);
    assert!(physical.compared > 20 && physical.disagree == 0);
    assert!(ideal.rms > 10.0 * physical.rms);
}

#[test]
fn the_equivalent_membrane_of_a_circuit_without_other_parts_is_its_own() {
    let plain = plain();
    let equivalent = plain.equivalent(0.3).unwrap();
    let events = [(0.1, 2.0), (0.2, -0.7), (0.4, 1.5)];
    let want = cim_dynamics::membrane::exact::first_spike(plain.membrane(), &events, 2.0).unwrap();
    let got = equivalent.first_spike(&events, 2.0).unwrap();
    assert!((want - got).abs() < 1e-12, "{want} {got}");
    assert!(plain.equivalent(0.0).is_err());
}

#[test]
fn ngspice_agrees() {
    let circuit = circuit().build().unwrap();
    let (times, weights) = common::layer(30, 8, 4);
    let horizon = 1.5;
    let netlist = Netlist::new(&circuit, &times, weights.view(), horizon, 20_000).unwrap();
    let Some(printed) = ngspice::run(&netlist.to_string()) else { return };
    let spice = netlist.spike_times(&printed).unwrap();
    let all = describe(&circuit, &times, weights.view(), horizon, 400.0).unwrap();
    let solver = discrepancy(&all.circuit, &spice);
    let [ideal, equivalent, physical] =
        [&all.ideal, &all.equivalent, &all.physical].map(|m| discrepancy(m, &spice));
    println!(
        "ngspice: Runge–Kutta {solver:?}, ideal {ideal:?}, equivalent {equivalent:?}, physical {physical:?}"
    );
    assert!(ideal.rms > 10.0 * equivalent.rms);
    assert!(solver.compared >= 6 && solver.disagree == 0, "{printed}");
    assert!(solver.rms < 1e-4, "a hundredth of a percent of the window: {solver:?}");
    assert!(ideal.rms > 10.0 * physical.rms);
}

/// A run that stopped early is no layer of silent neurons.
#[test]
fn a_simulation_that_stopped_is_an_error() {
    let circuit = circuit().build().unwrap();
    let (times, weights) = common::layer(3, 2, 4);
    let netlist = Netlist::new(&circuit, &times, weights.view(), 1.5, 100).unwrap();
    let printed = "t_0 = 1e-5\nTRAN: Timestep too small; time = 2e-5: trouble with m_1\ntran simulation(s) aborted\n";
    let said = netlist.spike_times(printed).unwrap_err().to_string();
    assert!(said.contains("time = 2e-5: trouble with m_1"), "{said}");
    let whole = netlist.spike_times("t_0 = 1e-5\n").unwrap();
    assert!(whole[0].is_some() && whole[1].is_none());
}

#[test]
fn stiff_and_impossible_circuits_are_errors() {
    assert!(CircuitSpec { offset: Volts(2.0), ..circuit() }.build().is_err());
    assert!(CircuitSpec { switch: Ohms(-1.0), ..circuit() }.build().is_err());
    // Without a switch in series; with one no synapse is faster than it.
    let bare = CircuitSpec { switch: Ohms::ZERO, ..circuit() }.build().unwrap();
    let run = bare.integrate(&bare.synapses(&[(0.0, 1e9), (0.0, -9e9)]), 1.0, 100.0);
    assert!(matches!(run, Err(DynamicsError::Stiff { .. })), "{run:?}");
}

/// Steps know how steep a curved device is: a coarse run and a fine one agree where the device relaxes hundreds of times
/// faster than its conductance at no voltage says, and what would take too many steps is an error.
#[test]
fn curvature_bounds_the_step() {
    let events = [(0.0, 4.0), (0.1, 3.0), (0.3, -2.0), (0.5, 3.0)];
    let with = |curvature_per_v2, switch| {
        CircuitSpec { curvature_per_v2, switch, ..circuit() }.build().unwrap()
    };
    // The slow membrane that a strong inhibitory synapse holds well below the threshold.
    let balanced = [(0.0, 2.0), (0.0, -2.0), (0.5, 2.0)];
    for events in [&events[..], &balanced] {
        for curvature in [0.05, 5.0, 200.0] {
            let circuit = with(curvature, Ohms::ZERO);
            let synapses = circuit.synapses(events);
            let run = |per_window| circuit.integrate(&synapses, 1.0, per_window).unwrap();
            let [coarse, fine] = [run(4.0), run(2e4)];
            // An eighth of a relaxation a step: (1/8)^4 / 120 of the state, 2e-6.
            let near = match (coarse, fine) {
                (Some(coarse), Some(fine)) => (coarse - fine).abs() < 1e-5,
                (coarse, fine) => coarse == fine,
            };
            assert!(near, "{curvature}: {coarse:?} {fine:?}");
        }
    }
    let bent = with(1e9, Ohms::ZERO);
    let run = bent.integrate(&bent.synapses(&events), 1.0, 100.0);
    assert!(matches!(run, Err(DynamicsError::Stiff { .. })), "{run:?}");
    // A switch in series limits what any device can do.
    let limited = with(1e9, Ohms(20e3));
    assert!(limited.integrate(&limited.synapses(&events), 1.0, 100.0).unwrap().is_some());
}
