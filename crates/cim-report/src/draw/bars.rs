//! One bar with an interval for each of several things.

use plotters::style::RGBColor;

use super::sheet::{Sheet, room_for, wide_enough};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid, TEXT, text_width};
use super::svg::marks::{self, Shape};
use super::svg::palette;
use crate::format::{shown, whole_si};
use crate::report::Shown;
use crate::report::chart::Bars;

/// Half of a bar's thickness, in categories.
const HALF_BAR: f64 = 0.34;
/// Width of a picture of its own (pixels).
const WIDTH: i32 = 760;
/// Height of a bar with the room around it (pixels).
const BAR: i32 = 38;

/// Bars with all their places.
pub struct BarSheet<'c> {
    bars: &'c Bars,
    width: i32,
    /// Room for labels and for the numbers at the ends of bars (pixels).
    left: i32,
    right: i32,
    x: Axis,
    texts: Vec<String>,
}

impl<'c> BarSheet<'c> {
    /// Of bars, as wide as asked or as a picture of its own, and wider where labels are long.
    pub fn new(bars: &'c Bars, width: Option<i32>) -> Self {
        let texts: Vec<String> =
            bars.bars.iter().map(|bar| shown(&bar.value, &bars.shown)).collect();
        let room = texts.iter().map(|text| text_width(text, TEXT - 1.0)).max().unwrap_or(0);
        let left = room_for(bars.bars.iter().map(|bar| bar.label.as_str()));
        let right = room + 16;
        let width = wide_enough(width.unwrap_or(WIDTH), left, right);
        Self { bars, width, left, right, x: horizontal(bars), texts }
    }

    /// From where to where the bar of `mean` reaches: from zero, to either side, where the axis holds it, else from the
    /// axis' end.
    fn span(&self, mean: f64) -> Option<[f64; 2]> {
        let lo = self.x.lo();
        let from = if self.bars.from_zero && lo < 0.0 { 0.0 } else { lo };
        let span = if from < mean { [from, mean] } else { [mean.max(lo), from] };
        (span[0] < span[1]).then_some(span)
    }

    fn top(&self) -> i32 {
        if self.bars.reference.is_some() { 32 } else { 14 }
    }
}

impl Sheet for BarSheet<'_> {
    fn size(&self) -> (i32, i32) {
        (self.width, self.top() + 54 + BAR * self.bars.bars.len() as i32)
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        let bars = &self.bars.bars;
        let frame = Frame {
            title: "",
            x_label: &self.bars.x_label,
            y_label: "",
            left: self.left,
            top: self.top(),
            right: self.right,
            grid: Grid::Vertical,
        };
        let hi = self.x.hi();
        let y = Axis::categories(bars.iter().rev().map(|bar| bar.label.as_str()));
        let chart = frame.draw(area, self.x.clone(), y)?;
        for (index, (bar, text)) in bars.iter().zip(&self.texts).rev().enumerate() {
            let (middle, value) = (index as f64 + 0.5, &bar.value);
            let colour: RGBColor = palette::tone(bar.tone);
            if let Some([from, to]) = self.span(value.mean) {
                let corners = [(from, middle - HALF_BAR), (to, middle + HALF_BAR)];
                marks::bar(&chart, colour, corners)?;
            }
            if value.ci95 > 0.0 {
                let ends = (value.mean - value.ci95, value.mean + value.ci95);
                marks::interval(&chart, ends, middle)?;
            }
            marks::label(&chart, text, (hi, middle), 10, palette::INK)?;
        }
        let Some(reference) = &self.bars.reference else { return Ok(()) };
        let at = reference.value;
        marks::dashes(&chart, palette::DIGITAL, [(at, 0.0), (at, bars.len() as f64)])?;
        let entries = [(reference.label.as_str(), palette::DIGITAL, Shape::Dashes)];
        marks::legend(area, &entries, (frame.left, frame.top - 16))
    }
}

/// The axis that holds all bars, their intervals and the reference.
fn horizontal(bars: &Bars) -> Axis {
    let reference = bars.reference.as_ref().map(|reference| reference.value);
    let ends = bars.bars.iter().flat_map(|bar| {
        let value = &bar.value;
        [value.mean - value.ci95, value.mean + value.ci95]
    });
    let (lowest, highest) = ends
        .chain(reference)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let axis = if bars.log && highest > 0.0 {
        let means = bars.bars.iter().map(|bar| bar.value.mean).chain(reference);
        let least = means.filter(|mean| *mean > 0.0).fold(highest, f64::min);
        return labelled(Axis::log(least / 3.0, highest * 1.2, 4), &bars.shown);
    } else if bars.from_zero {
        Ends { lo: lowest.min(0.0), hi: highest.max(0.0) }
    } else {
        let room = (highest - lowest).max(0.002 * highest.abs());
        let lo = lowest - 0.2 * room;
        Ends { lo: if lowest >= 0.0 { lo.max(0.0) } else { lo }, hi: highest }
    };
    let hi = axis.hi + 0.05 * (axis.hi - axis.lo);
    match bars.shown {
        Shown::Percent | Shown::Points => Axis::percent(axis.lo, hi, 5),
        Shown::Number | Shown::Quantity(_) => labelled(Axis::linear(axis.lo, hi, 5), &bars.shown),
    }
}

/// Ends of a linear axis.
struct Ends {
    lo: f64,
    hi: f64,
}

/// The axis with ticks such as `10 nJ`, if values are quantities.
fn labelled(axis: Axis, shown: &Shown) -> Axis {
    match shown {
        Shown::Quantity(unit) => axis.relabelled(|at| whole_si(at, unit)),
        Shown::Number | Shown::Percent | Shown::Points => axis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::sheet::LEAST_PLOT;
    use crate::report::Estimate;
    use crate::report::chart::{Bar, Tone};

    /// Labels as long as a line leave bars the same room as short ones do at least.
    #[test]
    fn long_labels_leave_room_for_bars() {
        for label in ["short", &"a way with many words, ".repeat(6)] {
            let value = Estimate { mean: 0.5, ci95: 0.2, chips: 2 };
            let bars = Bars {
                x_label: "accuracy".to_owned(),
                shown: Shown::Percent,
                log: false,
                from_zero: true,
                bars: vec![Bar { label: label.to_owned(), tone: Tone::Subject, value }],
                reference: None,
            };
            let sheet = BarSheet::new(&bars, None);
            let plot = sheet.size().0 - sheet.left - sheet.right;
            assert!(LEAST_PLOT <= plot && text_width(label, TEXT) < sheet.left, "{label}: {plot}");
        }
    }

    /// An interval that reaches below zero moves the axis' end, not where bars begin.
    #[test]
    fn bars_begin_at_zero_and_reach_to_either_side() {
        let bar = |mean: f64| Bar {
            label: "an effect".to_owned(),
            tone: Tone::Subject,
            value: Estimate { mean, ci95: 2.0, chips: 2 },
        };
        let bars = |from_zero| Bars {
            x_label: "points".to_owned(),
            shown: Shown::Points,
            log: false,
            from_zero,
            bars: vec![bar(1.5), bar(-0.5), bar(0.0)],
            reference: None,
        };
        let from_zero = bars(true);
        let sheet = BarSheet::new(&from_zero, None);
        let spans: Vec<_> = from_zero.bars.iter().map(|bar| sheet.span(bar.value.mean)).collect();
        assert_eq!(spans, [Some([0.0, 1.5]), Some([-0.5, 0.0]), None]);
        assert!(sheet.x.lo() <= -2.5, "the intervals are within");
        let anywhere = bars(false);
        let sheet = BarSheet::new(&anywhere, None);
        assert_eq!(sheet.span(-0.5), Some([sheet.x.lo(), -0.5]));
    }
}
