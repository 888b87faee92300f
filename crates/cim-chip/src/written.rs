//! A design as written in a file.

use cim_core::{Amps, Siemens, Volts};
use cim_device::{DeviceError, Window};
use cim_tile::{LayerDesign, Parts, TileError};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::mapped::Mapped;
use crate::scaling::Scaling;
use crate::sections::{need, need_within};

/// What an optimiser chose for one network, beside the preset that it chose within.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenDesign {
    /// Lowest conductance that weights are mapped to (S).
    pub g_min: Siemens,
    /// Highest conductance that weights are mapped to (S).
    pub g_max: Siemens,
    /// Row voltage of the largest input code (V).
    pub read_voltage: Volts,
    /// Every product, in the order of the network.
    pub product: Vec<WrittenProduct>,
}

/// What was chosen for one product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenProduct {
    /// Its name, which must be that of the network.
    pub name: String,
    /// Weight that stands for the whole window.
    pub weight_clip: f32,
    /// Input of the largest code.
    pub input_limit: f32,
    /// Effective volts per volt of drive.
    pub drive_gain: f64,
    /// How its weights are scaled before all that; left out, not at all.
    #[serde(default)]
    pub scaling: Scaling,
    /// Full scales (A), row tiles × (column tiles · full-scale groups).
    pub full_scale: Vec<Vec<Amps>>,
}

impl WrittenDesign {
    /// What `design` chose for the products of `network`.
    pub fn of(design: &ChipDesign, network: &impl Mapped) -> Self {
        let products = network.products().into_iter().zip(&design.layers).enumerate();
        let written = |(idx, (product, layer)): (usize, (cim_nn::Product<'_>, &LayerDesign))| {
            WrittenProduct {
                name: product.name.to_owned(),
                weight_clip: layer.weight_clip,
                input_limit: layer.input_limit,
                drive_gain: layer.drive_gain,
                scaling: network.scaling(idx),
                full_scale: layer.full_scale.rows().into_iter().map(|row| row.to_vec()).collect(),
            }
        };
        Self {
            g_min: design.parts.window.g_min,
            g_max: design.parts.window.g_max,
            read_voltage: design.parts.read_voltage,
            product: products.map(written).collect(),
        }
    }

    /// How each product is scaled, which a network has to be before the design is built for it.
    pub fn scalings(&self) -> Vec<Scaling> {
        self.product.iter().map(|own| own.scaling).collect()
    }

    /// Refuses numbers that no design has, whatever the network: [`build`](Self::build) does it first, and whoever
    /// writes a design wants it before.
    ///
    /// # Errors
    /// [`ChipError::Section`] for the first.
    pub fn check(&self) -> Result<(), ChipError> {
        need_within("read_voltage", self.read_voltage, Volts(1e-6), Volts(100.0))?;
        for own in &self.product {
            let key = |key: &str| format!("product.{}.{key}", own.name);
            for (name, value) in [
                ("weight_clip", f64::from(own.weight_clip)),
                ("input_limit", f64::from(own.input_limit)),
                ("drive_gain", own.drive_gain),
            ] {
                need_within(&key(name), value, 1e-12, 1e12)?;
            }
            for &value in own.full_scale.iter().flatten() {
                need_within(&key("full_scale"), value, Amps(1e-18), Amps(1e3))?;
            }
        }
        Ok(())
    }

    /// The design of `network` on `parts`, of which window and read voltage are replaced.
    ///
    /// # Errors
    /// [`ChipError::Section`] for another network or other tiles than the design is of, and for
    /// numbers that cannot be; [`ChipError::Device`] for a window beyond that of the cells.
    pub fn build(&self, mut parts: Parts, network: &impl Mapped) -> Result<ChipDesign, ChipError> {
        self.check()?;
        parts.window = Window::new(self.g_min, self.g_max)?;
        parts.read_voltage = self.read_voltage;
        let window = format!("{:.3} to {:.3}", self.g_min, self.g_max);
        match parts.check() {
            Err(TileError::Device(DeviceError::OutsideDevice { g_off, g_on, .. })) => need(
                false,
                "g_min, g_max",
                window,
                &format!(
                    "cells of this preset have {g_off:.3} to {g_on:.3}: give the preset that the design was made with"
                ),
            )?,
            checked => {
                checked?;
            }
        }
        let products = network.products();
        let names: Vec<&str> = self.product.iter().map(|own| own.name.as_str()).collect();
        let same = names.iter().copied().eq(products.iter().map(|product| product.name));
        need(
            same,
            "product",
            names.join(", "),
            &format!(
                "this network has {}: give the design of this network, all its products",
                products.iter().map(|product| product.name).collect::<Vec<_>>().join(", ")
            ),
        )?;
        let mut layers = Vec::with_capacity(products.len());
        for (idx, (own, product)) in self.product.iter().zip(&products).enumerate() {
            let key = |key: &str| format!("product.{}.{key}", own.name);
            need(
                own.scaling == network.scaling(idx),
                &key("scaling"),
                own.scaling.name(),
                "scale the network as its design says",
            )?;
            // Between factors no weight is above 1, but for rounding.
            let clip_fits = own.scaling == Scaling::None || own.weight_clip <= 1.001;
            need(
                clip_fits,
                &key("weight_clip"),
                own.weight_clip,
                "of a scaled product give up to 1: clips, limits and full scales are of what stands between its \
                 factors, so that `scaling` is not changed without them",
            )?;
            let (inputs, outputs) = product.weights.dim();
            let (rows, columns) = parts.of_layer(idx).full_scale_shape(inputs, outputs);
            let fits = own.full_scale.len() == rows
                && own.full_scale.iter().all(|row| row.len() == columns);
            let shown = format!("of another grid than {rows} × {columns}");
            need(fits, &key("full_scale"), shown, "give the preset that the design was made with")?;
            let values: Vec<Amps> = own.full_scale.concat();
            let full_scale = Array2::from_shape_vec((rows, columns), values).expect("just checked");
            layers.push(LayerDesign {
                weight_clip: own.weight_clip,
                input_limit: own.input_limit,
                drive_gain: own.drive_gain,
                full_scale,
            });
        }
        Ok(ChipDesign { parts, layers })
    }
}
