//! The stages of the study, in order.

use std::collections::BTreeMap;

use cim_chip::sections::device;
use cim_core::{Ohms, Stream};
use cim_nn::Dataset;
use cim_report::Timing;
use cim_tile::mapping::Numbers;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chips;
use super::disturb::{Disturbed, disturbed};
use super::draft::{Converters, Draft};
use super::further::FurtherSpec;
use super::hand::Hand;
use super::measured::{Finished, Further, Measured, Placed, best_of, best_placed};
use super::networks::FewNumbers;
use super::outcome;
use super::points::{Point, Right};
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

/// Networks of few numbers under every mapping: all stages.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let is_own = |name: &str| ["binary", "ternary"].contains(&name);
    let checkpoints = Checkpoints::of_those(context, &images.sha256, &spec.trained_by(), is_own)?;
    let training = Training { context, checkpoints, data: &images.train };
    let train = |numbers| FewNumbers::train(spec, numbers, &training, &images.test, root, None);
    let networks = [train(Numbers::Binary)?, train(Numbers::Ternary)?];
    stages.lap("train both networks");
    let bench = Bench { spec, networks: &networks, context, root };
    let default = bench.default(&images.test)?;
    stages.lap("every mapping at the design");
    let wired = bench.wired(&images.test)?;
    stages.lap("every mapping on wires");
    let mut further = Vec::new();
    for (idx, own) in spec.further.iter().enumerate() {
        let at = root.child("further", idx as u64);
        further.push(self::further(own, spec, images, context, at)?);
        stages.lap(&format!("every mapping at the design, {}", own.name));
    }
    let swept = bench.sweep(images)?;
    stages.lap("sweep");
    let placed = bench.placed(&swept.points, &images.test)?;
    stages.lap("placed thresholds of few bits");
    let disturbed = bench.disturbed(&default, images)?;
    stages.lap("read disturb");
    let measured = Measured {
        window: device::build(&spec.device)?.window(),
        digital: [networks[0].digital, networks[1].digital],
        default,
        wired,
        further,
        points_per_second: swept.rate(),
        threads: context.threads,
        taken_up: swept.taken_up,
        sweep: swept.points,
        ideal: swept.ideal,
        placed,
        disturbed,
    };
    let report = outcome::report(spec, images, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Trains both networks of other layers and puts them under every mapping at the design; chips share the images.
fn further(
    own: &FurtherSpec,
    spec: &Spec,
    images: &Images,
    context: &Context<'_>,
    root: Stream,
) -> Result<Further, StudyError> {
    let spec = &spec.of_further(own);
    let is_own = |name: &str| {
        name.strip_prefix(&own.name).is_some_and(|kind| ["-binary", "-ternary"].contains(&kind))
    };
    let trained_by = (&own.name, spec.trained_by());
    let checkpoints = Checkpoints::of_those(context, &images.sha256, &trained_by, is_own)?;
    let training = Training { context, checkpoints, data: &images.train };
    let name = Some(own.name.as_str());
    let train = |numbers| FewNumbers::train(spec, numbers, &training, &images.test, root, name);
    let networks = [train(Numbers::Binary)?, train(Numbers::Ternary)?];
    let bench = Bench { spec, networks: &networks, context, root };
    let hands = Hand::deal(&images.test, spec.evaluation.chips, &networks);
    let hands: Vec<&Hand> = hands.iter().collect();
    let default = bench.of_points(&own.name, spec.default_points(), &hands)?;
    let digital = [networks[0].digital, networks[1].digital];
    Ok(Further { name: own.name.clone(), digital, default })
}

/// Points that are finished, as they are kept.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// By the names of the points.
    points: BTreeMap<String, Right>,
    /// How long they took (s).
    seconds: f64,
}

/// The sweep.
struct Swept {
    points: Vec<Finished>,
    /// Their chips with converters that are as good as none, one for each that cells and wires make.
    ideal: Vec<Finished>,
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
    fn draft(&self, point: &Point) -> Result<Draft<'_>, StudyError> {
        let [binary, ternary] = self.networks;
        let network = if point.low_bit.numbers == binary.numbers { binary } else { ternary };
        Draft::of(*point, network, self.spec)
    }

    /// Every mapping at the design; every chip looks at all images.
    fn default(&self, test: &Dataset) -> Result<Vec<Finished>, StudyError> {
        let whole = Hand::deal(test, 1, self.networks);
        let hands: Vec<_> = std::iter::repeat_n(&whole[0], self.spec.evaluation.chips).collect();
        self.of_points("mappings at the design", self.spec.default_points(), &hands)
    }

    /// Every mapping at the design on wires, for each pitch; chips share the images.
    fn wired(&self, test: &Dataset) -> Result<Vec<Vec<Finished>>, StudyError> {
        let hands = Hand::deal(test, self.spec.sweep.chips, self.networks);
        let hands: Vec<&Hand> = hands.iter().collect();
        let of = |pitch: &Ohms| {
            let words = format!("mappings on wires of {pitch}");
            self.of_points(&words, self.spec.wired_points(*pitch), &hands)
        };
        self.spec.wired.pitches.iter().map(of).collect()
    }

    fn of_points(
        &self,
        words: &str,
        points: Vec<Point>,
        hands: &[&Hand],
    ) -> Result<Vec<Finished>, StudyError> {
        let bar = self.context.progress.begin(words, points.len());
        points
            .into_par_iter()
            .map(|point| {
                let draft = self.draft(&point)?;
                let family = [(point, &draft.converters(&point)?)];
                let mut rights = chips::measure(&draft, &family, hands, self.root)?;
                bar.step(1);
                Ok(Finished { point, right: rights.swap_remove(0) })
            })
            .collect()
    }

    /// Of every mapping the best placed thresholds of few bits, beside converters that are as good as none, on chips that
    /// chose nothing; every chip looks at all images.
    fn placed(&self, sweep: &[Finished], test: &Dataset) -> Result<Vec<Placed>, StudyError> {
        let whole = Hand::deal(test, 1, self.networks);
        let hands: Vec<_> = std::iter::repeat_n(&whole[0], self.spec.evaluation.chips).collect();
        let best = best_placed(self.spec, sweep);
        let bar = self.context.progress.begin("placed thresholds of few bits", best.len());
        let of = |best: &&Finished| {
            let (point, ideal) = (best.point, best.point.with_ideal_converters());
            let draft = self.draft(&point)?;
            let (own, ideals) = (draft.converters(&point)?, draft.converters(&ideal)?);
            let family = [(point, &own), (ideal, &ideals)];
            let rights = chips::measure(&draft, &family, &hands, self.root.child("placed", 0))?;
            bar.step(1);
            let finished = |(right, point)| Finished { point, right };
            let mut both = rights.into_iter().zip([point, ideal]).map(finished);
            let (finished, ideal) = both.next().zip(both.next()).expect("one for each");
            Ok(Placed { point, swept: best.accuracy().mean, finished, ideal })
        };
        best.par_iter().map(of).collect()
    }

    /// Many reads of the best mapping of each network at the design; chips share the images.
    fn disturbed(
        &self,
        default: &[Finished],
        images: &Images,
    ) -> Result<Vec<Disturbed>, StudyError> {
        let spec = &self.spec.disturb;
        let hands = Hand::deal(&images.test, self.spec.sweep.chips, self.networks);
        let hands: Vec<&Hand> = hands.iter().collect();
        let default: Vec<&Finished> = default.iter().collect();
        let cases = spec.cases();
        let bar = self.context.progress.begin("read disturb", 2 * cases.len());
        let mut all = Vec::new();
        for numbers in [Numbers::Binary, Numbers::Ternary] {
            let own = |finished: &Finished| finished.point.low_bit.numbers == numbers;
            let Some(best) = best_of(&default, own) else { continue };
            let (point, draft) = (best.point, self.draft(&best.point)?);
            let converters = draft.converters(&point)?;
            let found = cases.par_iter().map(|case| {
                let of = (&draft, point, &converters);
                let found = disturbed(spec, of, *case, &hands, self.root)?;
                bar.step(1);
                Ok(found)
            });
            all.extend(found.collect::<Result<Vec<_>, StudyError>>()?);
        }
        Ok(all)
    }

    /// All points; what an earlier run has finished is taken up and not measured again.
    fn sweep(&self, images: &Images) -> Result<Swept, StudyError> {
        let points = self.spec.points();
        let ideal = of_each_chip(&points);
        let is_own = |name: &str| name == POINTS;
        let checkpoints: Checkpoints<'_, Kept> =
            Checkpoints::of_those(self.context, &images.sha256, &self.spec.measured_by(), is_own)?;
        let mut kept = checkpoints.load(POINTS)?.map(|saved| saved.state).unwrap_or_default();
        let is_open = |point: &&Point| !kept.points.contains_key(&point.key());
        let taken_up = points.len() - points.iter().filter(is_open).count();
        let mut open: Vec<Point> = points.iter().chain(&ideal).filter(is_open).copied().collect();
        // Points of one draft follow each other, in the order in which drafts are met.
        let drafts: Vec<Point> = firsts(&points, Point::is_drafted_as);
        open.sort_by_key(|point| drafts.iter().position(|draft| draft.is_drafted_as(point)));
        let bar = self.context.progress.begin("sweep", points.len() + ideal.len());
        bar.step(points.len() + ideal.len() - open.len());
        let hands = Hand::deal(&images.test, self.spec.sweep.chips, self.networks);
        let hands: Vec<&Hand> = hands.iter().collect();
        for own in open.chunk_by(Point::is_drafted_as) {
            let start_s = self.context.clock.seconds();
            for (point, right) in self.measure(own, &hands, &|points| bar.step(points))? {
                kept.points.insert(point.key(), right);
            }
            kept.seconds += self.context.clock.seconds() - start_s;
            checkpoints.save(POINTS, &kept, &[])?;
        }
        let measured = (kept.points.len(), kept.seconds);
        let finished = |points: Vec<Point>| -> Vec<Finished> {
            let right = |point: &Point| kept.points.get(&point.key()).cloned();
            let all = points.into_iter();
            all.map(|point| Finished { right: right(&point).expect("all are finished"), point })
                .collect()
        };
        let (points, ideal) = (finished(points), finished(ideal));
        let swept = Swept { points, ideal, measured, taken_up };
        bar.say(&format!("{:.1} points per second", swept.rate()));
        Ok(swept)
    }

    /// Measures points of one draft: converters are chosen once for all cells and wires, cells are drawn once
    /// for all converters.
    fn measure(
        &self,
        points: &[Point],
        hands: &[&Hand],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<(Point, Right)>, StudyError> {
        let Some(first) = points.first() else { return Ok(Vec::new()) };
        let draft = self.draft(first)?;
        let kinds = firsts(points, Point::shares_converters);
        let alike: Vec<Vec<Point>> = firsts(&kinds, Point::shares_range)
            .iter()
            .map(|first| kinds.iter().filter(|kind| kind.shares_range(first)).copied().collect())
            .collect();
        let converters = alike.par_iter().map(|alike| draft.converters_each(alike));
        let converters = converters.collect::<Result<Vec<_>, _>>()?;
        let chosen = || alike.iter().flatten().zip(converters.iter().flatten());
        let of = |point: &Point| -> &Converters {
            let own = chosen().find(|(kind, _)| kind.shares_converters(point));
            own.expect("one of each kind was chosen").1
        };
        let families: Vec<Vec<(Point, &Converters)>> = firsts(points, Point::shares_chips)
            .iter()
            .map(|cells| {
                let own = points.iter().filter(|point| point.shares_chips(cells));
                own.map(|point| (*point, of(point))).collect()
            })
            .collect();
        let rights = families
            .par_iter()
            .map(|family| {
                let rights = chips::measure(&draft, family, hands, self.root)?;
                done(family.len());
                Ok(family.iter().map(|(point, _)| *point).zip(rights).collect::<Vec<_>>())
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        Ok(rights.into_iter().flatten().collect())
    }
}

/// For each set of cells and wires, the point with converters that are as good as none.
fn of_each_chip(points: &[Point]) -> Vec<Point> {
    let chips = firsts(points, Point::shares_chips);
    chips.into_iter().map(Point::with_ideal_converters).collect()
}

/// The first point of every class, in order.
fn firsts(points: &[Point], alike: impl Fn(&Point, &Point) -> bool) -> Vec<Point> {
    let mut firsts: Vec<Point> = Vec::new();
    for point in points {
        if !firsts.iter().rev().any(|first| alike(first, point)) {
            firsts.push(*point);
        }
    }
    firsts
}
