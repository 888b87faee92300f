//! What a report says and in which order; the page and the Markdown file are two renderings of it.

use super::figures::{Figure, SUMMARY_FILE};
use super::format::{percent, percent_estimate, points, si, times};
use super::model::Report;
use super::tables::{self, Table};
use super::timing::Timing;

/// One chapter.
pub struct Section<'r> {
    /// Its heading.
    pub title: &'static str,
    /// What stands in it, in order.
    pub blocks: Vec<Block<'r>>,
}

/// One piece of a chapter.
pub enum Block<'r> {
    /// A paragraph.
    Text { text: String },
    /// A list of remarks.
    List { items: Vec<String> },
    /// A picture with its caption.
    Picture { file: &'static str, title: &'static str, caption: &'r str, svg: &'r str },
    /// A table.
    Table { table: Table },
    /// Text as typed; folded away if it is long.
    Code { title: &'static str, language: &'static str, text: String, folded: bool },
}

/// One number of the first screen.
pub struct Headline {
    /// The number.
    pub value: String,
    /// What it is.
    pub label: &'static str,
    /// What to compare it with.
    pub detail: String,
}

/// The report in two sentences.
pub fn lead(report: &Report) -> String {
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
pub fn headlines(report: &Report) -> Vec<Headline> {
    let digital = report.digital.accuracy;
    let mut headlines = Vec::new();
    for (name, label) in [("full", "full method, analog"), ("naive", "naive mapping, analog")] {
        if let Some(variant) = report.variant(name) {
            let difference = points(variant.accuracy.mean - digital);
            headlines.push(Headline {
                value: percent(variant.accuracy.mean),
                label,
                detail: format!("{difference} points against {} digital", percent(digital)),
            });
        }
    }
    headlines.extend([
        Headline {
            value: percent(report.recovered_loss),
            label: "of the naive loss recovered",
            detail: format!("output error {} lower", percent(report.mse_reduction)),
        },
        Headline {
            value: times(report.energy_vs_digital.sram_8kb),
            label: "less energy than digital (8 KB SRAM)",
            detail: format!("{} less than the naive mapping", percent(report.energy_vs_naive)),
        },
    ]);
    headlines
}

/// All chapters; those without data are left out.
pub fn sections<'r>(
    report: &'r Report,
    timing: &Timing,
    figures: &'r [Figure],
) -> Vec<Section<'r>> {
    let figure = |file: &str| picture(figures, file);
    let table = |table: Option<Table>| table.map(|table| Block::Table { table });
    let sweeps = report.sweeps.iter().map(|sweep| table(tables::sweep(sweep)));
    let all = [
        section(
            "The paper's figures beside ours",
            [
                text(
                    "The paper publishes its results but neither its parameters nor its code; every \
                 physical parameter of this run is listed below with its origin.",
                ),
                table(tables::comparison(report, timing)),
            ],
        ),
        section(
            "Accuracy",
            [
                figure("accuracy-vs-bits.svg"),
                table(tables::bits(report)),
                figure("ablation.svg"),
                table(tables::ablation(report)),
                table(tables::paired(report)),
            ],
        ),
        section(
            "Where the error comes from",
            [
                figure("error-budget.svg"),
                table(tables::budget(report)),
                figure("variance.svg"),
                table(tables::error_model(report)),
            ],
        ),
        section("Energy", [figure("energy.svg"), table(tables::energy(report))]),
        section("Sensitivity", [figure("sweeps.svg")].into_iter().chain(sweeps)),
        section("What the optimiser chose", [table(tables::optimiser(report))]),
        section("Method", [list(METHOD.map(str::to_owned).to_vec())]),
        section("Parameters", [table(tables::parameters(report))]),
        section("Notes", [list(report.notes.clone())]),
        section(
            "Counts",
            [
                text(
                    "Nothing clips in silence: conversions, clipped samples and cells that programming \
                 error drove out of the device's window, over all chips of a variant.",
                ),
                table(tables::tally(report)),
            ],
        ),
        section(
            "Training and time",
            [table(tables::training(report)), table(tables::timing(timing))],
        ),
        section(
            "How to reproduce",
            [
                text("In the project's folder; the same seed gives the same bytes of report.json."),
                Some(command(report)),
                Some(Block::Code {
                    title: "The preset as written",
                    language: "toml",
                    text: report.spec.clone(),
                    folded: true,
                }),
            ],
        ),
    ];
    all.into_iter().filter(|section| !section.blocks.is_empty()).collect()
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

fn section<'r>(
    title: &'static str,
    blocks: impl IntoIterator<Item = Option<Block<'r>>>,
) -> Section<'r> {
    let blocks: Vec<_> = blocks.into_iter().flatten().collect();
    // An introduction to nothing is nothing.
    let empty = blocks.iter().all(|block| matches!(block, Block::Text { .. }));
    Section { title, blocks: if empty { Vec::new() } else { blocks } }
}

fn picture<'r>(figures: &'r [Figure], file: &str) -> Option<Block<'r>> {
    let figure = figures.iter().find(|figure| figure.file == file && file != SUMMARY_FILE)?;
    Some(Block::Picture {
        file: figure.file,
        title: figure.title,
        caption: &figure.caption,
        svg: &figure.svg,
    })
}

fn text(text: &str) -> Option<Block<'static>> {
    Some(Block::Text { text: text.to_owned() })
}

fn list(items: Vec<String>) -> Option<Block<'static>> {
    (!items.is_empty()).then_some(Block::List { items })
}

fn command(report: &Report) -> Block<'static> {
    let Report { preset, seed, .. } = report;
    let text =
        format!("cargo xtask reproduce --preset {preset} --seed {seed} --chips {}", report.chips());
    Block::Code { title: "Command", language: "sh", text, folded: false }
}
