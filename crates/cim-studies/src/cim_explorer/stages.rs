//! The stages of the study, in order.

use cim_core::Stream;
use cim_nn::Dataset;
use cim_report::Timing;
use cim_tile::mapping::Numbers;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::measured::{Finished, Measured};
use super::networks::FewNumbers;
use super::outcome;
use super::points::{Designed, Hand, Point, Right};
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::checkpoints::Checkpoints;
use crate::shared::images::Images;
use crate::shared::stages::Stages;
use crate::shared::training::Training;
use crate::study::Found;

/// Name of the checkpoint of finished points.
const POINTS: &str = "points";
/// Points between two checkpoints.
const CHUNK: usize = 32;

/// Networks of signs under every mapping: all stages.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let is_own = |name: &str| name != POINTS;
    let checkpoints = Checkpoints::of_those(context, &images.sha256, &spec.trained_by(), is_own)?;
    let training = Training { context, checkpoints, data: &images.train };
    let train = |numbers| FewNumbers::train(spec, numbers, &training, &images.test, root);
    let networks = [train(Numbers::Binary)?, train(Numbers::Ternary)?];
    stages.lap("train both networks");
    let bench = Bench { spec, networks: &networks, context, root };
    let default = bench.default(&images.test)?;
    stages.lap("every mapping at the design");
    let swept = bench.sweep(images)?;
    stages.lap("sweep");
    let measured = Measured {
        digital: [networks[0].digital, networks[1].digital],
        default,
        points_per_second: swept.rate(),
        threads: context.threads,
        taken_up: swept.taken_up,
        sweep: swept.points,
    };
    let report = outcome::report(spec, images, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Points that are finished, as they are kept.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// By the names of the points.
    points: Vec<(String, Right)>,
    /// How long they took (s).
    seconds: f64,
}

/// The sweep.
struct Swept {
    points: Vec<Finished>,
    /// How many were measured in how many seconds, by all runs.
    measured: (usize, f64),
    taken_up: usize,
}

impl Swept {
    fn rate(&self) -> f64 {
        let (points, seconds) = self.measured;
        if seconds > 0.0 { points as f64 / seconds } else { 0.0 }
    }
}

struct Bench<'a> {
    spec: &'a Spec,
    networks: &'a [FewNumbers; 2],
    context: &'a Context<'a>,
    root: Stream,
}

impl Bench<'_> {
    fn network(&self, point: &Point) -> &FewNumbers {
        let [binary, ternary] = self.networks;
        if point.low_bit.numbers == binary.numbers { binary } else { ternary }
    }

    fn designed(&self, point: &Point) -> Result<Designed, StudyError> {
        Designed::of(*point, self.network(point), &self.spec.array)
    }

    fn measure(
        &self,
        designed: &Designed,
        point: &Point,
        hands: &[&Hand],
    ) -> Result<Right, StudyError> {
        designed.measure(point, self.network(point), &self.spec.array, hands, self.root)
    }

    /// Every mapping at the design; every chip looks at all images.
    fn default(&self, test: &Dataset) -> Result<Vec<Finished>, StudyError> {
        let points = self.spec.default_points();
        let chips = self.spec.evaluation.chips;
        let bar = self.context.progress.begin("mappings at the design", points.len());
        let whole = Hand::deal(test, 1);
        let hands: Vec<&Hand> = std::iter::repeat_n(&whole[0], chips).collect();
        points
            .into_par_iter()
            .map(|point| {
                let network = self.network(&point);
                let designed = self.designed(&point)?;
                let right =
                    designed.measure(&point, network, &self.spec.array, &hands, self.root)?;
                bar.step(1);
                Ok(Finished { point, right })
            })
            .collect()
    }

    /// All points; what an earlier run has finished is taken up and not measured again.
    fn sweep(&self, images: &Images) -> Result<Swept, StudyError> {
        let points = self.spec.points();
        let is_own = |name: &str| name == POINTS;
        let checkpoints: Checkpoints<'_, Kept> =
            Checkpoints::of_those(self.context, &images.sha256, &self.spec.measured_by(), is_own)?;
        let mut kept = checkpoints.load(POINTS)?.map(|saved| saved.state).unwrap_or_default();
        let known = |kept: &Kept, point: &Point| {
            let key = point.key();
            kept.points.iter().find(|(own, _)| *own == key).map(|(_, right)| right.clone())
        };
        let open: Vec<Point> =
            points.iter().filter(|point| known(&kept, point).is_none()).copied().collect();
        let taken_up = points.len() - open.len();
        let bar = self.context.progress.begin("sweep", points.len());
        bar.step(taken_up);
        let hands = Hand::deal(&images.test, self.spec.sweep.chips);
        let hands: Vec<&Hand> = hands.iter().collect();
        let mut designed: Vec<Designed> = Vec::new();
        for chunk in open.chunks(CHUNK) {
            let start_s = self.context.clock.seconds();
            designed.retain(|designed| chunk.iter().any(|point| designed.suits(point)));
            let mut missing: Vec<&Point> = Vec::new();
            for point in chunk {
                let like = |other: &&Point| Designed::same(point, other);
                let has = designed.iter().any(|designed| designed.suits(point));
                if !has && !missing.iter().any(like) {
                    missing.push(point);
                }
            }
            let more = missing.into_par_iter().map(|point| self.designed(point));
            designed.extend(more.collect::<Result<Vec<_>, _>>()?);
            let rights = (chunk.par_iter())
                .map(|point| {
                    let own = designed.iter().find(|designed| designed.suits(point));
                    let own = own.expect("made above");
                    let right = self.measure(own, point, &hands)?;
                    bar.step(1);
                    Ok((point.key(), right))
                })
                .collect::<Result<Vec<_>, StudyError>>()?;
            kept.points.extend(rights);
            kept.seconds += self.context.clock.seconds() - start_s;
            checkpoints.save(POINTS, &kept, &[])?;
        }
        let measured = (kept.points.len(), kept.seconds);
        let points = points
            .into_iter()
            .map(|point| {
                let right = known(&kept, &point).expect("all are finished");
                Finished { point, right }
            })
            .collect();
        let swept = Swept { points, measured, taken_up };
        bar.say(&format!("{:.1} points per second", swept.rate()));
        Ok(swept)
    }
}
