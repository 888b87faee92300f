//! What the report of `cim reproduce` says and in which order.

use std::path::{Path, PathBuf};

use super::error::ReportError;
use super::figures::{self, Figure, SUMMARY_FILE};
use super::format::{percent, percent_estimate, points, si, times};
use super::model::Report;
use super::page::{Block, Headline, Page, Section};
use super::timing::Timing;
use super::{files, tables};

/// Writes the report into `dir`, which is made if need be, and returns the paths of its files.
///
/// # Errors
/// [`ReportError::NotFinite`] if a number is NaN or infinite, [`ReportError::Folder`] and
/// [`ReportError::Write`] if the folder or a file cannot be written, and the errors of rendering.
pub fn write(report: &Report, timing: &Timing, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let data = files::data(report, timing)?;
    let figures = figures::all(report)?;
    files::write(&page(report, timing, &figures), data, &figures, dir)
}

fn page<'r>(report: &'r Report, timing: &Timing, figures: &'r [Figure]) -> Page<'r> {
    Page {
        title: "Analog compute-in-memory, reproduced",
        preset: &report.preset,
        seed: report.seed,
        chips: report.chips(),
        revision: &report.revision,
        schema: &report.schema,
        lead: lead(report),
        headlines: headlines(report),
        cover: figures.iter().find(|figure| figure.file == SUMMARY_FILE),
        sections: sections(report, timing, figures),
    }
}

/// The report in two sentences.
fn lead(report: &Report) -> String {
    let digital = report.digital.accuracy;
    let (Some(naive), Some(full)) = (report.variant("naive"), report.variant("full")) else {
        return format!("The digital network reaches {}.", percent(digital));
    };
    format!(
        "The digital network reaches {}; mapped naively onto the analog array it falls to {}, with \
         the full method it stands at {} ({} of the loss recovered). The full method takes {} per \
         inference, {} less than a digital design that reads its weights from an 8 KB SRAM.",
        percent(digital),
        percent_estimate(&naive.accuracy),
        percent_estimate(&full.accuracy),
        percent(report.recovered_loss),
        si(full.energy_j, "J"),
        times(report.energy_vs_digital.sram_8kb),
    )
}

/// The numbers of the first screen.
fn headlines(report: &Report) -> Vec<Headline> {
    let digital = report.digital.accuracy;
    let mut headlines = Vec::new();
    for (name, label) in [("full", "full method, analog"), ("naive", "naive mapping, analog")] {
        if let Some(variant) = report.variant(name) {
            let difference = points(variant.accuracy.mean - digital);
            headlines.push(Headline {
                value: percent(variant.accuracy.mean),
                label: label.to_owned(),
                detail: format!("{difference} points against {} digital", percent(digital)),
            });
        }
    }
    headlines.extend([
        Headline {
            value: percent(report.recovered_loss),
            label: "of the naive loss recovered".to_owned(),
            detail: format!("output error {} lower", percent(report.mse_reduction)),
        },
        Headline {
            value: times(report.energy_vs_digital.sram_8kb),
            label: "less energy than digital (8 KB SRAM)".to_owned(),
            detail: format!("{} less than the naive mapping", percent(report.energy_vs_naive)),
        },
    ]);
    headlines
}

/// All chapters; those without data are left out.
fn sections<'r>(report: &'r Report, timing: &Timing, figures: &'r [Figure]) -> Vec<Section<'r>> {
    let figure = |file: &str| picture(figures, file);
    let sweeps = report.sweeps.iter().map(|sweep| Block::table(tables::sweep(sweep)));
    let all = [
        Section::new(
            "The paper's figures beside ours",
            [
                Block::text(
                    "The paper publishes its results but neither its parameters nor its code; every \
                 physical parameter of this run is listed below with its origin.",
                ),
                Block::table(tables::comparison(report, timing)),
            ],
        ),
        Section::new(
            "Accuracy",
            [
                figure("accuracy-vs-bits.svg"),
                Block::table(tables::bits(report)),
                figure("ablation.svg"),
                Block::table(tables::ablation(report)),
                Block::table(tables::paired(report)),
            ],
        ),
        Section::new(
            "Where the error comes from",
            [
                figure("error-budget.svg"),
                Block::table(tables::budget(report)),
                figure("variance.svg"),
                Block::table(tables::error_model(report)),
            ],
        ),
        Section::new("Energy", [figure("energy.svg"), Block::table(tables::energy(report))]),
        Section::new("Sensitivity", [figure("sweeps.svg")].into_iter().chain(sweeps)),
        Section::new("What the optimiser chose", [Block::table(tables::optimiser(report))]),
        Section::new("Method", [Block::list(METHOD.map(str::to_owned).to_vec())]),
        Section::new("Parameters", [Block::table(tables::parameters(report))]),
        Section::new("Notes", [Block::list(report.notes.clone())]),
        Section::new(
            "Counts",
            [
                Block::text(
                    "Nothing clips in silence: conversions, clipped samples and cells that programming \
                 error drove out of the device's window, over all chips of a variant.",
                ),
                Block::table(tables::tally(report)),
            ],
        ),
        Section::new(
            "Training and time",
            [Block::table(tables::training(report)), Block::table(tables::timing(timing))],
        ),
        Section::new(
            "How to reproduce",
            [
                Block::text(
                    "In the project's folder; the same seed gives the same bytes of report.json.",
                ),
                Some(command(report)),
                Block::preset(&report.spec),
            ],
        ),
    ];
    all.into_iter().filter(Section::tells).collect()
}

const METHOD: [&str; 6] = [
    "A multilayer perceptron is trained digitally; its weights are cut into tiles, each a \
     differential pair of cells per weight, programmed once per simulated chip with fresh error.",
    "Inputs go through a DAC, currents add up along the columns with thermal, shot and read noise, \
     and an ADC turns them into codes; everything outside its full scale clips and is counted.",
    "The naive mapping uses the device's whole conductance window, maps the largest weight to it and \
     sets the full scale to the worst case of the programmed weights.",
    "The optimiser writes the output error as a sum of posynomials of the window and hinge terms of \
     the full scale, solves the conic program, and proves the result by a gap recomputed from data.",
    "Fine-tuning runs through the noisy, clipped, quantised datapath with straight-through \
     gradients and a ReLU that knows the noise; the full method joins all parts.",
    "Every mean is over simulated chips and carries a 95 % interval; differences are taken chip by \
     chip. Energy counts conversions and array dissipation, and compares with digital designs that \
     pay for arithmetic alone or for reading weights as well.",
];

fn picture<'r>(figures: &'r [Figure], file: &str) -> Option<Block<'r>> {
    let figure = figures.iter().find(|figure| figure.file == file)?;
    Some(Block::Picture { figure })
}

fn command(report: &Report) -> Block<'static> {
    let Report { preset, seed, .. } = report;
    let text =
        format!("cargo xtask reproduce --preset {preset} --seed {seed} --chips {}", report.chips());
    Block::Code { title: "Command", language: "sh", text, folded: false }
}
