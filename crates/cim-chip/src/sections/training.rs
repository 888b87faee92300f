//! `[training.*]`: recipes of training runs.

use serde::{Deserialize, Serialize};

use cim_nn::NetworkError;

use super::need::{need, need_fraction, need_within};
use crate::error::ChipError;

pub use cim_nn::Recipe;

/// Images of one step that are held at once.
const MAX_BATCH: usize = 1 << 20;
const MAX_EPOCHS: usize = 1_000_000;

/// Checks the recipe called `key`, such as `training.digital`.
///
/// # Errors
/// [`ChipError`] naming the first key that cannot be.
pub fn check(recipe: &Recipe, key: &str) -> Result<(), ChipError> {
    let Recipe { batch, epochs, max_shift, .. } = *recipe;
    need(
        (1..=MAX_BATCH).contains(&batch),
        &format!("{key}.batch"),
        batch,
        "a batch has 1 to 1048576 images",
    )?;
    need(epochs <= MAX_EPOCHS, &format!("{key}.epochs"), epochs, "at most 1000000 epochs")?;
    need(
        max_shift <= 1024,
        &format!("{key}.max_shift"),
        max_shift,
        "shift by at most 1024 pixels",
    )?;
    recipe.check().map_err(|error| under(key, error))?;
    // Steps that are larger by far only make infinities.
    need_within(&format!("{key}.learning_rate"), recipe.learning_rate, 0.0, 1e3)?;
    need_within(&format!("{key}.weight_decay"), recipe.weight_decay, 0.0, 1e3)?;
    need_within(&format!("{key}.full_scale_rate"), recipe.full_scale_rate, 0.0, 1e3)?;
    need_within(&format!("{key}.teacher_temperature"), recipe.teacher_temperature, 1e-3, 1e3)
}

/// Checks the recipe called `key` of numbers alone, without a teacher and without converters: what nothing acts on
/// must be 0.
///
/// # Errors
/// As [`check`].
pub fn check_alone(recipe: &Recipe, key: &str) -> Result<(), ChipError> {
    check(recipe, key)?;
    let taught = format!("{key}.distillation");
    need(recipe.distillation == 0.0, &taught, recipe.distillation, "give 0: nothing teaches it")?;
    let learned = format!("{key}.full_scale_rate");
    let help = "give 0: it learns without converters";
    need(recipe.full_scale_rate == 0.0, &learned, recipe.full_scale_rate, help)
}

/// What a recipe refuses, with the whole path of its key.
pub fn under(key: &str, error: NetworkError) -> ChipError {
    match error {
        NetworkError::Recipe { name, value, expected } => ChipError::Section {
            key: format!("{key}.{name}"),
            value: value.to_string(),
            help: format!("give {expected}"),
        },
        other => other.into(),
    }
}

/// Fine-tuning under Gaussian noise on every weight, fresh for every batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisySpec {
    /// Standard deviation of the noise, as a fraction of the layer's largest weight, 0 to 1.
    pub weight_noise: f64,
    /// The run.
    pub recipe: Recipe,
}

impl NoisySpec {
    /// Checks noise and recipe of `training.noise`.
    ///
    /// # Errors
    /// [`ChipError`] naming the first key that cannot be.
    pub fn check(&self) -> Result<(), ChipError> {
        need_fraction("training.noise.weight_noise", self.weight_noise)?;
        check(&self.recipe, "training.noise.recipe")
    }
}
