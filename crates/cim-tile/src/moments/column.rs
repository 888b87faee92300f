//! Errors of one output, source by source.

/// Variance (A²) of one output by source, averaged over the calibration samples, and the power of
/// what it should be. Currents of all phases and senses are added as the datapath adds them, in
/// amperes of a current that is sensed with weight 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColumnErrors {
    /// Power of the exact product, in current (A²).
    pub signal: f64,
    /// Thermal noise of the cells and the amplifier.
    pub thermal: f64,
    /// Shot noise, as far as it exceeds the thermal noise that the cells have at rest.
    pub shot: f64,
    /// Programming error of the cells, about its mean.
    pub programming: f64,
    /// Power of the mean error: cells that cannot be negative, superlinear cells.
    pub distortion: f64,
    /// Read noise of the cells.
    pub read: f64,
    /// Offsets of the amplifiers.
    pub offset: f64,
    /// Spread of gains.
    pub gain: f64,
    /// Noise of the row drivers.
    pub driver: f64,
    /// Non-linearity of the row converters, as far as it differs from one to the next.
    pub dac_nonlinearity: f64,
    /// Non-linearity of the column converters.
    pub adc_nonlinearity: f64,
    /// Input-referred noise of the converter.
    pub input: f64,
    /// Rounding to codes.
    pub quantisation: f64,
    /// Currents beyond the full scale.
    pub clipping: f64,
    /// Power of what weights beyond the clip lose.
    pub weight_clip: f64,
    /// Power of what rounding of weights to levels changes.
    pub weight_rounding: f64,
    /// Power of what the input converter changes: rounding, and inputs beyond its range.
    pub dac: f64,
}

impl ColumnErrors {
    /// Names and variances of the sources, in a fixed order.
    pub fn sources(&self) -> [(&'static str, f64); 16] {
        [
            ("thermal", self.thermal),
            ("shot", self.shot),
            ("programming", self.programming),
            ("distortion", self.distortion),
            ("read", self.read),
            ("ADC input", self.input),
            ("quantisation", self.quantisation),
            ("clipping", self.clipping),
            ("weight clip", self.weight_clip),
            ("weight rounding", self.weight_rounding),
            ("DAC rounding", self.dac),
            ("amplifier offset", self.offset),
            ("gain spread", self.gain),
            ("driver noise", self.driver),
            ("DAC non-linearity", self.dac_nonlinearity),
            ("ADC non-linearity", self.adc_nonlinearity),
        ]
    }

    /// Sum over the sources (A²).
    pub fn total(&self) -> f64 {
        self.sources().iter().map(|(_, v)| v).sum()
    }

    pub(crate) fn add_scaled(&mut self, other: &Self, scale: f64) {
        self.signal += scale * other.signal;
        self.thermal += scale * other.thermal;
        self.shot += scale * other.shot;
        self.programming += scale * other.programming;
        self.distortion += scale * other.distortion;
        self.read += scale * other.read;
        self.input += scale * other.input;
        self.quantisation += scale * other.quantisation;
        self.clipping += scale * other.clipping;
        self.weight_clip += scale * other.weight_clip;
        self.weight_rounding += scale * other.weight_rounding;
        self.dac += scale * other.dac;
        self.offset += scale * other.offset;
        self.gain += scale * other.gain;
        self.driver += scale * other.driver;
        self.dac_nonlinearity += scale * other.dac_nonlinearity;
        self.adc_nonlinearity += scale * other.adc_nonlinearity;
    }
}
