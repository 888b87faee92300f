//! Every key of the sections that make chips, explained: one table, which a test holds to the presets,
//! to the types and to what their checks refuse.

use Range::{Whole, Words};

/// One key of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Section and key, such as `converters.adc_bits`.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Unit in which it is written, or what kind of value it is.
    pub unit: &'static str,
    /// What can be.
    pub range: Range,
    /// Where the built-in values come from.
    pub source: &'static str,
}

/// What a key can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Whole numbers from the first to the last.
    Whole(u64, u64),
    /// In words.
    Words(&'static str),
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(least, most) => write!(f, "{least} to {most}"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

const fn key(
    name: &'static str,
    unit: &'static str,
    range: Range,
    meaning: &'static str,
    source: &'static str,
) -> Key {
    Key { name, meaning, unit, range, source }
}

const OURS: &str = "ours";
const POSITIVE: Range = Words("above 0");
const NOT_NEGATIVE: Range = Words("0 or above");

/// All of them, in the order of their sections.
pub const KEYS: &[Key] = &[
    key(
        "seed",
        "whole number",
        Words("0 to 2⁶⁴ − 1"),
        "seed of all randomness: the same seed gives the same bytes",
        OURS,
    ),
    key(
        "tile.rows",
        "rows",
        Whole(1, 65_536),
        "rows of a tile, which are driven; matrices of any size are cut into tiles of this one",
        "128 in `paper`: Abbas et al. 2026; 512 in `pcm`: aihwkit",
    ),
    key(
        "tile.outputs",
        "outputs",
        Whole(1, 65_536),
        "outputs of a tile, each sensed by what the mapping gives it; rows × outputs is at most 2²⁴",
        "128 in `paper`: Abbas et al. 2026; 512 in `pcm`: aihwkit",
    ),
    key(
        "device.model",
        "table",
        Words(
            "kind = published, ideal, gaussian, measured, log-normal, pcm, rram-wan or cmo-hfox, with the keys of the kind",
        ),
        "the cell: window, programming error, read noise, current against voltage",
        "`cim device describe NAME` for published cells",
    ),
    key(
        "device.effects",
        "list of tables",
        Words("kind = telegraph, temperature or stuck, from the inside out; [] for none"),
        "what comes on top of the cell",
        OURS,
    ),
    key(
        "circuit.read_voltage",
        "V",
        Words("above 0, up to circuit.disturb_voltage"),
        "row voltage of the largest input code",
        OURS,
    ),
    key(
        "circuit.disturb_voltage",
        "V",
        POSITIVE,
        "voltage from which on reading changes the cells; read voltages stay at or below it",
        OURS,
    ),
    key(
        "circuit.temperature",
        "K",
        Words("1 mK to 2000 K"),
        "temperature of the circuit, for thermal noise",
        "room temperature",
    ),
    key(
        "circuit.bandwidth",
        "Hz",
        Words("0 Hz (no noise of the circuit) to 1 THz"),
        "noise bandwidth of a read",
        OURS,
    ),
    key(
        "circuit.amplifier_factor",
        "number",
        Words("1 (no noise of its own) to 1e6"),
        "thermal noise of the amplifier as a multiple of that of the cells",
        OURS,
    ),
    key(
        "circuit.fano_factor",
        "number",
        Words("0 to 1000"),
        "shot noise over that of independent electrons, 0 for none",
        "Blanter and Büttiker 2000",
    ),
    key(
        "converters.dac_bits",
        "bits",
        Whole(2, 16),
        "resolution of the row converters",
        "8: ours in `paper`; aihwkit",
    ),
    key(
        "converters.dac_polarity",
        "word",
        Words(
            "unipolar, bipolar, two-phase, two-rows, offset, inverted-offset, or sliced with code and bits",
        ),
        "how inputs drive rows: unipolar for inputs that are zero or positive, bipolar or two-phase for inputs of both signs",
        OURS,
    ),
    key(
        "converters.adc_bits",
        "bits",
        Whole(2, 16),
        "resolution of the column converters",
        "6 in `paper`: ours, at which the paper's loss is found; 8 in `pcm`: aihwkit",
    ),
    key(
        "converters.adc_noise",
        "A",
        NOT_NEGATIVE,
        "input-referred noise of the column converters, rms",
        "199.2 nA in `pcm`: output noise of aihwkit; else ours",
    ),
    key(
        "converters.full_scale",
        "table",
        Words(
            "policy = worst-case; percentile with percentile above 0, up to 100; or fixed with full_scale above 0 A",
        ),
        "how the full scales of a design that nothing optimises are set",
        OURS,
    ),
    key(
        "front_end.amplifier_offset",
        "V",
        NOT_NEGATIVE,
        "offset of the amplifiers of columns, standard deviation over amplifiers",
        OURS,
    ),
    key(
        "front_end.gain_spread",
        "1",
        NOT_NEGATIVE,
        "relative standard deviation of the gain of sensed currents",
        OURS,
    ),
    key(
        "front_end.driver_noise",
        "V",
        NOT_NEGATIVE,
        "noise of each row's driver, rms, afresh in every read",
        OURS,
    ),
    key(
        "front_end.dac_integral",
        "table",
        Words("sigma_lsb, 0 or more, or table_lsb with a deviation for every level"),
        "integral non-linearity of the row converters",
        OURS,
    ),
    key(
        "front_end.adc_integral",
        "table",
        Words("sigma_lsb, 0 or more, or table_lsb with a deviation for every threshold"),
        "integral non-linearity of the column converters",
        OURS,
    ),
    key(
        "front_end.adc_differential",
        "LSB",
        NOT_NEGATIVE,
        "standard deviation of the width of a code of the column converters",
        OURS,
    ),
    key(
        "front_end.calibration",
        "table",
        Words(
            "kind = none; zero with reads, offset_noise and offset_step; or zero-and-gain with gain_noise and gain_step, too",
        ),
        "what is measured of every column and taken away",
        OURS,
    ),
    key(
        "front_end.drivers",
        "word",
        Words("lossless, supply"),
        "how rows are fed: from their own voltage, or from the supply",
        OURS,
    ),
    key(
        "front_end.driver_power",
        "W",
        NOT_NEGATIVE,
        "power of a row's driver at rest, during a read",
        OURS,
    ),
    key(
        "front_end.amplifier_power",
        "W",
        NOT_NEGATIVE,
        "power of a column's amplifier beyond its bias, during a read",
        OURS,
    ),
    key("front_end.leakage", "W", NOT_NEGATIVE, "leakage of a tile during its reads", OURS),
    key(
        "wires.row",
        "Ohm",
        NOT_NEGATIVE,
        "resistance of one cell pitch of row wire, 0 Ohm for an ideal one",
        OURS,
    ),
    key(
        "wires.column",
        "Ohm",
        NOT_NEGATIVE,
        "resistance of one cell pitch of column wire, 0 Ohm for an ideal one",
        OURS,
    ),
    key(
        "wires.source",
        "Ohm",
        NOT_NEGATIVE,
        "all that lies between a driver and the first cell of its row; left out, one cell pitch",
        OURS,
    ),
    key(
        "wires.sense",
        "Ohm",
        NOT_NEGATIVE,
        "all that lies between the last cell of a column and virtual ground; left out, one cell pitch",
        OURS,
    ),
    key(
        "wires.driven",
        "word",
        Words("one, both"),
        "ends from which rows are driven; left out, the left ends",
        OURS,
    ),
    key(
        "wires.sensed",
        "word",
        Words("one, both"),
        "ends at which columns are sensed; left out, the bottom ends",
        OURS,
    ),
    key(
        "mapping.kind",
        "word",
        Words(
            "differential, offset-column; bit-sliced-differential with slices and bits; split-differential, \
             two-arrays, twos-complement, offset-binary with bits and split, all of these with layers too; lone-column \
             with shift and raised_by",
        ),
        "how cells and sums carry a weight",
        "pairs: Abbas et al. 2026, Joshi et al. 2020",
    ),
    key(
        "energy.node_nm",
        "nm, a plain number",
        POSITIVE,
        "technology node of converters and logic",
        "45: Horowitz 2014",
    ),
    key("energy.supply", "V", POSITIVE, "supply voltage", "Horowitz 2014"),
    key(
        "energy.read_time",
        "s",
        POSITIVE,
        "time for which rows are driven and columns are sensed",
        "half the inverse bandwidth",
    ),
    key("energy.dac_unit", "F", NOT_NEGATIVE, "unit capacitor of the row converters", OURS),
    key(
        "energy.accumulate",
        "J",
        NOT_NEGATIVE,
        "adding one code to a partial sum",
        "Horowitz 2014",
    ),
    key(
        "energy.activation",
        "J",
        NOT_NEGATIVE,
        "scaling, bias and activation of one output",
        "Horowitz 2014",
    ),
    key(
        "energy.buffer_byte",
        "J",
        NOT_NEGATIVE,
        "moving one byte into or out of the activation buffer",
        "8 KB of SRAM: Horowitz 2014",
    ),
    key(
        "calibration.images",
        "samples",
        Whole(1, 1_000_000),
        "samples, from the first on, on which input ranges, full scales and designs are set",
        OURS,
    ),
    key(
        "clips.weight_percentile",
        "%",
        Words("above 0, up to 100"),
        "percentile of the magnitudes of a product's weights at which they are clipped, where no design says so",
        OURS,
    ),
    key(
        "clips.input_percentile",
        "%",
        Words("above 0, up to 100"),
        "percentile of the magnitudes of a product's inputs at which their range ends, where no design says so",
        OURS,
    ),
    key(
        "scaling.by",
        "word",
        Words("none, columns, rows, columns-rows, rows-columns"),
        "whether rows (one an input), columns (one an output) or both, in this order, have digital factors around their tiles, with which the largest weight of each fills the window; left out, none, and cim optimise NETWORK chooses for each product",
        OURS,
    ),
    key(
        "compensation.noise",
        "A",
        NOT_NEGATIVE,
        "noise of one measured current of drift compensation, rms",
        "output noise of aihwkit",
    ),
    key(
        "compensation.repeats",
        "reads",
        Words("1 or more"),
        "reads that are averaged in drift compensation",
        OURS,
    ),
    key(
        "compensation.floor",
        "A",
        POSITIVE,
        "currents below this count as this in drift compensation",
        "aihwkit",
    ),
    key(
        "evaluation.chips",
        "chips",
        Whole(2, 100_000),
        "simulated chips behind each mean and its interval",
        OURS,
    ),
    key(
        "optimiser.least_read_voltage",
        "V",
        Words("above 0, up to circuit.read_voltage"),
        "lowest read voltage that the optimiser may choose: it decides what energy can be saved",
        OURS,
    ),
    key(
        "optimiser.histogram_bins",
        "bins",
        Whole(4, 100_000),
        "bins of the histogram of a tile's currents in the window program",
        OURS,
    ),
    key(
        "optimiser.least_clip",
        "fraction",
        Words("above 0, up to 1"),
        "smallest clip of weights, and of inputs in `cim optimise`, that is tried, as a fraction of the largest of a layer",
        OURS,
    ),
    key("optimiser.clip_points", "clips", Whole(2, 10_000), "clips that are tried of each", OURS),
    key(
        "optimiser.energy_tolerance",
        "fraction",
        POSITIVE,
        "error that may be given for energy, as a fraction of the least error",
        OURS,
    ),
];
