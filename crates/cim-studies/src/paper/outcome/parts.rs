//! What each part of the method earns, and the sentence that says so.

use cim_report::format::points_estimate;

use super::findings::{Findings, PartRow, variant_label};
use super::given::{of_table, row};
use crate::method::part::Part;
use crate::paper::measure::table::Tabled;
use crate::paper::train::rows::{Group, REFERENCE};
use crate::shared::estimates::is_told;

/// All parts of a table, each against the row that differs in that part alone: the one without any, or
/// the one with all.
pub fn part_rows(rows: &[Tabled], group: Group) -> Vec<PartRow> {
    let alone = group == Group::AddOneIn;
    let reference = row(rows, if alone { group } else { Group::LeaveOneOut }, REFERENCE);
    let of = |part: Part| {
        let own = of_table(rows, group).find(|row| row.name == part.name())?;
        let difference = if alone { own.minus(reference) } else { reference.minus(own) };
        Some(PartRow { name: part.name().to_owned(), accuracy: own.accuracy(), difference })
    };
    Part::ALL.into_iter().filter_map(of).collect()
}

/// Which parts earn what among all others, and which earn nothing that could be told from zero.
pub fn sentence(findings: &Findings) -> String {
    let named = |row: &PartRow| variant_label(&row.name).to_owned();
    let (told, untold): (Vec<_>, Vec<_>) =
        findings.leave_one_out.iter().partition(|row| is_told(&row.difference, findings.networks));
    let (earn, cost): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|row| row.difference.mean > 0.0);
    let with_points = |rows: &[&PartRow]| {
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| b.difference.mean.abs().total_cmp(&a.difference.mean.abs()));
        let one = |row: &&PartRow| format!("{} {}", named(row), points_estimate(&row.difference));
        rows.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = if earn.is_empty() {
        "Left out alone, no part is missed by more than its interval.".to_owned()
    } else {
        format!("Among all others these parts earn accuracy (points): {}.", with_points(&earn))
    };
    if !cost.is_empty() {
        text += &format!(" These cost accuracy: {}.", with_points(&cost));
    }
    if !untold.is_empty() {
        let names = untold.into_iter().map(named).collect::<Vec<_>>().join(", ");
        text += &format!(" What these earn cannot be told from nothing: {names}.");
    }
    let against = findings
        .replaced
        .iter()
        .map(|row| format!("{} {}", named(row), points_estimate(&row.difference)));
    text += &format!(
        " Against the best percentile in its place a part of the program earns (points): {}.",
        against.collect::<Vec<_>>().join(", ")
    );
    text
}
