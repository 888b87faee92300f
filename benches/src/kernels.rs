//! Hot kernels one by one, for counting their instructions: `cargo xtask instructions`.
//!
//! `cim-kernels` prints the names; `cim-kernels NAME REPEATS` prepares a kernel and runs it so often. The
//! difference between two numbers of repeats is the kernel alone.

#![expect(clippy::print_stdout, reason = "a command-line tool talks")]

#[expect(dead_code, reason = "shared with the ratios")]
mod fixture;

use std::hint::black_box;
use std::process::ExitCode;

use cim_core::matmul::product;
use cim_core::{Hertz, MatMul, Ohms, Scratch, Seconds, Stream, Tally};
use cim_crossbar::{Bias, Circuit, Nodal, Transfer, Wires};
use cim_device::{Device, PcmSpec, SynaptogenSpec};
use cim_nn::{Dataset, Labels, LayerPath, NetworkSpec, Optimiser, Recipe, Trainer};
use ndarray::Array2;

use fixture::StateNoise;

/// A kernel that is prepared when it is made.
type Kernel = Box<dyn FnMut()>;

/// Prepares a kernel.
type Make = fn() -> Kernel;

const KERNELS: [(&str, Make); 12] = [
    ("normals", normals),
    ("product", plain_product),
    ("grid_constant_noise", || grid(QUIET, 64)),
    ("grid_state_noise", || grid(NOISY, 64)),
    ("grid_one_input", || grid(NOISY, 1)),
    ("chip_programming", programming),
    ("wires_transfer", transfer),
    ("wires_voltages", voltages),
    ("pcm_program_and_age", pcm_age),
    ("pcm_read_variance", pcm_read),
    ("synaptogen_partial_reset", synaptogen),
    ("convolution_training", convolutions),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [] => {
            KERNELS.iter().for_each(|(name, _)| println!("{name}"));
            ExitCode::SUCCESS
        }
        [name, repeats] => {
            let kernel = KERNELS.iter().find(|(known, _)| known == name);
            let (Some((_, make)), Ok(repeats)) = (kernel, repeats.parse::<u32>()) else {
                println!("no kernel {name}, or no number of repeats");
                return ExitCode::FAILURE;
            };
            let mut kernel = make();
            (0..repeats).for_each(|_| kernel());
            ExitCode::SUCCESS
        }
        _ => {
            println!("a name and a number of repeats, or nothing");
            ExitCode::FAILURE
        }
    }
}

const QUIET: StateNoise = StateNoise { read: 0.0, fano_factor: 0.0, bandwidth: Hertz(10e6) };
const NOISY: StateNoise = StateNoise { read: 0.01, fano_factor: 1.0, bandwidth: Hertz(10e6) };

fn uniform(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
    let mut values = vec![0.0; rows * cols];
    at.fill_uniform(0, &mut values);
    Array2::from_shape_vec((rows, cols), values).expect("rows × cols values")
}

fn normals() -> Kernel {
    let mut out = vec![0.0; 100_000];
    Box::new(move || Stream::root(1).fill_standard_normal(0, black_box(&mut out)))
}

fn plain_product() -> Kernel {
    let (x, w) = (uniform(256, 784, Stream::root(1)), uniform(784, 256, Stream::root(2)));
    let mut y = Array2::zeros((256, 256));
    Box::new(move || product(black_box(x.view()), w.view(), y.view_mut()))
}

/// The first layer of the chip that `cim-benches` times.
fn grid(state: StateNoise, batch: usize) -> Kernel {
    let grid = fixture::chip(&fixture::network(), state).swap_remove(0);
    let x = uniform(batch, 784, Stream::root(1));
    let mut y = Array2::zeros((batch, 256));
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    Box::new(move || {
        grid.apply(black_box(x.view()), 0, y.view_mut(), &mut scratch, &mut tally);
    })
}

fn programming() -> Kernel {
    let network = fixture::network();
    Box::new(move || drop(black_box(fixture::chip(&network, NOISY))))
}

/// Cells from 1 to 100 µS on wires of 1 Ω.
fn circuit(size: usize) -> Circuit {
    let g = Array2::from_shape_fn((size, size), |(row, col)| {
        1e-6 * (1 + (row * 37 + col * 11) % 100) as f64
    });
    Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0))).expect("a circuit")
}

fn transfer() -> Kernel {
    let circuit = circuit(64);
    Box::new(move || drop(black_box(Transfer::compile(&circuit).expect("compiled"))))
}

fn voltages() -> Kernel {
    let (circuit, bias) = (circuit(64), Bias::read(&[0.2; 64], 64));
    let nodal = Nodal::new(circuit, &bias).expect("reduced");
    Box::new(move || drop(black_box(nodal.solve(&bias).expect("solved"))))
}

const DAY: Seconds = Seconds(86_400.0);

fn pcm_targets() -> Array2<f64> {
    Array2::from_shape_fn((100, 100), |(row, col)| {
        25e-6 * ((row * 100 + col) % 1009) as f64 / 1008.0
    })
}

fn pcm_age() -> Kernel {
    let (pcm, targets) = (PcmSpec::PUBLISHED.build().expect("a device"), pcm_targets());
    Box::new(move || {
        let at = Stream::root(1);
        let g_s = pcm.program(targets.view(), at, &mut Tally::default());
        drop(black_box(pcm.aged(g_s.view(), DAY, at).expect("a day")));
    })
}

fn pcm_read() -> Kernel {
    let (pcm, g_s) = (PcmSpec::PUBLISHED.build().expect("a device"), pcm_targets());
    Box::new(move || drop(black_box(pcm.read_variances_aged(g_s.view(), g_s.view(), DAY))))
}

fn synaptogen() -> Kernel {
    let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    let mut cells = model.cells(100, 100, Stream::root(1));
    Box::new(move || {
        cells.pulse_all(-2.0);
        black_box(cells.pulse_all(0.9));
    })
}

static RECIPE: Recipe = Recipe {
    epochs: 1 << 20,
    batch: 16,
    learning_rate: 1e-4,
    weight_decay: 0.0,
    optimiser: Optimiser::Sgd { momentum: 0.9 },
    max_shift: 0,
    distillation: 0.0,
    teacher_temperature: 1.0,
    full_scale_rate: 0.0,
};

/// A step of training on pictures of 16 × 16 through two convolutions.
fn convolutions() -> Kernel {
    const NETWORK: &str = r#"{ "input": [8, 16, 16], "operations": [
        { "op": "conv2d", "channels": 16, "kernel": 3, "padding": 1 }, { "op": "batch-norm" },
        { "op": "relu" },
        { "op": "conv2d", "channels": 16, "kernel": 3, "padding": 1 }, { "op": "relu" },
        { "op": "global-pool" }, { "op": "linear", "features": 10 } ] }"#;
    let spec: NetworkSpec = serde_json::from_str(NETWORK).expect("a network");
    let network = spec.build(Stream::root(1)).expect("it fits");
    let shape = network.input_shape();
    let bytes = uniform(16, shape.len(), Stream::root(3)).mapv(|u| (255.0 * u) as u8);
    let labels = Labels { values: (0..16).map(|k| k % 10).collect(), classes: 10 };
    let bytes = bytes.into_iter().collect();
    let data = Dataset::of_bytes(bytes, shape, Some(labels)).expect("images");
    let paths =
        network.layers().iter().map(|l| LayerPath::digital(l.weights.nrows(), l.weights.ncols()));
    let paths = paths.collect();
    let mut trainer =
        Trainer::new(&RECIPE, network, paths, None, Stream::root(2)).expect("a trainer");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    Box::new(move || {
        let epoch = pool.install(|| trainer.epoch(&data));
        black_box(epoch.expect("data fit"));
    })
}
