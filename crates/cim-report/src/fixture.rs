//! A made-up report for tests: numbers of the right size, none of them measured.

use crate::{
    BitsPoint, Budget, Comparison, Counts, Design, Digital, EnergyBreakdown, EnergyPart,
    EnergyRatios, Epoch, ErrorModel, Estimate, Optimiser, Paired, Parameter, Report, SCHEMA,
    SourceShare, Stage, Sweep, SweepPoint, Timing, VariancePoint, Variant,
};

/// A whole report.
pub fn report() -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        seed: 1,
        preset: "paper".to_owned(),
        revision: "0.1.0".to_owned(),
        spec: "[device]\nkind = \"rram\"\ng_min = \"1 uS\"\ng_max = \"100 uS\"\n".to_owned(),
        digital: Digital {
            accuracy: 0.9847,
            history: (1..=12)
                .map(|epoch| Epoch {
                    epoch,
                    loss: 0.3 / epoch as f64,
                    accuracy: 0.985 - 0.04 / epoch as f64,
                })
                .collect(),
        },
        variants: [
            ("naive", 0.9173, 0.0031, 0.137, 16.1e-9),
            ("window", 0.9228, 0.0029, 0.129, 15.2e-9),
            ("full_scale", 0.9601, 0.0016, 0.051, 16.1e-9),
            ("window_full_scale", 0.9752, 0.0009, 0.0218, 14.9e-9),
            ("relu", 0.9439, 0.0021, 0.09, 16.1e-9),
            ("noise", 0.9623, 0.0012, 0.044, 16.0e-9),
            ("full", 0.9839, 0.0003, 0.0061, 9.8e-9),
        ]
        .map(variant)
        .to_vec(),
        recovered_loss: 0.988,
        mse_reduction: 0.955,
        energy_vs_naive: 0.391,
        energy_vs_digital: EnergyRatios { mac_only: 7.14, sram_8kb: 37.1, sram_1mb: 306.0 },
        bits_sweep: [
            (3, 0.312, 0.973),
            (4, 0.655, 0.9804),
            (5, 0.861, 0.9829),
            (6, 0.9173, 0.9839),
            (7, 0.9641, 0.9842),
            (8, 0.9702, 0.9843),
        ]
        .map(|(bits, naive, full)| BitsPoint {
            bits,
            naive: estimate(naive, 0.03 * (1.0 - naive)),
            full: estimate(full, 0.0004),
        })
        .to_vec(),
        optimiser: Optimiser {
            gap: 3.1e-9,
            g_min_s: 1.23e-6,
            g_max_s: 9.88e-5,
            full_scale_a: (0..10).map(|tile| 3.1e-5 + 2.3e-6 * f64::from(tile)).collect(),
            g_off_s: 1e-6,
            g_on_s: 1e-4,
            read_voltage_v: 0.2,
            weight_clip: vec![0.41, 0.52, 0.77],
            fast_objective_gap: 2.2e-8,
            ceiling_tightened: false,
        },
        error_model: ErrorModel {
            variance_ratio_mean: 1.0041,
            variance_ratio_p05: 0.951,
            variance_ratio_p95: 1.058,
            coverage95: 0.9487,
        },
        parameters: vec![
            parameter(
                "network",
                "784-256-128-10",
                false,
                "the paper's 3-layer perceptron; widths ours",
            ),
            parameter(
                "conductance window",
                "1 µS to 100 µS",
                true,
                "TaOx table, see docs/model.md",
            ),
            parameter("programming sigma", "6.1 % of G_on", true, "fitted once to the naive loss"),
            parameter("ADC", "6 bits", true, "the regime of the paper's naive loss"),
            parameter("bandwidth", "10 MHz", true, ""),
        ],
        paired: vec![
            Paired { a: "full".into(), b: "naive".into(), difference: estimate(0.0666, 0.0031) },
            Paired { a: "full".into(), b: "digital".into(), difference: estimate(-0.0008, 0.0003) },
        ],
        sweeps: vec![
            sweep(
                "programming",
                "% of G_on",
                "programming sigma",
                &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0],
            ),
            sweep("temperature", "K", "temperature", &[250.0, 275.0, 300.0, 325.0, 350.0, 375.0]),
            sweep("bandwidth", "Hz", "bandwidth", &[1e6, 1e7, 1e8, 1e9]),
        ],
        error_budget: (1..=3)
            .flat_map(|layer| {
                [budget(layer, Design::Naive, 1.0), budget(layer, Design::Full, 0.05)]
            })
            .collect(),
        variance_points: (0..600).map(variance_point).collect(),
        energy: vec![
            energy(
                Design::Naive,
                &[("array", 6.2e-9), ("ADC", 8.3e-9), ("DAC", 1.1e-9), ("sums", 5e-10)],
            ),
            energy(
                Design::Full,
                &[("array", 2.1e-9), ("ADC", 6.3e-9), ("DAC", 0.9e-9), ("sums", 5e-10)],
            ),
            energy(Design::DigitalMacOnly, &[("MAC", 7.0e-8)]),
            energy(Design::DigitalSram8Kb, &[("MAC", 7.0e-8), ("SRAM", 2.94e-7)]),
            energy(Design::DigitalSram1Mb, &[("MAC", 7.0e-8), ("SRAM", 2.93e-6)]),
        ],
        comparison: vec![
            row("digital accuracy", "98.21 %", "98.47 %", "≥ 98.2 %", true),
            row("naive mapping loses", "6.74 points", "6.74 ± 0.31 points", "5.5 to 8", true),
            row("full method recovers of the loss", "86.8 %", "98.8 %", "≥ 97 %", true),
            row("3-bit ADC, full method", "93.8 %", "96.71 ± 0.04 %", "≥ 97.0 %", false),
            row(
                "closed-form variance / Monte Carlo, per column",
                "–",
                "1.004, 0.951 to 1.058",
                "mean 1 ± 0.03, 0.9 to 1.1",
                true,
            ),
        ],
        notes: vec![
            "The programming sigma is the one fitted parameter of the preset.".to_owned(),
            "Names in *this* fixture | are <made> up & escaped.".to_owned(),
        ],
    }
}

/// Its times.
pub fn timing() -> Timing {
    Timing {
        total_s: 251.3,
        train_s: 61.0,
        conic_us_per_layer: 540.0,
        fast_us_per_layer: 7.4,
        threads: 2,
        stages: [("training", 61.0), ("fine-tuning", 118.0), ("ablation", 41.2), ("sweeps", 31.1)]
            .map(|(name, seconds)| Stage { name: name.to_owned(), seconds })
            .to_vec(),
        comparison: vec![
            row(
                "optimiser, per layer",
                "microseconds",
                "540 µs, fast path 7.4 µs",
                "≤ 2 ms, ≤ 20 µs",
                true,
            ),
            row("whole run, two cores", "–", "4 min 11 s", "≤ 8 min", true),
        ],
    }
}

fn variant((name, mean, ci95, output_mse, energy_j): (&str, f64, f64, f64, f64)) -> Variant {
    Variant {
        name: name.to_owned(),
        accuracy: estimate(mean, ci95),
        output_mse,
        energy_j,
        clipped_fraction: 0.0012,
        tally: Counts {
            dac_conversions: 235_200_000,
            adc_conversions: 443_200_000,
            adc_clips: 531_840,
            cells_programmed: 9_390_080,
            cells_outside_window: 120_511,
            cells_at_zero: 80_203,
            weights_clipped: 12_345,
            ..Counts::default()
        },
    }
}

fn estimate(mean: f64, ci95: f64) -> Estimate {
    Estimate { mean, ci95, chips: 20 }
}

fn parameter(name: &str, value: &str, ours: bool, note: &str) -> Parameter {
    Parameter { name: name.into(), value: value.into(), ours, note: note.into() }
}

fn sweep(name: &str, unit: &str, label: &str, values: &[f64]) -> Sweep {
    let points = values.iter().enumerate().map(|(index, x)| SweepPoint {
        x: *x,
        naive: estimate(0.97 - 0.001 * 3f64.powi(index as i32), 0.003),
        full: estimate(0.984 - 0.00005 * 2.6f64.powi(index as i32), 0.0006),
    });
    Sweep { name: name.into(), unit: unit.into(), label: label.into(), points: points.collect() }
}

fn budget(layer: usize, design: Design, scale: f64) -> Budget {
    let sources = [
        ("programming", 0.02),
        ("quantisation", 0.11),
        ("clipping", 4e-4),
        ("read", 2e-5),
        ("shot", 3e-6),
        ("thermal", 8e-7),
    ];
    let sources = sources.map(|(source, share)| SourceShare {
        source: source.into(),
        share_of_signal: share * scale / layer as f64,
    });
    Budget { layer, design, sources: sources.to_vec() }
}

/// Scatter of the right look, from a fixed recurrence.
fn variance_point(index: usize) -> VariancePoint {
    let noise = |k: usize| ((index * 7919 + k * 104_729) % 1009) as f64 / 1009.0;
    let layer = 1 + index % 3;
    let predicted = 1e-13 * 10f64.powf(1.4 * noise(1) - layer as f64 * 0.4);
    let bell = noise(2) + noise(3) + noise(4) + noise(5) - 2.0;
    let measured = predicted * (1.0 + 0.06 * bell);
    VariancePoint { layer, tile: index % 7, column: index % 128, predicted, measured }
}

fn energy(design: Design, parts: &[(&str, f64)]) -> EnergyBreakdown {
    let parts =
        parts.iter().map(|(part, joules)| EnergyPart { part: (*part).into(), joules: *joules });
    EnergyBreakdown { design, parts: parts.collect() }
}

fn row(figure: &str, paper: &str, ours: &str, target: &str, met: bool) -> Comparison {
    let [figure, paper, ours, target] = [figure, paper, ours, target].map(str::to_owned);
    Comparison { figure, paper, ours, target, met }
}
