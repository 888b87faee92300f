//! Which crossbar holds which sections, in which order.

use serde::{Deserialize, Serialize};

use super::error::ReprogramError;

/// Sections on crossbars.
///
/// `stride` neighbouring crossbars share a run of consecutive sections and take turns in it: at 1 every
/// crossbar has a run of its own (a block), at `crossbars` all take turns (round robin).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Crossbars, 1 to 65,536.
    pub crossbars: usize,
    /// From one section of a crossbar to its next; divides the number of crossbars.
    pub stride: usize,
}

impl Schedule {
    /// Checks that strides leave no crossbar over.
    ///
    /// # Errors
    /// [`ReprogramError::Stride`].
    pub fn check(self) -> Result<(), ReprogramError> {
        let Self { crossbars, stride } = self;
        let fits = (1..=1 << 16).contains(&crossbars) && 0 < stride && crossbars % stride == 0;
        if fits { Ok(()) } else { Err(ReprogramError::Stride { stride, crossbars }) }
    }

    /// Numbers of the sections that a crossbar holds one after another, of `sections` of a layer.
    pub(super) fn of(self, crossbar: usize, sections: usize) -> impl Iterator<Item = usize> {
        let groups = self.crossbars / self.stride;
        let group = crossbar / self.stride;
        let border = |group: usize| sections * group / groups;
        (border(group)..border(group + 1)).skip(crossbar % self.stride).step_by(self.stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_held_once() {
        for (crossbars, stride) in [(1, 1), (4, 1), (4, 2), (4, 4), (6, 3)] {
            let schedule = Schedule { crossbars, stride };
            schedule.check().expect("divides");
            for sections in [0, 1, 5, 12, 31] {
                let mut all: Vec<usize> =
                    (0..crossbars).flat_map(|c| schedule.of(c, sections)).collect();
                all.sort_unstable();
                assert_eq!(all, (0..sections).collect::<Vec<_>>());
            }
        }
        let of = |stride, crossbar| {
            Schedule { crossbars: 4, stride }.of(crossbar, 8).collect::<Vec<_>>()
        };
        assert_eq!((of(1, 1), of(4, 1), of(2, 1)), (vec![2, 3], vec![1, 5], vec![1, 3]));
        assert!(Schedule { crossbars: 4, stride: 3 }.check().is_err());
        assert!(Schedule { crossbars: 0, stride: 0 }.check().is_err());
    }
}
