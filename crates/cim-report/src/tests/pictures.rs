//! What every picture must be, whatever it draws.

use crate::chart::{Chart, Line, Map, Maps, Plot, Point, Scale, Tone};
use crate::draw::svg::{marks, palette};
use crate::report::chart::Lines;
use crate::{Estimate, draw, fixture};

/// The picture of a chart, checked.
fn drawn(chart: &Chart) -> String {
    let svg = draw(chart).unwrap();
    assert_well_formed(&svg, &chart.name);
    assert_on_canvas(&svg, &chart.name);
    assert!(!svg.contains("NaN") && !svg.contains(">inf"), "{}", chart.name);
    svg
}

/// The lines of a chart that has them.
fn lines_of(chart: &mut Chart) -> &mut Lines {
    match &mut chart.plot {
        Plot::Lines(lines) => lines,
        _ => panic!("{} has no lines", chart.name),
    }
}

/// The chart with one line of these points in one panel.
fn with_points(mut chart: Chart, points: Vec<Point>) -> Chart {
    let lines = lines_of(&mut chart);
    lines.panels.truncate(1);
    lines.panels[0].series = vec![Line { name: "one".to_owned(), points }];
    chart
}

/// Whether a text of the picture says exactly this.
fn says(svg: &str, text: &str) -> bool {
    svg.contains(&format!(">\n{text}\n</text>"))
}

#[test]
fn every_kind_of_chart_is_a_sound_picture_with_its_words() {
    for chart in fixture::charts() {
        let svg = drawn(&chart);
        assert!(svg.contains("&quot;more&quot;"), "{} has no title", chart.name);
        assert_eq!(svg, draw(&chart).unwrap(), "{} differs when drawn again", chart.name);
    }
    let has = |chart: &Chart, texts: &[&str]| {
        let svg = drawn(chart);
        texts.iter().for_each(|text| assert!(says(&svg, text), "{}: no {text}", chart.name));
    };
    let full = "98.39\u{a0}±\u{a0}0.05\u{a0}%";
    has(&fixture::bars(), &["window + full scale", full, "digital, 98.47 %"]);
    has(&fixture::groups(), &["layer 3", "quantisation", "naive", "error / signal power"]);
    has(&fixture::stacks(), &["15.6\u{a0}nJ", "9.36\u{a0}nJ", "ADC", "10\u{a0}nJ"]);
    has(&fixture::scatter(), &["layer 2", "±10 %", "predicted / measured"]);
    has(&fixture::ways(), &["programmed", "collides", "x (sides)"]);
    has(&fixture::maps(), &["Row wires (mV)", "column", "row"]);
    has(&fixture::beside(), &["Lines", "Bars", "Stacks", "layer 4", full]);
    has(&fixture::accuracy(), &["time of the perceptron (s)", "time of the convolutional (s)"]);
}

#[test]
fn a_bar_is_as_long_as_its_value_on_the_axis() {
    // Right edges of the bars of two parts that are 1 and 3: the second is at three quarters of an
    // axis from 0 to 4, whatever the picture's size.
    let mut chart = fixture::stacks();
    let Plot::Stacks(stacks) = &mut chart.plot else { panic!("no stacks") };
    stacks.stacks.truncate(1);
    let parts = &mut stacks.stacks[0].parts;
    parts.truncate(2);
    (parts[0].value, parts[1].value) = (1.0, 3.0);
    let svg = drawn(&chart);
    let widths = |colour: &str| -> Vec<f64> {
        let mark = format!("fill=\"{colour}\"");
        let bars = svg.lines().filter(|l| l.starts_with("<rect") && l.contains(&mark));
        bars.filter_map(|line| line.split(" width=\"").nth(1)?.split('"').next()?.parse().ok())
            .filter(|width| *width > 60.0)
            .collect()
    };
    let (one, three) = (widths("#E69F00"), widths("#56B4E9"));
    assert_eq!((one.len(), three.len()), (1, 1), "{one:?} {three:?}");
    assert!((three[0] / one[0] - 3.0).abs() < 0.02, "{one:?} {three:?}");
}

#[test]
fn a_legend_stands_once_and_lines_keep_their_look() {
    let svg = drawn(&fixture::wide());
    for name in ["naive mapping", "compensated and retrained", "digital"] {
        assert_eq!(svg.matches(&format!(">\n{name}\n</text>")).count(), 1, "{name}");
    }
    let mut other = fixture::wide();
    let panel = &mut lines_of(&mut other).panels[1];
    panel.series.reverse();
    panel.series.pop();
    drawn(&other);
    let own = drawn(&fixture::accuracy());
    assert!(says(&own, "digital, 98.31 %") && says(&own, "digital, 99.12 %"));
}

#[test]
fn lines_and_tones_differ() {
    for a in 0..6 {
        for b in 0..a {
            assert_ne!(palette::line(a), palette::line(b));
            assert!(marks::line_shape(a) != marks::line_shape(b));
        }
    }
    let tones = [Tone::Subject, Tone::Baseline, Tone::Between, Tone::Reference, Tone::Goal];
    for (index, a) in tones.iter().enumerate() {
        tones[..index].iter().for_each(|b| assert_ne!(palette::tone(*a), palette::tone(*b)));
    }
    assert_eq!(palette::line(0), palette::tone(Tone::Subject));
    assert_eq!(palette::line(1), palette::tone(Tone::Baseline));
}

#[test]
fn zero_has_a_place_left_of_a_logarithmic_axis() {
    let svg = drawn(&fixture::wide());
    for tick in ["0", "0.01", "1", "100"] {
        assert!(says(&svg, tick), "no tick {tick}");
    }
    let mut positive = fixture::wide();
    for line in lines_of(&mut positive).panels.iter_mut().flat_map(|panel| &mut panel.series) {
        line.points.remove(0);
    }
    drawn(&positive);
}

#[test]
fn accuracies_choose_their_axis() {
    let at = |means: &[f64]| {
        let points = means
            .iter()
            .enumerate()
            .map(|(index, mean)| Point { x: index as f64, y: fixture::estimate(*mean, 0.001) });
        drawn(&with_points(fixture::wide(), points.collect()))
    };
    assert!(says(&at(&[0.8, 0.95, 0.98]), "98.5"), "no axis of nines");
    let low = at(&[0.1, 0.98]);
    assert!(says(&low, "20") && says(&low, "100"));
    let perfect = at(&[0.9, 1.0]);
    assert!(says(&perfect, "100") && !says(&perfect, "20"));
    at(&[1.0, 1.0]);
    at(&[0.0]);
}

#[test]
fn every_scale_draws_every_number() {
    let values: [&[f64]; 6] =
        [&[0.0], &[0.0, 0.0], &[1.0], &[-3.0, 5e9], &[1e-12, 2e-12], &[0.0, 1e-9, 1e9]];
    for scale in [Scale::Accuracy, Scale::Nines, Scale::Linear, Scale::Log] {
        for (x_log, values) in [true, false].into_iter().flat_map(|log| values.map(|v| (log, v))) {
            let points = values
                .iter()
                .map(|v| Point { x: *v, y: fixture::estimate(*v, 0.7 * v.abs()) })
                .collect();
            let mut chart = with_points(fixture::error(), points);
            let lines = lines_of(&mut chart);
            (lines.y, lines.x_log) = (scale, x_log);
            drawn(&chart);
        }
    }
}

#[test]
fn bars_draw_every_number() {
    for values in [&[0.0][..], &[1.0, 1.0], &[-2.0, 3.0], &[1e-12, 1e3], &[0.0, 5.0]] {
        for (log, from_zero) in [(true, false), (false, true), (false, false)] {
            let mut chart = fixture::bars();
            let Plot::Bars(bars) = &mut chart.plot else { panic!("no bars") };
            (bars.log, bars.from_zero) = (log, from_zero);
            bars.bars.truncate(values.len());
            bars.bars.iter_mut().zip(values).for_each(|(bar, v)| bar.value = Estimate::exact(*v));
            bars.reference = None;
            drawn(&chart);
        }
    }
}

#[test]
fn long_labels_and_many_panels_stay_on_the_canvas() {
    let mut chart = fixture::wide();
    let long = "label ".repeat(40);
    let lines = lines_of(&mut chart);
    lines.x_label = long.clone();
    lines.y_label = long.clone();
    lines.panels.iter_mut().for_each(|panel| panel.title = long.clone());
    lines.panels[0].series[0].name = long.clone();
    let panel = lines.panels[0].clone();
    for count in 1..8 {
        lines_of(&mut chart).panels = vec![panel.clone(); count];
        drawn(&chart);
    }
}

#[test]
fn maps_of_any_size_have_a_picture_of_bounded_size() {
    for (rows, columns) in [(1, 1), (4, 4), (3, 128), (600, 300)] {
        let map = |title: &str| {
            let mut map: Map = fixture::map(title, rows, columns);
            map.values[0] = f64::NAN;
            map
        };
        let maps = ["a", "b", "c"].map(map).to_vec();
        let (x_label, y_label) = ("column".to_owned(), "row".to_owned());
        let svg = drawn(&fixture::chart("maps", Plot::Maps(Maps { x_label, y_label, maps })));
        assert!(svg.len() < 8_000_000, "{} bytes", svg.len());
    }
}

/// Every coordinate lies on the canvas.
fn assert_on_canvas(svg: &str, name: &str) {
    let values = |key: &str| {
        let parts = svg.split(key).skip(1).filter_map(|rest| rest.split('"').next());
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let canvas = values(" viewBox=\"").remove(0);
    let size: Vec<f64> = canvas.split(' ').skip(2).map(|n| n.parse().unwrap()).collect();
    let keys = [" x=\"", " x1=\"", " x2=\"", " cx=\"", " y=\"", " y1=\"", " y2=\"", " cy=\""];
    for (index, key) in keys.into_iter().enumerate() {
        for text in values(key) {
            let place: f64 = text.parse().unwrap();
            assert!(0.0 <= place && place <= size[index / 4], "{name}:{key}{text}\"");
        }
    }
    for points in values(" points=\"") {
        for (index, text) in points.split([' ', ',']).filter(|text| !text.is_empty()).enumerate() {
            let place: f64 = text.parse().unwrap();
            assert!(0.0 <= place && place <= size[index % 2], "{name}: points {points}");
        }
    }
}

/// A small check of an SVG: tags nest, text is escaped, quotes close.
fn assert_well_formed(svg: &str, name: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{name}: stray > in {text:?}");
        let (tag, after) = after.split_once('>').unwrap_or_else(|| panic!("{name}: open tag"));
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: quotes of <{tag}>");
        let word = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(word), "{name}: </{word}>");
        } else if !tag.ends_with('/') {
            open.push(word);
        }
        rest = after;
    }
    assert!(open.is_empty(), "{name}: {open:?} never close");
    assert!(svg.starts_with("<svg "), "{name}");
}
