//! Points around a line of agreement, such as predicted over measured.

use serde::{Deserialize, Serialize};

/// Pairs of positive numbers that should agree: a cloud on two logarithmic axes, and beside it the
/// distribution of their ratio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scatter {
    /// Title of the cloud.
    pub cloud_title: String,
    /// What `x` is, with its unit.
    pub x_label: String,
    /// What `y` is, with the same unit.
    pub y_label: String,
    /// Title of the distribution.
    pub ratio_title: String,
    /// What `y / x` is.
    pub ratio_label: String,
    /// What is counted, in the plural.
    pub count_label: String,
    /// Dashed lines stand where the ratio is off by this fraction.
    pub tolerance: f64,
    /// Points by group.
    pub clouds: Vec<Cloud>,
}

/// Points of one colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// Name in the legend.
    pub name: String,
    /// Points as `[x, y]`; those that are not positive are not drawn.
    pub points: Vec<[f64; 2]>,
}

impl Scatter {
    /// Every point that can be drawn, with the number of its cloud.
    pub fn drawn(&self) -> impl Iterator<Item = (usize, [f64; 2])> {
        let clouds = self.clouds.iter().enumerate();
        clouds
            .flat_map(|(index, cloud)| cloud.points.iter().map(move |point| (index, *point)))
            .filter(|(_, [x, y])| *x > 0.0 && *y > 0.0)
    }
}
