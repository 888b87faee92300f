//! Networks of few numbers: their operations.

use cim_chip::ChipError;
use cim_chip::sections::{NetworkSpec, listed, need, need_within, network};
use cim_nn::operations::batch_norm::BatchNormSpec;
use cim_nn::operations::conv::Conv2dSpec;
use cim_nn::operations::flatten::FlattenSpec;
use cim_nn::operations::linear::LinearSpec;
use cim_nn::operations::max_pool::MaxPoolSpec;
use cim_nn::operations::sign::SignSpec;
use cim_nn::operations::ternary::TernarySpec;
use cim_nn::operations::threshold::ThresholdSpec;
use cim_nn::operations::window::Sides;
use cim_nn::{Dataset, OperationSpec, Shape};
use cim_tile::mapping::Numbers;
use serde::{Deserialize, Serialize};

/// Hidden layers of both networks.
///
/// LeNet has two blocks of one convolution of 5 × 5 with 6 and 16 channels before layers of 120 and 84
/// features; a VGG has blocks of two convolutions of 3 × 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenSpec {
    /// Convolutions before the dense layers, each block with a pool of 2 × 2 behind it; none for a perceptron.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<BlockSpec>,
    /// Widths of dense layers, at least one.
    pub widths: Vec<usize>,
}

/// Convolutions of one size, and a maximum over 2 × 2 places behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockSpec {
    /// How many, 1 to 8.
    pub convolutions: usize,
    /// Channels of each, 1 to 65,536.
    pub channels: usize,
    /// Sides of its window, 1 to 64; nothing lies around pictures, as there is no number for it.
    pub kernel: usize,
}

/// Pixels of a picture, and classes of a network for the data set.
const ENDS: ([usize; 3], usize) = ([1, 28, 28], 10);
const MOST_CONVOLUTIONS: usize = 8;

impl HiddenSpec {
    /// Checks that there is such a network; `section` is where it stands.
    ///
    /// # Errors
    /// [`ChipError`] for the first key that cannot be.
    pub fn check(&self, section: &str) -> Result<(), ChipError> {
        let widths = &self.widths;
        let some = !widths.is_empty() && widths.iter().all(|width| (1..=65_536).contains(width));
        need(
            some,
            &format!("{section}.widths"),
            listed(widths),
            "give at least one width, 1 to 65536",
        )?;
        for (idx, block) in self.blocks.iter().enumerate() {
            let key = |name: &str| format!("{section}.blocks.{idx}.{name}");
            need_within(&key("convolutions"), block.convolutions, 1, MOST_CONVOLUTIONS)?;
            need_within(&key("channels"), block.channels, 1, 65_536)?;
            need_within(&key("kernel"), block.kernel, 1, 64)?;
        }
        let whole = network::check(&self.shape()).map(drop);
        whole.or_else(|error| {
            let help =
                "give blocks and widths of which a picture of 28 × 28 pixels leaves something";
            need(false, &format!("{section}.blocks"), error, help)
        })
    }

    /// The network of either kind of numbers, without them.
    pub fn shape(&self) -> NetworkSpec {
        let ([channels, height, width], classes) = ENDS;
        let input = if self.blocks.is_empty() {
            Shape::features(channels * height * width)
        } else {
            Shape { channels, height, width }
        };
        let operations = Some(self.behind(Numbers::Binary, input, classes));
        NetworkSpec { input: Some(input), operations, ..NetworkSpec::default() }
    }

    /// Shape of a sample, and operations: pixels as few numbers; convolutions and dense layers with batch norm
    /// and step; and a last layer whose batch norm stays digital, as its outputs are compared and not rounded.
    pub fn operations(&self, numbers: Numbers, data: &Dataset) -> (Shape, Vec<OperationSpec>) {
        let input = if self.blocks.is_empty() {
            Shape::features(data.pixels())
        } else {
            Shape { channels: 1, height: data.rows(), width: data.cols() }
        };
        (input, self.behind(numbers, input, data.classes()))
    }

    fn behind(&self, numbers: Numbers, input: Shape, classes: usize) -> Vec<OperationSpec> {
        let step = || match numbers {
            Numbers::Binary => OperationSpec::Sign(SignSpec {}),
            Numbers::Ternary => OperationSpec::Ternary(TernarySpec {}),
        };
        let channels = input.channels;
        let mut operations = vec![match numbers {
            Numbers::Binary => OperationSpec::Threshold(ThresholdSpec {
                least: vec![0.5; channels],
                rising: vec![true; channels],
            }),
            Numbers::Ternary => step(),
        }];
        let [one, two, none] = [1, 2, 0].map(Sides::Both);
        for &BlockSpec { convolutions, channels, kernel } in &self.blocks {
            for _ in 0..convolutions {
                operations.push(OperationSpec::Conv2d(Conv2dSpec {
                    channels,
                    kernel: Sides::Both(kernel),
                    stride: one,
                    padding: none,
                    groups: 1,
                }));
                operations.push(OperationSpec::BatchNorm(BatchNormSpec {}));
                operations.push(step());
            }
            let pool = MaxPoolSpec { kernel: two, stride: two, padding: none };
            operations.push(OperationSpec::MaxPool(pool));
        }
        if !self.blocks.is_empty() {
            operations.push(OperationSpec::Flatten(FlattenSpec {}));
        }
        for &features in &self.widths {
            operations.push(OperationSpec::Linear(LinearSpec { features }));
            operations.push(OperationSpec::BatchNorm(BatchNormSpec {}));
            operations.push(step());
        }
        operations.push(OperationSpec::Linear(LinearSpec { features: classes }));
        operations.push(OperationSpec::BatchNorm(BatchNormSpec {}));
        operations
    }
}
