//! What charts show, as numbers: the tables behind the pictures.

use crate::format::{number, number_estimate, percent, percent_estimate, si};
use crate::report::chart::{Chart, Groups, Lines, Plot, Scale, Stacks};
use crate::report::{Estimate, Table};

/// The tables of a chart whose picture does not carry its numbers already.
pub fn tables(chart: &Chart) -> Vec<Table> {
    of_plot(&chart.title, &chart.plot)
}

fn of_plot(title: &str, plot: &Plot) -> Vec<Table> {
    match plot {
        Plot::Lines(lines) if lines.panels.iter().any(|panel| panel.x.is_some()) => {
            by_panel(title, lines)
        }
        Plot::Lines(lines) => vec![together(title, lines)],
        Plot::Groups(groups) => vec![of_groups(title, groups)],
        Plot::Stacks(stacks) => vec![of_stacks(title, stacks)],
        Plot::Beside { pieces } => {
            pieces.iter().flat_map(|piece| of_plot(title, &piece.plot)).collect()
        }
        Plot::Bars(_) | Plot::Scatter(_) | Plot::Ways(_) | Plot::Maps(_) => Vec::new(),
    }
}

/// Lines whose panels have axes of their own: a table for each.
fn by_panel(title: &str, lines: &Lines) -> Vec<Table> {
    lines
        .filled()
        .map(|panel| {
            let label = panel.x.as_ref().map_or(&lines.x_label, |x| &x.label);
            let one =
                Lines { x_label: label.clone(), panels: vec![panel.clone()], ..lines.clone() };
            match panel.title.as_str() {
                "" => together(title, &one),
                panel => together(&format!("{title}, {panel}"), &one),
            }
        })
        .collect()
}

fn together(title: &str, lines: &Lines) -> Table {
    let text = |estimate: &Estimate| match lines.y {
        Scale::Accuracy | Scale::Nines if estimate.chips > 1 => percent_estimate(estimate),
        Scale::Accuracy | Scale::Nines => percent(estimate.mean),
        Scale::Linear | Scale::Log => number_estimate(estimate),
    };
    let names = lines.names();
    let several = lines.filled().count() > 1;
    let mut rows = Vec::new();
    for panel in lines.filled() {
        let mut places: Vec<f64> = panel.points().map(|point| point.x).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        for x in places {
            let cell = |name: &&str| {
                let mut found = panel.series.iter().filter(|line| line.name == *name);
                let point = found.find_map(|line| line.points.iter().find(|point| point.x == x));
                point.map_or_else(|| "–".to_owned(), |point| text(&point.y))
            };
            let head = several.then(|| panel.title.clone()).into_iter().chain([number(x)]);
            rows.push(head.chain(names.iter().map(cell)).collect());
        }
    }
    let head = several.then_some("panel").into_iter().chain([lines.x_label.as_str()]);
    let columns = head.chain(names.iter().copied());
    Table::new(format!("{title}: {}", lines.y_label), columns, rows).folded()
}

fn of_groups(title: &str, groups: &Groups) -> Table {
    let series = groups.series.iter().map(|named| named.name.as_str());
    let columns = ["panel", "row"].into_iter().chain(series);
    let rows = groups.panels.iter().flat_map(|panel| {
        panel.rows.iter().map(|row| {
            let values = row.values.iter().map(|value| number(*value));
            [panel.title.clone(), row.label.clone()].into_iter().chain(values).collect()
        })
    });
    Table::new(format!("{title}: {}", groups.x_label), columns, rows).folded()
}

fn of_stacks(title: &str, stacks: &Stacks) -> Table {
    let names = stacks.names();
    let unit = stacks.unit.as_str();
    let columns = ["bar"].into_iter().chain(names.iter().copied()).chain(["total"]);
    let rows = stacks.stacks.iter().map(|stack| {
        let value = |name: &&str| {
            let mut parts = stack.parts.iter().filter(|part| part.name == *name).peekable();
            match parts.peek() {
                None => "–".to_owned(),
                Some(_) => si(parts.map(|part| part.value).sum(), unit),
            }
        };
        let total = si(stack.total(), unit);
        let head = [stack.label.clone()].into_iter().chain(names.iter().map(value));
        head.chain([total]).collect()
    });
    Table::new(format!("{title}: {}", stacks.x_label), columns, rows).folded()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{Across, Line, Panel, Point};

    #[test]
    fn a_panel_without_a_title_adds_nothing_to_that_of_its_table() {
        let panel = |title: &str| Panel {
            title: title.to_owned(),
            series: vec![Line {
                name: "naive".to_owned(),
                points: vec![Point { x: 2.0, y: Estimate::exact(0.5) }],
            }],
            reference: None,
            x: Some(Across { label: "rails".to_owned(), log: true }),
        };
        let chart = Chart {
            name: "rails".to_owned(),
            title: "Accuracy".to_owned(),
            caption: String::new(),
            plot: Plot::Lines(Lines {
                x_label: "rails".to_owned(),
                y_label: "test (%)".to_owned(),
                x_log: true,
                y: Scale::Accuracy,
                panels: vec![panel(""), panel("of two")],
            }),
        };
        let titles: Vec<String> = tables(&chart).into_iter().map(|table| table.title).collect();
        assert_eq!(titles, ["Accuracy: test (%)", "Accuracy, of two: test (%)"]);
    }
}
