//! Shapes of what flows through a network, one sample at a time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Shape of one sample: channels × height × width.
///
/// A series of channels × time has height 1; plain features are channels of 1 × 1. Samples lie one
/// after another in memory, channels outermost, rows of the picture innermost but one.
///
/// ```
/// use cim_nn::Shape;
///
/// let series = Shape::series(3, 128);
/// assert_eq!((series.len(), series.positions(), series.to_string()), (384, 128, "3 × 128".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct Shape {
    /// Channels, or features.
    pub channels: usize,
    /// Rows of a picture; 1 for series and features.
    pub height: usize,
    /// Columns of a picture, or points in time; 1 for features.
    pub width: usize,
}

/// No sample, and no value inside a network, has more numbers than this.
pub const MAX_SAMPLE: usize = 1 << 26;

impl Shape {
    /// Plain features.
    pub const fn features(features: usize) -> Self {
        Self { channels: features, height: 1, width: 1 }
    }

    /// A series of channels × time.
    pub const fn series(channels: usize, time: usize) -> Self {
        Self { channels, height: 1, width: time }
    }

    /// Pictures of channels × height × width.
    pub const fn image(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Numbers of one sample.
    ///
    /// # Panics
    /// On overflow, which [`checked_len`](Self::checked_len) excludes.
    pub const fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether there is nothing in a sample.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Numbers of one sample if there are any and not more than [`MAX_SAMPLE`].
    pub fn checked_len(self) -> Option<usize> {
        let area = self.height.checked_mul(self.width)?;
        self.channels.checked_mul(area).filter(|n| (1..=MAX_SAMPLE).contains(n))
    }

    /// Places of a channel: height × width.
    pub const fn positions(self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, height, width } = self;
        match (height, width) {
            (1, 1) => write!(f, "{channels}"),
            (1, _) => write!(f, "{channels} × {width}"),
            _ => write!(f, "{channels} × {height} × {width}"),
        }
    }
}

impl TryFrom<Vec<usize>> for Shape {
    type Error = String;

    fn try_from(sides: Vec<usize>) -> Result<Self, String> {
        let shape = match sides[..] {
            [features] => Self::features(features),
            [channels, time] => Self::series(channels, time),
            [channels, height, width] => Self::image(channels, height, width),
            _ => {
                return Err(format!(
                    "a shape has 1 (features), 2 (channels, time) or 3 (channels, height, width) \
                     numbers, not {}",
                    sides.len()
                ));
            }
        };
        shape.checked_len().map(|_| shape).ok_or_else(|| {
            format!("a shape of {sides:?} holds nothing, or more than {MAX_SAMPLE} numbers")
        })
    }
}

impl From<Shape> for Vec<usize> {
    fn from(shape: Shape) -> Self {
        match (shape.height, shape.width) {
            (1, 1) => vec![shape.channels],
            (1, time) => vec![shape.channels, time],
            (height, width) => vec![shape.channels, height, width],
        }
    }
}
