//! The report of a fit as files: a page, its pictures, residuals as numbers.

use std::fmt::Write;

use cim_report::ReportError;
use cim_report::chart::Chart;

use super::about::About;
use super::{pictures, tables};
use crate::fitted::{Compared, Fitted, HeldOut};

/// Names and texts of all files: the page `fit.md`, its pictures, `residuals.csv` (SI) and the text of the
/// preset.
///
/// # Errors
/// [`ReportError`] if a picture cannot be drawn.
pub fn files(about: &About<'_>, preset: &str) -> Result<Vec<(String, String)>, ReportError> {
    let charts = pictures::charts(about.fitted);
    let mut files = vec![
        ("fit.md".to_owned(), page(about, &charts)),
        ("residuals.csv".to_owned(), residuals(about.fitted)),
        ("preset.toml".to_owned(), preset.to_owned()),
    ];
    for chart in charts {
        files.push((format!("{}.svg", chart.name), cim_report::draw(&chart)?));
    }
    Ok(files)
}

fn page(about: &About<'_>, charts: &[Chart]) -> String {
    let fitted = about.fitted;
    let mut text = format!("# Cells fitted to measurements\n\n{}\n\n", about.source);
    let _ = writeln!(text, "`{}`, SHA-256 `{}`.", about.file, about.sha256);
    let known = tables::counts(about).into_iter().chain(tables::residuals(fitted));
    for line in known.chain(fitted.not_told.iter().cloned()) {
        let _ = writeln!(text, "\n{line}");
    }
    for chart in charts {
        let Chart { name, title, caption, .. } = chart;
        let _ = write!(text, "\n## {title}\n\n![{title}]({name}.svg)\n\n{caption}\n");
    }
    let (parameters, choices) = (tables::parameters(fitted), tables::choices(&fitted.choices));
    let _ = write!(text, "\n## Parameters with their 95 % intervals\n\n```\n{parameters}```\n");
    let _ = write!(text, "\n## Laws\n\n{}.\n\n```\n{choices}```\n", tables::CHOICES);
    text
}

/// Every group of held-out cells, one a row.
fn residuals(fitted: &Fitted) -> String {
    let mut text = "part,target (S),elapsed (s),looks,mean (S),error of mean (S),mean by law (S),\
                    spread (S),error of spread (S),spread by law (S)\n"
        .to_owned();
    let mut add = |part: &str, groups: &[HeldOut]| {
        for group in groups {
            let HeldOut { target_s, elapsed_s, cells, .. } = group;
            let _ = write!(text, "{part},{target_s:e},{elapsed_s},{cells}");
            for Compared { measured_s, error_s, law_s } in [group.shift, group.spread] {
                let _ = write!(text, ",{measured_s:e},{error_s:e},{law_s:e}");
            }
            text.push('\n');
        }
    };
    add("programming", &fitted.programming);
    add("relaxation", &fitted.relaxation);
    text
}
