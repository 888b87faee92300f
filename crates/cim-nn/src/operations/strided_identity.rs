//! Every n-th place of every channel, with channels of zeros behind: the shortcut of residual
//! networks that has no weights.
//!
//! Source: He et al., *Deep residual learning for image recognition*, 2016, section 3.3, option A.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "strided-identity", channels = 32, before = 8, stride = 2 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StridedIdentitySpec {
    /// Channels behind it, not fewer than before it.
    pub channels: usize,
    /// Channels of zeros in front of those that are taken; 0 unless given.
    #[serde(default)]
    pub before: usize,
    /// Every so many places along each side.
    pub stride: usize,
}

/// Takes places and adds channels for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StridedIdentity {
    input: Shape,
    channels: usize,
    before: usize,
    stride: usize,
}

impl StridedIdentitySpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<StridedIdentity, NetworkError> {
        let &Self { channels, before, stride } = self;
        builder.positive("stride", stride)?;
        if channels.checked_sub(before).is_none_or(|room| room < input.channels) {
            return Err(
                builder.problem(Problem::Entries { entries: channels, channels: input.channels })
            );
        }
        Ok(StridedIdentity { input, channels, before, stride })
    }
}

impl StridedIdentity {
    /// Calls `visit` with every output that is taken from a place, and that place.
    fn for_each(&self, batch: usize, mut visit: impl FnMut(usize, usize)) {
        let Shape { channels, height, width } = self.input;
        let output = self.output();
        for sample in 0..batch {
            for channel in 0..channels {
                let plane = sample * output.channels + self.before + channel;
                for row in 0..output.height {
                    let to = (plane * output.height + row) * output.width;
                    let from = (sample * channels + channel) * height + row * self.stride;
                    for col in 0..output.width {
                        visit(to + col, from * width + col * self.stride);
                    }
                }
            }
        }
    }
}

impl Operate for StridedIdentity {
    fn output(&self) -> Shape {
        Shape {
            channels: self.channels,
            height: self.input.height.div_ceil(self.stride),
            width: self.input.width.div_ceil(self.stride),
        }
    }

    fn keeps_range(&self) -> bool {
        true
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(batch * self.output().len(), T::default());
        y.fill(T::default());
        self.for_each(batch, |to, from| y[to] = x[from]);
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        if wanted {
            dx.resize(x.len(), T::default());
            dx.fill(T::default());
            self.for_each(batch, |to, from| dx[from] = dy[to]);
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for StridedIdentitySpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let (image, before) = (draws.image(), draws.whole(0, 2));
        let channels = image.channels + before + draws.whole(0, 2);
        let stride = draws.whole(1, 3);
        let keys = format!("channels = {channels}\nbefore = {before}\nstride = {stride}");
        Some((super::gradients::written(&keys), image))
    }
}
