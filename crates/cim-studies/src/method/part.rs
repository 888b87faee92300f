//! The parts of the full method, each of which can be there or not.

/// A part of the full method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The conductance window by the program; else the whole window of the device.
    Window,
    /// The read voltage by the program; else the nominal one.
    ReadVoltage,
    /// The weight clip by search; else the largest weight.
    Clip,
    /// Full scales by the program; else those of the worst case.
    FullScale,
    /// A ReLU that expects the noise, in training.
    Relu,
    /// Noise of cells and reads, drawn in training.
    Noise,
    /// Full scales learned in training, and kept where they are better on the held-out images.
    LearnedFullScale,
    /// The digital network as the teacher.
    Distillation,
}

impl Part {
    /// All, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Window,
        Self::ReadVoltage,
        Self::Clip,
        Self::FullScale,
        Self::Relu,
        Self::Noise,
        Self::LearnedFullScale,
        Self::Distillation,
    ];

    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::ReadVoltage => "read_voltage",
            Self::Clip => "clip",
            Self::FullScale => "full_scale",
            Self::Relu => "relu",
            Self::Noise => "noise",
            Self::LearnedFullScale => "learned_full_scale",
            Self::Distillation => "distillation",
        }
    }
}

/// Which parts are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method([bool; Part::ALL.len()]);

impl Method {
    /// The full method.
    pub const FULL: Self = Self([true; Part::ALL.len()]);
    /// The naive mapping of a network that was trained as numbers.
    pub const NAIVE: Self = Self([false; Part::ALL.len()]);

    /// With `part`.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.0[part as usize] = true;
        self
    }

    /// Without `part`.
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.0[part as usize] = false;
        self
    }

    /// Whether `part` is there.
    pub fn has(self, part: Part) -> bool {
        self.0[part as usize]
    }

    /// Whether training goes through the codes of the converters: where noise or full scales are
    /// learned from.
    pub fn trains_on_codes(self) -> bool {
        self.has(Part::Noise) || self.has(Part::LearnedFullScale)
    }

    /// Whether training goes through the design at all, and not on numbers.
    pub fn trains_through_design(self) -> bool {
        self.trains_on_codes() || self.has(Part::Relu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_taken_out_and_put_in_alone() {
        for part in Part::ALL {
            let (without, only) = (Method::FULL.without(part), Method::NAIVE.with(part));
            for other in Part::ALL {
                assert_eq!(without.has(other), other != part);
                assert_eq!(only.has(other), other == part);
            }
            assert_eq!(without.with(part), Method::FULL);
        }
        assert!(!Method::NAIVE.trains_through_design() && Method::FULL.trains_on_codes());
    }
}
