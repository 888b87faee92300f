//! What came of fine-tuning.

use std::fmt;

use cim_chip::Estimate;
use cim_report::Shown;
use cim_report::Timing;
use cim_report::format::{percent, shown};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::super::words;

/// A fine-tuned network, and what it is better by.
pub struct Tuned {
    /// Its weights (safetensors), with the names and layouts of the file that was read.
    pub weights: Vec<u8>,
    /// Accuracy without a chip, before and after.
    pub digital: [f64; 2],
    /// Accuracy on chips, before and after, with 95 % intervals over chips.
    pub on_chips: [Estimate; 2],
    /// What is gained on the same chips.
    pub gain: Estimate,
    /// What was tried, the network as it was first.
    pub candidates: Vec<Candidate>,
    /// Which of them stayed.
    pub chosen: usize,
    /// Samples that were learned from.
    pub learned_from: usize,
    /// Samples, of those, on which designs were set.
    pub calibrated_on: usize,
    /// Samples that choices were made with.
    pub chosen_with: usize,
    /// What it was judged with, in words.
    pub judged_on: String,
    /// Whether row converters were given a sign that the preset does not give them.
    pub made_signed: bool,
    /// How long each stage took.
    pub timing: Timing,
}

/// One of the networks that were tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Largest learning rate; none for the network as it was.
    pub rate: Option<f32>,
    /// Accuracy on chips with the samples that choices are made with.
    pub score: Estimate,
}

/// Mean, and half the width of the interval.
type Pair = [f64; 2];

fn pair(Estimate { mean, ci95, .. }: Estimate) -> Pair {
    [mean, ci95]
}

/// All but the weights and the times.
impl Serialize for Tuned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Tuned", 13)?;
        let [digital_before, digital_after] = self.digital;
        fields.serialize_field("digital_before", &digital_before)?;
        fields.serialize_field("digital_after", &digital_after)?;
        let [before, after] = self.on_chips.map(pair);
        fields.serialize_field("on_chips_before", &before)?;
        fields.serialize_field("on_chips_after", &after)?;
        fields.serialize_field("gain", &pair(self.gain))?;
        fields.serialize_field("chips", &self.gain.chips)?;
        fields.serialize_field("learning_rate", &self.candidates[self.chosen].rate)?;
        let tried: Vec<(Option<f32>, Pair)> =
            self.candidates.iter().map(|tried| (tried.rate, pair(tried.score))).collect();
        fields.serialize_field("tried", &tried)?;
        fields.serialize_field("learned_from", &self.learned_from)?;
        fields.serialize_field("calibrated_on", &self.calibrated_on)?;
        fields.serialize_field("chosen_with", &self.chosen_with)?;
        fields.serialize_field("judged_on", &self.judged_on)?;
        fields.serialize_field("made_signed", &self.made_signed)?;
        fields.end()
    }
}

/// A table for a terminal.
impl fmt::Display for Tuned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = self.on_chips.map(|score| shown(&words::of(score), &Shown::Percent));
        let [digital_before, digital_after] = self.digital.map(percent);
        writeln!(f, "                    before            after")?;
        writeln!(f, "digital             {digital_before:<17} {digital_after}")?;
        writeln!(f, "on {:<4} chips       {before:<17} {after}", self.gain.chips)?;
        let gain = shown(&words::of(self.gain), &Shown::Points);
        writeln!(f, "gained              {gain} points on the same chips")?;
        match self.candidates[self.chosen].rate {
            Some(rate) => writeln!(f, "learning rate       {rate:e}")?,
            None => writeln!(f, "nothing that was learned does better: weights are as they were")?,
        }
        for Candidate { rate, score } in &self.candidates {
            let what = rate.map_or("as it was".to_owned(), |rate| format!("at {rate:e}"));
            let score = shown(&words::of(*score), &Shown::Percent);
            writeln!(f, "    {what:<16}{score} where choices are made")?;
        }
        let Self { learned_from, calibrated_on, chosen_with, judged_on, .. } = self;
        writeln!(
            f,
            "{learned_from} samples learned from, designs set on {calibrated_on} of them, {chosen_with} \
             chosen with, judged on {judged_on}; intervals are over chips, with these samples"
        )?;
        if self.made_signed {
            writeln!(
                f,
                "inputs have both signs: row converters are bipolar, as cim eval makes them"
            )?;
        }
        Ok(())
    }
}
