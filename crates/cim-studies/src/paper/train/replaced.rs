//! Parts of the program replaced by what needs none: the best percentile, all else equal.

use cim_chip::{ChipDesign, FullScale, LayerInputs};
use cim_nn::Network;

use super::rows::Choice;
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::design::{compose, tightened};
use crate::method::choose::finish::with_scales;
use crate::method::part::{Method, Part};
use crate::shared::training::Trained;

/// A design with its accuracy on the held-out images and what was chosen for it.
struct Best<T> {
    accuracy: f64,
    percentile: f64,
    what: T,
}

/// The full method without the program's full scales and without its weight clip, each with the best
/// percentile of the preset's lists in its place. `through` trains by the stage's name, the method and the
/// design, with the short budget of all rows that these stand beside; percentiles are chosen on the
/// held-out images.
pub fn replaced(
    bench: &Bench<'_>,
    network: &Network,
    inputs: &LayerInputs,
    start: &ChipDesign,
    through: impl Fn(&str, Method, &ChipDesign) -> Result<Trained, StudyError>,
    choices: &mut Vec<Choice>,
) -> Result<[(Part, Candidate); 2], StudyError> {
    let mut chosen = |part: Part, chosen: String| {
        let what = format!("percentile in place of the program's {}", part.name());
        choices.push(Choice { what, chosen });
    };

    let method = Method::FULL.without(Part::FullScale);
    let bare = compose(bench, method, start, network, inputs)?;
    let Best { percentile: percentile_before, what: design, .. } =
        best_full_scales(bench, &bare, network, inputs)?;
    let trained = through("percentile-full_scale", method, &design)?;
    let network_after = trained.state.network;
    let inputs_after = bench.inputs_of(&network_after);
    let found = best_full_scales(bench, &design, &network_after, &inputs_after)?;
    let learned = design.with_full_scales(&trained.state.full_scale);
    let learned_is_better = found.accuracy < bench.holdout(&learned, &network_after)?;
    let after = if learned_is_better { "learned".to_owned() } else { found.percentile.to_string() };
    chosen(Part::FullScale, format!("{percentile_before}, after training {after}"));
    let design = if learned_is_better { learned } else { found.what };
    let full_scale = Candidate { network: network_after, design, inputs: inputs_after };

    let mut best: Option<Best<(f64, Candidate)>> = None;
    // The largest weight as the clip is the row without the part. A percentile is tightened as the clip of the
    // program is.
    for percentile in bench.job.choices.clip_percentiles() {
        let clipped = start.clone().clipped_at(network, inputs, percentile, 100.0);
        for &share in &bench.job.choices.clip_shares {
            let design = tightened(bench, &clipped, network, inputs, share)?;
            let stage = format!("percentile-clip-{percentile}-{share}");
            let trained = through(&stage, Method::FULL, &design)?;
            let (candidate, _) = with_scales(bench, Method::FULL, &design, trained)?;
            let accuracy = bench.holdout(&candidate.design, &candidate.network)?;
            if best.as_ref().is_none_or(|best| best.accuracy < accuracy) {
                best = Some(Best { accuracy, percentile, what: (share, candidate) });
            }
        }
    }
    let Best { percentile, what: (share, clip), .. } = best.expect("there is a percentile");
    chosen(Part::Clip, format!("{percentile}, times {share}"));
    Ok([(Part::FullScale, full_scale), (Part::Clip, clip)])
}

/// The design with full scales at the percentile that does best on the held-out images.
fn best_full_scales(
    bench: &Bench<'_>,
    design: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
) -> Result<Best<ChipDesign>, StudyError> {
    let mut best: Option<Best<ChipDesign>> = None;
    for &percentile in &bench.job.choices.percentiles {
        let policy = FullScale::Percentile { percentile };
        let tried = design.clone().with_policy(network, inputs, policy)?;
        let accuracy = bench.holdout(&tried, network)?;
        if best.as_ref().is_none_or(|best| best.accuracy < accuracy) {
            best = Some(Best { accuracy, percentile, what: tried });
        }
    }
    Ok(best.expect("the list of the preset is not empty"))
}
