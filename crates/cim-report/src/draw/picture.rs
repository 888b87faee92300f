//! A chart of any kind as a picture.

use super::bars::BarSheet;
use super::beside::Beside;
use super::groups::GroupSheet;
use super::lines::LineSheet;
use super::maps::MapSheet;
use super::scatter::ScatterSheet;
use super::sheet::Sheet;
use super::stacks::StackSheet;
use super::svg::canvas::{self, Picture};
use super::ways::WaySheet;
use crate::error::ReportError;
use crate::report::chart::{Chart, Plot};

/// Width of each of several plots side by side (pixels).
const BESIDE: i32 = 540;

/// One picture.
pub struct Drawing {
    /// Name of its file.
    pub file: String,
    /// Short title.
    pub title: String,
    /// What one sees.
    pub caption: String,
    /// The picture itself.
    pub svg: String,
}

/// A picture for every chart that has something to show.
///
/// # Errors
/// [`ReportError::Draw`] if the drawing library fails.
pub fn all<'c>(charts: impl Iterator<Item = &'c Chart>) -> Result<Vec<Drawing>, ReportError> {
    charts
        .filter(|chart| !chart.plot.is_empty())
        .map(|chart| {
            Ok(Drawing {
                file: file(chart),
                title: chart.title.clone(),
                caption: chart.caption.clone(),
                svg: draw(chart)?,
            })
        })
        .collect()
}

/// Name of the picture's file.
pub fn file(chart: &Chart) -> String {
    format!("{}.svg", chart.name)
}

/// A chart as SVG: text stays text, nothing is fetched, the same chart gives the same bytes.
///
/// # Errors
/// [`ReportError::Malformed`] if its parts do not fit together, [`ReportError::Draw`] if the drawing
/// library fails.
pub fn draw(chart: &Chart) -> Result<String, ReportError> {
    if let Some(reason) = chart.plot.flaw() {
        return Err(ReportError::Malformed { part: format!("chart {:?}", chart.name), reason });
    }
    let sheet = sheet(&chart.plot, None);
    let (width, height) = sheet.size();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let picture = Picture { file: &file(chart), title: &chart.title, size };
    let mut paths = String::new();
    let svg = canvas::draw(picture, |area| sheet.draw(area, &mut paths))?;
    Ok(svg.replace("</svg>", &format!("{paths}</svg>")))
}

/// The plot with all its places; `width` is that of each of several side by side.
fn sheet<'c>(plot: &'c Plot, width: Option<i32>) -> Box<dyn Sheet + 'c> {
    match plot {
        Plot::Lines(lines) => Box::new(LineSheet::new(lines, width)),
        Plot::Bars(bars) => Box::new(BarSheet::new(bars, width)),
        Plot::Groups(groups) => Box::new(GroupSheet::new(groups)),
        Plot::Stacks(stacks) => Box::new(StackSheet::new(stacks, width)),
        Plot::Scatter(scatter) => Box::new(ScatterSheet::new(scatter)),
        Plot::Ways(ways) => Box::new(WaySheet::new(ways)),
        Plot::Maps(maps) => Box::new(MapSheet::new(maps)),
        Plot::Beside { pieces } => {
            let filled = pieces.iter().filter(|piece| !piece.plot.is_empty());
            let sheets =
                filled.map(|piece| (piece.title.as_str(), sheet(&piece.plot, Some(BESIDE))));
            Box::new(Beside::new(sheets.collect()))
        }
    }
}
