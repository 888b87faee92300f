//! The tables of a report as text, for every rendering.

use super::format::{
    count, design_label, percent, percent_estimate, points_estimate, scientific, seconds, si,
    three_digits, variant_label,
};
use super::model::{Comparison, Report, Sweep};
use super::timing::Timing;

/// A table; every row has one cell per column.
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns, with units.
    pub columns: Vec<Column>,
    /// Rows of cells.
    pub rows: Vec<Vec<Cell>>,
    /// Whether a page may fold it away.
    pub folded: bool,
}

/// One column.
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it holds numbers and so is set flush right.
    pub numeric: bool,
}

/// One cell.
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it is marked.
    pub mark: Mark,
}

/// How a cell is marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not at all.
    None,
    /// A target met.
    Good,
    /// A target missed.
    Bad,
    /// A choice of our own.
    Own,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, mark: Mark::None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// The paper's figures beside ours, rows about time last.
pub fn comparison(report: &Report, timing: &Timing) -> Option<Table> {
    let rows = report.comparison.iter().chain(&timing.comparison).map(|row| {
        let Comparison { figure, paper, ours, target, met } = row;
        let (text, mark) = if *met { ("✓ met", Mark::Good) } else { ("✗ not met", Mark::Bad) };
        let cells = [figure, paper, ours, target].map(|text| Cell::from(text.as_str()));
        cells.into_iter().chain([Cell { text: text.to_owned(), mark }]).collect()
    });
    table("Row by row", "figure|paper|ours|must reach|", rows)
}

/// Every variant.
pub fn ablation(report: &Report) -> Option<Table> {
    let digital = report.digital.accuracy;
    let rows = report.variants.iter().map(|variant| {
        vec![
            variant_label(&variant.name).into(),
            percent_estimate(&variant.accuracy).into(),
            format!("{:.2}", 100.0 * (digital - variant.accuracy.mean)).replace('-', "−").into(),
            scientific(variant.output_mse).into(),
            si(variant.energy_j, "J").into(),
            percent(variant.clipped_fraction).into(),
        ]
    });
    let columns = "variant|#accuracy|#loss (points)|#output error / signal power|\
                   #energy per inference|#ADC samples clipped";
    table("Variants", columns, rows)
}

/// Differences chip by chip.
pub fn paired(report: &Report) -> Option<Table> {
    let rows = report.paired.iter().map(|pair| {
        vec![
            format!("{} − {}", variant_label(&pair.a), variant_label(&pair.b)).into(),
            points_estimate(&pair.difference).into(),
            pair.difference.chips.to_string().into(),
        ]
    });
    let columns = "difference|#accuracy (points, 95 % interval)|#chips";
    table("Differences over the same chips", columns, rows)
}

/// Accuracy against ADC bits.
pub fn bits(report: &Report) -> Option<Table> {
    let rows = report.bits_sweep.iter().map(|point| {
        vec![
            point.bits.to_string().into(),
            percent_estimate(&point.naive).into(),
            percent_estimate(&point.full).into(),
        ]
    });
    let found = table("Accuracy against ADC bits", "#bits|#naive mapping|#full method", rows);
    found.map(folded)
}

/// One sweep.
pub fn sweep(sweep: &Sweep) -> Option<Table> {
    let x = |value: f64| match sweep.unit.as_str() {
        unit @ ("Hz" | "K" | "V" | "S" | "s") => si(value, unit),
        "" => three_digits(value),
        unit => format!("{} {unit}", three_digits(value)),
    };
    let rows = sweep.points.iter().map(|point| {
        vec![
            x(point.x).into(),
            percent_estimate(&point.naive).into(),
            percent_estimate(&point.full).into(),
        ]
    });
    table(&sweep.label, "#value|#naive mapping|#full method", rows).map(folded)
}

/// What the optimiser chose.
pub fn optimiser(report: &Report) -> Option<Table> {
    let chosen = &report.optimiser;
    let list = |values: &[f64], text: &dyn Fn(f64) -> String| {
        values.iter().map(|value| text(*value)).collect::<Vec<_>>().join(", ")
    };
    let window = |lo, hi| format!("{} to {}", si(lo, "S"), si(hi, "S"));
    let ceiling = if chosen.ceiling_tightened { "bound, tightened" } else { "did not bind" };
    let rows = [
        ("conductance window chosen", window(chosen.g_min_s, chosen.g_max_s)),
        ("window the device offers", window(chosen.g_off_s, chosen.g_on_s)),
        ("read voltage", si(chosen.read_voltage_v, "V")),
        ("weight clip of each layer, of its largest weight", list(&chosen.weight_clip, &percent)),
        ("ADC full scale of each tile", list(&chosen.full_scale_a, &|a| si(a, "A"))),
        ("relative duality gap", scientific(chosen.gap)),
        ("microsecond path above the conic optimum", scientific(chosen.fast_objective_gap)),
        ("ceiling of the full scale", ceiling.to_owned()),
    ];
    let rows = rows.map(|(name, value)| vec![name.into(), value.into()]);
    table("The optimum", "quantity|value", rows)
}

/// The error model against Monte Carlo.
pub fn error_model(report: &Report) -> Option<Table> {
    let model = &report.error_model;
    let ratio = |value: f64| format!("{value:.4}");
    let rows = [
        ("mean of predicted / measured", ratio(model.variance_ratio_mean)),
        ("5th percentile", ratio(model.variance_ratio_p05)),
        ("95th percentile", ratio(model.variance_ratio_p95)),
        ("errors inside the predicted 95 % interval", percent(model.coverage95)),
    ];
    let rows = rows.map(|(name, value)| vec![name.into(), value.into()]);
    table("Closed form against Monte Carlo, per column", "quantity|#value", rows)
}

/// The error budget.
pub fn budget(report: &Report) -> Option<Table> {
    let rows = report.error_budget.iter().flat_map(|entry| {
        let total: f64 = entry.sources.iter().map(|source| source.share_of_signal).sum();
        entry.sources.iter().map(move |source| {
            let part = if total > 0.0 { source.share_of_signal / total } else { 0.0 };
            vec![
                entry.layer.to_string().into(),
                design_label(entry.design).into(),
                source.source.as_str().into(),
                scientific(source.share_of_signal).into(),
                percent(part).into(),
            ]
        })
    });
    let columns = "#layer|design|source|#variance / signal power|#part of the layer's error";
    table("Error budget", columns, rows).map(folded)
}

/// Energy by part.
pub fn energy(report: &Report) -> Option<Table> {
    let rows = report.energy.iter().flat_map(|entry| {
        let label = design_label(entry.design);
        let parts = entry.parts.iter().map(move |part| {
            vec![label.into(), part.part.as_str().into(), si(part.joules, "J").into()]
        });
        parts.chain([vec![label.into(), "total".into(), si(entry.total_j(), "J").into()]])
    });
    table("Energy per inference", "design|part|#energy", rows).map(folded)
}

/// What happened in the datapath.
pub fn tally(report: &Report) -> Option<Table> {
    let rows = report.variants.iter().map(|variant| {
        let counts = &variant.tally;
        let numbers = [
            counts.adc_conversions,
            counts.adc_clips,
            counts.dac_conversions,
            counts.dac_clips,
            counts.cells_programmed,
            counts.cells_outside_window,
            counts.cells_at_zero,
            counts.weights_clipped,
        ];
        let cells = numbers.map(|number| Cell::from(count(number)));
        [variant_label(&variant.name).into()].into_iter().chain(cells).collect()
    });
    let columns = "variant|#ADC conversions|#clipped|#DAC conversions|#clipped|#cells programmed|\
                   #outside the window|#held at 0 S|#weights clipped";
    table("Counts", columns, rows)
}

/// Every parameter.
pub fn parameters(report: &Report) -> Option<Table> {
    let rows = report.parameters.iter().map(|parameter| {
        let (text, mark) = if parameter.ours { ("ours", Mark::Own) } else { ("", Mark::None) };
        vec![
            parameter.name.as_str().into(),
            parameter.value.as_str().into(),
            Cell { text: text.to_owned(), mark },
            parameter.note.as_str().into(),
        ]
    });
    table(
        "Parameters; “ours” marks a value the paper does not give",
        "parameter|value||origin",
        rows,
    )
}

/// Training of the digital network.
pub fn training(report: &Report) -> Option<Table> {
    let rows = report.digital.history.iter().map(|epoch| {
        vec![
            epoch.epoch.to_string().into(),
            format!("{:.4}", epoch.loss).into(),
            percent(epoch.accuracy).into(),
        ]
    });
    table("Training of the digital network", "#epoch|#loss (nats)|#accuracy", rows).map(folded)
}

/// Where the time went.
pub fn timing(timing: &Timing) -> Option<Table> {
    let micro = |us: f64| si(1e-6 * us, "s");
    let more = [
        ("of which training", seconds(timing.train_s)),
        ("conic optimum, per layer", micro(timing.conic_us_per_layer)),
        ("microsecond path, per layer", micro(timing.fast_us_per_layer)),
    ];
    let mut table = stages(timing)?;
    table.rows.extend(more.map(|(name, time)| vec![name.into(), time.into()]));
    Some(table)
}

/// The stages of any run and the whole of it.
pub fn stages(timing: &Timing) -> Option<Table> {
    let rows = timing
        .stages
        .iter()
        .map(|stage| (stage.name.clone(), seconds(stage.seconds)))
        .chain([(format!("whole run, {} threads", timing.threads), seconds(timing.total_s))])
        .map(|(name, time)| vec![name.into(), time.into()]);
    table("Time (differs from run to run)", "stage|#time", rows).map(folded)
}

/// Any table whose cells are text; columns after the first that hold numbers are set flush right.
pub fn plain(title: &str, columns: &[String], rows: &[Vec<String>]) -> Option<Table> {
    let columns = columns
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let cells = || rows.iter().filter_map(|row| row.get(index)).filter(|c| !is_blank(c));
            let numeric = index > 0 && cells().next().is_some() && cells().all(|c| is_number(c));
            Column { name: name.clone(), numeric }
        })
        .collect();
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.as_str().into()).collect()).collect();
    (!rows.is_empty()).then(|| Table { title: title.to_owned(), columns, rows, folded: false })
}

fn is_blank(cell: &str) -> bool {
    matches!(cell.trim(), "" | "–" | "—" | "−" | "-")
}

/// Whether a cell looks like a number: a digit, after signs if need be.
fn is_number(cell: &str) -> bool {
    let sign = |c: char| c.is_whitespace() || "+-−±<>≤≥≈~".contains(c);
    cell.trim_start_matches(sign).starts_with(|c: char| c.is_ascii_digit())
}

/// `columns` are separated by `|`; those of numbers begin with `#`. Nothing if there is no row.
fn table(title: &str, columns: &str, rows: impl IntoIterator<Item = Vec<Cell>>) -> Option<Table> {
    let rows: Vec<_> = rows.into_iter().collect();
    let columns = columns
        .split('|')
        .map(|name| Column {
            name: name.trim_start_matches('#').to_owned(),
            numeric: name.starts_with('#'),
        })
        .collect();
    (!rows.is_empty()).then(|| Table { title: title.to_owned(), columns, rows, folded: false })
}

/// The table, which a page may now fold away.
pub fn folded(mut table: Table) -> Table {
    table.folded = true;
    table
}
