//! What a design is predicted to cost, in closed form.

use std::borrow::Cow;
use std::sync::Mutex;

use cim_core::{MatMul, Scratch, Tally};
use cim_nn::{Network, Product};
use cim_opt::terms::Reference;
use cim_tile::{Calibration, LayerDesign, LayerErrors, Parts};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::jacobian::Sensitivities;
use crate::sensitive::Sensitive;

impl ChipDesign {
    /// Predicted error of the design: the squared error of every output against the exact product,
    /// weighted by [`sensitivities`](crate::sensitivities).
    ///
    /// Every product is driven as it is in the chip, by the mean of what those in front of it give: what
    /// one clips, the next need not. Mean errors of all sources add up before they are squared. Where
    /// a factor that all outputs of a product share changes no answer, they are compared with the nearest
    /// multiple of the product. This is what the program minimises a convex form of.
    ///
    /// # Errors
    /// As [`errors`](Self::errors).
    pub fn objective(
        &self,
        network: &Network,
        inputs: &LayerInputs,
        sensitivities: &Sensitivities,
    ) -> Result<f64, ChipError> {
        // Refuses whatever could be refused below.
        self.parts.check()?;
        for idx in 0..self.layers.len() {
            inputs.calibration(idx, self.layers[idx].input_limit, &self.parts)?;
        }
        let products = network.products().zip(&self.layers).enumerate();
        let means: Vec<Mean<'_>> = products
            .map(|(idx, (product, design))| {
                let parts = self.parts.of_layer(idx);
                let none = Calibration::exact(Array2::zeros((1, product.weights.nrows())));
                LayerErrors::of(&parts, design, product.weights, &none)?;
                Ok(Mean { parts, design, product, met: Mutex::default() })
            })
            .collect::<Result<_, ChipError>>()?;
        let driven = LayerInputs::driven_by(network, &means, inputs.samples());
        let met: Vec<Vec<LayerErrors>> = means.into_iter().map(Mean::met).collect();
        // Products that are driven once a sample have met their errors on the way, all samples together.
        let errors = if network.products().all(|product| product.per_sample == 1) {
            for (idx, design) in self.layers.iter().enumerate() {
                driven.calibration(idx, design.input_limit, &self.parts)?;
            }
            met.into_iter().flatten().collect()
        } else {
            self.errors(network, &driven)?
        };
        let reference = sensitivities.reference(network.scales());
        let of = |errors: &LayerErrors| match reference {
            Reference::Exact => errors.output_error(),
            Reference::Scaled => errors.output_error_after_gain(),
        };
        Ok(errors
            .iter()
            .zip(&sensitivities.outputs)
            .map(|(errors, felt)| of(errors).dot(felt))
            .sum())
    }
}

/// A product that gives the mean of what chips give.
struct Mean<'a> {
    parts: Cow<'a, Parts>,
    design: &'a LayerDesign,
    product: Product<'a>,
    /// Errors at what drove it, one for each time.
    met: Mutex<Vec<LayerErrors>>,
}

impl Mean<'_> {
    fn met(self) -> Vec<LayerErrors> {
        self.met.into_inner().expect("no product panics")
    }
}

impl MatMul for Mean<'_> {
    fn shape(&self) -> (usize, usize) {
        self.product.weights.dim()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        _: u64,
        mut y: ArrayViewMut2<'_, f32>,
        _: &mut Scratch,
        _: &mut Tally,
    ) {
        let dac = self.parts.check().expect("checked before");
        let calibration = Calibration::new(x, self.design.input_limit, &dac);
        let errors = LayerErrors::of(&self.parts, self.design, self.product.weights, &calibration)
            .expect("weights and full scales were checked before");
        y.assign(&errors.mean_output().mapv(|y| y as f32));
        self.met.lock().expect("no product panics").push(errors);
    }
}
