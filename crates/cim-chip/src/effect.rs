//! What keeps a chip from the digital network, one effect after the other.

use std::sync::Arc;

use cim_adc::Nonlinearity;
use cim_core::{Amps, Seconds};
use cim_crossbar::{Ambient, Wires};
use cim_device::{Composed, Conduction, Device, Ideal};

use crate::design::{ChipDesign, worst_case};
use crate::evaluate::Moment;
use crate::mapped::Mapped;

/// One thing that keeps a chip from being exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Cells do not hold what they were programmed to, defects included.
    Programming,
    /// Cells change with time.
    Ageing,
    /// Cells differ from read to read.
    ReadNoise,
    /// Cells are not ohmic.
    Conduction,
    /// Wires have a resistance.
    Wires,
    /// Thermal and shot noise of cells and amplifiers.
    CircuitNoise,
    /// Offsets and gains of amplifiers, noise of drivers, converters that are not straight.
    FrontEnd,
    /// Noise at the input of the column converters.
    ConverterNoise,
    /// Row converters round.
    InputRounding,
    /// Column converters round, and clip what is beyond their full scale.
    OutputConversion,
}

/// Resolution (bits) of a converter whose effect is taken away: the finest that there is.
pub const FINEST_BITS: u32 = 16;

impl Effect {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Programming,
        Self::Ageing,
        Self::ReadNoise,
        Self::Conduction,
        Self::Wires,
        Self::CircuitNoise,
        Self::FrontEnd,
        Self::ConverterNoise,
        Self::InputRounding,
        Self::OutputConversion,
    ];

    /// Name in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Programming => "programming",
            Self::Ageing => "ageing",
            Self::ReadNoise => "read_noise",
            Self::Conduction => "conduction",
            Self::Wires => "wires",
            Self::CircuitNoise => "circuit_noise",
            Self::FrontEnd => "front_end",
            Self::ConverterNoise => "converter_noise",
            Self::InputRounding => "input_rounding",
            Self::OutputConversion => "output_conversion",
        }
    }

    /// Name for a reader.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Programming => "programming error",
            Self::Ageing => "time since programming",
            Self::ReadNoise => "read noise of cells",
            Self::Conduction => "current against voltage",
            Self::Wires => "wires",
            Self::CircuitNoise => "thermal and shot noise",
            Self::FrontEnd => "errors of the front end",
            Self::ConverterNoise => "noise of the ADC",
            Self::InputRounding => "rounding of the DAC",
            Self::OutputConversion => "rounding and clips of the ADC",
        }
    }

    /// Whether chips of `design` have it at `moment`.
    pub fn is_in(self, design: &ChipDesign, moment: &Moment) -> bool {
        let parts = &design.parts;
        match self {
            Self::Programming => {
                let target_s = [parts.window.g_min.0, parts.window.g_max.0];
                target_s.iter().any(|&target_s| {
                    let held = parts.device.programmed(target_s);
                    held.variance > 0.0 || held.mean != target_s
                })
            }
            Self::Ageing => moment.after != Seconds::ZERO && parts.device.ages(),
            Self::ReadNoise => {
                let window = [parts.window.g_min.0, parts.window.g_max.0];
                window.iter().any(|&g_s| parts.device.read_variance(g_s) > 0.0)
            }
            Self::Conduction => *parts.device.current_voltage() != Conduction::Ohmic,
            Self::Wires => !parts.wires.are_ideal(),
            Self::CircuitNoise => !parts.ambient.is_silent(),
            Self::FrontEnd => !parts.front_end.is_exact(),
            Self::ConverterNoise => parts.adc_noise != Amps::ZERO,
            Self::InputRounding => parts.dac.bits < FINEST_BITS,
            Self::OutputConversion => parts.adc_bits < FINEST_BITS,
        }
    }
}

impl ChipDesign {
    /// The same design (window, voltage, clips, full scales) on chips without these effects.
    ///
    /// Converters whose effect is taken away have [`FINEST_BITS`]; without the effect of the column
    /// converters their full scales are those of the largest currents that weights can draw. Without rounding, row
    /// converters are as far from straight as before, in volts; column converters are straight, as what is off are
    /// the thresholds at which they round, of a range that they no longer have. Where
    /// cells become ohmic, currents are read back accordingly, and full scales with them.
    pub fn without(&self, effects: &[Effect], network: &impl Mapped) -> Self {
        let mut design = self.clone();
        let gone = |effect: Effect| effects.contains(&effect);
        let parts = &mut design.parts;
        let ideal: Arc<dyn Device> = Arc::new(Ideal { window: parts.device.window() });
        let mut device = Composed::of(&parts.device);
        for (effect, aspect) in [
            (Effect::Programming, &mut device.programming),
            (Effect::Ageing, &mut device.ageing),
            (Effect::ReadNoise, &mut device.reading),
            (Effect::Conduction, &mut device.conduction),
        ] {
            if gone(effect) {
                *aspect = ideal.clone();
            }
        }
        parts.device = Arc::new(device);
        if gone(Effect::Wires) {
            parts.wires = Wires::NONE;
        }
        if gone(Effect::CircuitNoise) {
            parts.ambient = Ambient::SILENT;
        }
        if gone(Effect::ConverterNoise) {
            parts.adc_noise = Amps::ZERO;
        }
        if gone(Effect::FrontEnd) {
            parts.front_end = parts.front_end.exact();
        }
        if gone(Effect::InputRounding) {
            let coarse = parts.dac.levels();
            parts.dac.bits = FINEST_BITS;
            let front_end = &mut parts.front_end;
            front_end.dac_integral = front_end.dac_integral.refined(coarse, parts.dac.levels());
        }
        if gone(Effect::OutputConversion) {
            parts.adc_bits = FINEST_BITS;
            parts.front_end.adc_integral = Nonlinearity::NONE;
            parts.front_end.adc_differential = 0.0;
        }
        for (idx, (layer, product)) in design.layers.iter_mut().zip(network.products()).enumerate()
        {
            if gone(Effect::Conduction) {
                let gain = std::mem::replace(&mut layer.drive_gain, 1.0);
                layer.full_scale.mapv_inplace(|Amps(amps)| Amps(amps / gain));
            }
            if gone(Effect::OutputConversion) {
                worst_case(&design.parts.of_layer(idx), layer, product.weights);
            }
        }
        design
    }
}
