//! Windows that learning knows: the same padding on both sides, no dilation.

use super::layer::Sliding;
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};

/// How the window of a node slides over `rank` dimensions in space; its kernel is `kernel`, or what the
/// node says.
pub(super) fn sliding(
    attributes: &mut Attributes,
    rank: usize,
    kernel: Option<&[usize]>,
) -> Result<Sliding, OpError> {
    if !(1..=2).contains(&rank) {
        return Err(unsupported!("a window over {rank} dimensions"));
    }
    let said = attributes.sizes("kernel_shape")?;
    let kernel = match (kernel, said) {
        (Some(kernel), Some(said)) if kernel != said => {
            return Err(invalid!("kernel_shape {said:?} for a kernel of {kernel:?}"));
        }
        (Some(kernel), _) => kernel.to_vec(),
        (None, Some(said)) => said,
        (None, None) => return Err(invalid!("no kernel_shape")),
    };
    let stride = attributes.sizes("strides")?.unwrap_or_else(|| vec![1; rank]);
    let dilations = attributes.sizes("dilations")?.unwrap_or_else(|| vec![1; rank]);
    if dilations.iter().any(|&dilation| dilation != 1) {
        return Err(unsupported!("dilation {dilations:?}"));
    }
    let pads = attributes.sizes("pads")?;
    let pads = match attributes.text_or("auto_pad", "NOTSET")?.as_str() {
        "NOTSET" => pads.unwrap_or_else(|| vec![0; 2 * rank]),
        "VALID" => vec![0; 2 * rank],
        other => return Err(unsupported!("auto_pad {other:?}")),
    };
    if kernel.len() != rank || stride.len() != rank || pads.len() != 2 * rank {
        return Err(invalid!("kernel {kernel:?}, strides {stride:?}, pads {pads:?}"));
    }
    let (before, after) = pads.split_at(rank);
    if before != after {
        return Err(unsupported!("padding of {before:?} before and {after:?} behind"));
    }
    Ok(Sliding { kernel, stride, padding: before.to_vec() })
}
