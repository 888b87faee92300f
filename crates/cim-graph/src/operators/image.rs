//! Pixels moved between channels and space.

use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid};
use crate::operator::{Inputs, Operator, Run};
use crate::strided::permuted;
use crate::tensor::Tensor;

pub(super) const TABLE: &[Row] = &[
    row("DepthToSpace", 1, 1, |a| {
        let is_column_first = match a.text_or("mode", "DCR")?.as_str() {
            "DCR" => false,
            "CRD" => true,
            other => return Err(invalid!("mode {other:?}")),
        };
        Ok(Box::new(DepthToSpace { block: block(a)?, is_column_first }))
    }),
    row("SpaceToDepth", 1, 1, |a| Ok(Box::new(SpaceToDepth { block: block(a)? }))),
];

fn block(attributes: &mut Attributes) -> Result<usize, OpError> {
    let size = attributes.int_or("blocksize", 0)?;
    let block = usize::try_from(size).ok().filter(|&block| block > 0 && block < 1 << 16);
    block.ok_or_else(|| invalid!("blocksize {size}"))
}

fn feature_map(x: &Tensor) -> Result<[usize; 4], OpError> {
    x.shape().try_into().map_err(|_| invalid!("{} dimensions in place of 4", x.rank()))
}

struct DepthToSpace {
    block: usize,
    is_column_first: bool,
}

impl Operator for DepthToSpace {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let ([n, c, h, w], b) = (feature_map(&x)?, self.block);
        if c % (b * b) != 0 {
            return Err(invalid!("{c} channels in blocks of {b} × {b}"));
        }
        let depth = c / (b * b);
        let y = if self.is_column_first {
            permuted(&x.reshaped(vec![n, depth, b, b, h, w]), &[0, 1, 4, 2, 5, 3])
        } else {
            permuted(&x.reshaped(vec![n, b, b, depth, h, w]), &[0, 3, 4, 1, 5, 2])
        };
        Ok(vec![y.reshaped(vec![n, depth, h * b, w * b])])
    }
}

struct SpaceToDepth {
    block: usize,
}

impl Operator for SpaceToDepth {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.take(0)?;
        run.spend(&[x.len()])?;
        let ([n, c, h, w], b) = (feature_map(&x)?, self.block);
        if h % b != 0 || w % b != 0 {
            return Err(invalid!("{h} × {w} pixels in blocks of {b} × {b}"));
        }
        let y = permuted(&x.reshaped(vec![n, c, h / b, b, w / b, b]), &[0, 3, 5, 1, 2, 4]);
        Ok(vec![y.reshaped(vec![n, c * b * b, h / b, w / b])])
    }
}
