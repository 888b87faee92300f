//! `cim eval --dump` and `--held`: a chip goes out in files, what was measured comes back in.

mod desk;
mod row_order;

use std::fs;
use std::io::Cursor;

use desk::{Desk, answers, files};
use ndarray::Array2;
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::Value;

/// Archives, tables, or both: all say the same, and make the chip that they were taken from. Everything
/// that a run finds on its first chip is the same to the byte, since reads, drivers and converters draw at
/// the same addresses; only what counts programming differs.
#[test]
fn what_went_out_comes_back_as_the_same_chip() {
    let desk = Desk::new();
    let tiles =
        ["product-000-tile-0-0.csv", "product-000-tile-1-0.csv", "product-001-tile-0-0.csv"];
    let all = [&["chip.json", "product-000.npz"][..], &tiles, &["product-001.npz"]].concat();
    let mut sorted = all.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
    sorted.sort();
    assert_eq!(files(&desk.path("tiles")), sorted);
    desk.copy("tables", ".csv");
    desk.copy("archives", ".npz");
    for held in ["tiles", "tables", "archives"] {
        let report = desk.report(&["--held", held, "--chips", "1", "--dump", "again"]);
        assert_eq!(answers(&report), answers(&desk.report), "{held}");
        for file in sorted.iter().filter(|file| file.starts_with("product-")) {
            let [out, again] =
                ["tiles", "again"].map(|folder| fs::read(desk.path(folder).join(file)));
            assert!(out.expect("there") == again.expect("there"), "{held}: {file}");
        }
        assert_eq!(report["counts"]["cells programmed"], 0);
        assert_ne!(desk.report["counts"]["cells programmed"], 0);
    }
    let one = desk.report(&["--held", "tiles", "--chips", "4", "--threads", "1"]);
    let three = desk.report(&["--held", "tiles", "--chips", "4", "--threads", "3"]);
    assert_eq!(one, three);
    let text = one.to_string();
    for words in ["on a measured chip", "4 readings of one chip", "Cells are as measured (tiles)"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert_eq!(one["figures"]["on_chip"]["chips"], 4);
    // Another seed is another converter noise on the same cells.
    let seeds = [&one, &desk.report(&["--held", "tiles", "--chips", "4", "--seed", "99"])];
    let [a, b] = seeds.map(|report| report["figures"]["output_error"]["mean"].clone());
    assert_ne!(a, b);
}

/// What converters see of the first sample adds up to the products of that sample.
#[test]
fn what_tiles_see_is_written_and_adds_up_to_the_product() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.path("tiles/chip.json")).expect("settings");
    let chip: Value = serde_json::from_str(&text).expect("JSON");
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    let factors = numbers(&chip["row_converters"]["phase_factors"]);
    for product in chip["products"].as_array().expect("products") {
        let archive = product["file"].as_str().expect("a file");
        let bytes = fs::read(desk.path("tiles").join(archive)).expect("an archive");
        let mut file = NpzReader::new(Cursor::new(bytes)).expect("an archive");
        let y: Array2<f32> = file.by_name("y").expect("outputs");
        let mut sum = vec![0.0; y.ncols()];
        for tile in product["tiles"].as_array().expect("tiles") {
            let count = |key: &str| tile[key].as_u64().expect("a count") as usize;
            let name = |kind: &str| format!("{kind}_{}_{}", count("row"), count("column"));
            let codes: Array2<i32> = file.by_name(&name("codes")).expect("codes");
            let sensed_a: Array2<f32> = file.by_name(&name("sensed_a")).expect("currents");
            let row_v: Array2<f32> = file.by_name(&name("row_v")).expect("voltages");
            let driven: Array2<f32> = file.by_name(&name("driven")).expect("codes of rows");
            let gains: ndarray::Array1<f32> = file.by_name(&name("gains")).expect("gains");
            let known: Array2<f32> = file.by_name(&name("known")).expect("what is known");
            assert_eq!((codes.nrows(), row_v.ncols()), (factors.len(), count("rows")));
            let volts = chip["read_voltage_v"].as_f64().expect("volts");
            let top = chip["row_converters"]["top_code"].as_f64().expect("a code");
            for (v, code) in row_v.iter().zip(&driven) {
                assert!((f64::from(*v) - f64::from(*code) / top * volts).abs() < 1e-6 * volts);
            }
            let step = tile["converters"][0]["step_a"].as_f64().expect("a step");
            let last = tile["converters"][0]["top_code"].as_f64().expect("a code");
            for (a, code) in sensed_a.iter().zip(&codes) {
                let want = (f64::from(*a) / step).round().clamp(-last, last);
                assert!((want - f64::from(*code)).abs() < 0.5, "{a} A is {code}");
            }
            let outputs = numbers(&tile["sensed_output"]);
            for ((phase, sense), &code) in codes.indexed_iter() {
                let output = count("first_output") + outputs[sense] as usize;
                sum[output] += factors[phase] * f64::from(gains[sense]) * f64::from(code);
            }
            for (output, known) in known.row(0).iter().enumerate() {
                sum[count("first_output") + output] += f64::from(*known);
            }
        }
        let size = y.row(0).iter().fold(0.0f32, |m, y| m.max(y.abs()));
        for (sum, y) in sum.iter().zip(y.row(0)) {
            let off = (sum - f64::from(*y)).abs();
            assert!(off < 1e-5 * f64::from(size), "{archive}: {sum} for {y}");
        }
    }
}

#[test]
fn settings_of_converters_and_grids_are_those_of_the_tiles() {
    let desk = Desk::new();
    let text = fs::read_to_string(desk.path("tiles/chip.json")).expect("settings");
    let chip: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&chip["mapping"]["kind"], &chip["as_measured"]),
        (&"differential".into(), &false.into())
    );
    let products = chip["products"].as_array().expect("products");
    assert_eq!(products.len(), 2);
    for product in products {
        let archive = product["file"].as_str().expect("a file");
        let bytes = fs::read(desk.path("tiles").join(archive)).expect("an archive");
        let mut file = NpzReader::new(Cursor::new(bytes)).expect("an archive");
        let full_scale_a: Array2<f64> = file.by_name("full_scale_a").expect("full scales");
        for tile in product["tiles"].as_array().expect("tiles") {
            let number = |key: &str| tile[key].as_u64().expect("a count") as usize;
            let place = format!("{}_{}", number("row"), number("column"));
            let held_s: Array2<f64> = file.by_name(&format!("held_s_{place}")).expect("cells");
            assert_eq!(held_s.dim(), (number("rows"), number("columns")));
            let [converter] = &tile["converters"].as_array().expect("converters")[..] else {
                panic!("one converter")
            };
            let value = |key: &str| converter[key].as_f64().expect("a number");
            let want = full_scale_a[[number("row"), number("column")]];
            assert!((value("full_scale_a") / want - 1.0).abs() < 1e-12);
            // Mid-tread: codes of either sign, half a step beyond the last is the full scale.
            assert_eq!(value("least_code"), -value("top_code"));
            let end = (value("top_code") + 0.5) * value("step_a");
            assert!((end / want - 1.0).abs() < 1e-12, "{end} for {want}");
            // A table says the same as the archive, with its units.
            let table = tile["file"].as_str().expect("a file");
            let table = fs::read_to_string(desk.path("tiles").join(table)).expect("a table");
            assert!(table.starts_with("row,column,target (S),held (S)\n"));
            assert_eq!(table.lines().count(), 1 + held_s.len());
            let last: Vec<&str> = table.lines().last().expect("a line").split(',').collect();
            let cell: [usize; 2] = [0, 1].map(|field| last[field].parse().expect("a place"));
            assert_eq!(last[3].parse::<f64>().expect("a number"), held_s[cell]);
        }
    }
}

/// Files of an earlier chip give way, others stay.
#[test]
fn a_folder_holds_one_chip_whatever_it_held_before() {
    let desk = Desk::new();
    let mut whole = files(&desk.path("tiles"));
    for name in ["product-002.npz", "product-001-tile-7-0.csv", "product-notes.txt"] {
        fs::write(desk.path("tiles").join(name), "of another").expect("written");
    }
    desk.report(&["--chips", "1", "--dump", "tiles"]);
    whole.push("product-notes.txt".to_owned());
    whole.sort();
    assert_eq!(files(&desk.path("tiles")), whole);
}

#[test]
fn what_is_not_of_this_chip_gets_one_clear_line() {
    let desk = Desk::new();
    let refuse =
        |held: &str, words: &[&str]| desk.must_refuse("mlp.onnx", &["--held", held], words);
    refuse("nowhere", &["cannot read nowhere"]);
    fs::create_dir(desk.path("empty")).expect("a folder");
    refuse("empty", &["empty holds no tiles", "--dump"]);
    // Files of another network: its tiles have other sizes or other targets.
    desk.must_refuse(
        "cnn.onnx",
        &["--held", "tiles"],
        &["tiles/product-000-tile-0-0.csv: 128 × 64 cells"],
    );
    let tables = desk.copy("missing", ".csv");
    fs::remove_file(tables.join("product-000-tile-1-0.csv")).expect("removed");
    refuse("missing", &["missing: there is nothing of tile (1, 0) of product 0"]);
    let tables = desk.copy("surplus", ".csv");
    let (tile, other) = ("product-001-tile-0-0.csv", "product-002-tile-0-0.csv");
    fs::copy(tables.join(tile), tables.join(other)).expect("copied");
    refuse("surplus", &[other, "the chip has no tile (0, 0) of product 2"]);
    let tables = desk.copy("swapped", ".csv");
    let (first, second) = ("product-000-tile-0-0.csv", "product-000-tile-1-0.csv");
    fs::rename(tables.join(first), tables.join("kept")).expect("moved");
    fs::rename(tables.join(second), tables.join(first)).expect("moved");
    fs::rename(tables.join("kept"), tables.join(second)).expect("moved");
    refuse("swapped", &[first, "68 × 64 cells where the tile has 128 × 64"]);
    let copy = desk.copy("copies", ".csv").join("product-000-tile-0-0 (1).csv");
    fs::write(&copy, "").expect("written");
    refuse("copies", &["product-000-tile-0-0 (1).csv is neither"]);
    // Rows in another order, cells that cannot be, units that are others.
    let table = "product-000-tile-0-0.csv";
    desk.changed("permuted", |idx, line| {
        let (row, rest) = line.split_once(',').expect("fields");
        let swapped = match row.parse::<usize>() {
            Ok(row @ (40 | 41)) => (81 - row).to_string(),
            _ => row.to_owned(),
        };
        (idx < usize::MAX).then(|| format!("{swapped},{rest}"))
    });
    refuse("permuted", &[table, "the target at row 4", "another place"]);
    let held = |line: &str, value: &str| {
        let (rest, _) = line.rsplit_once(',').expect("fields");
        Some(format!("{rest},{value}"))
    };
    for (name, value, words) in [
        ("negative", "-1e-6", "row 0, column 2 must be zero or positive"),
        ("nan", "NaN", "row 0, column 2 must be zero or positive"),
        ("infinite", "inf", "row 0, column 2 must be zero or positive"),
        ("word", "none", "product-000-tile-0-0.csv:4: held \"none\" is no number"),
    ] {
        desk.changed(
            name,
            |idx, line| if idx == 3 { held(line, value) } else { Some(line.into()) },
        );
        refuse(name, &[table, words]);
    }
    desk.changed("cut", |idx, line| (idx != 3).then(|| line.to_owned()));
    refuse("cut", &[table, "no line for the cell at row 0, column 2"]);
    for (name, factor, words) in [("large", 1e6, "the median"), ("small", 1e-6, "the largest")] {
        desk.changed(name, |idx, line| {
            let last = line.rsplit(',').next().expect("fields");
            match last.parse::<f64>() {
                Ok(g_s) if 0 < idx => held(line, &format!("{:e}", g_s * factor)),
                _ => Some(line.to_owned()),
            }
        });
        refuse(name, &[table, words, "in another unit"]);
    }
    // A table in microsiemens says so in its header, and is taken.
    desk.changed("microsiemens", |idx, line| {
        let fields: Vec<&str> = line.split(',').collect();
        let us = |text: &str| format!("{:e}", text.parse::<f64>().expect("a number") * 1e6);
        Some(match idx {
            0 => "row,column,target (µS),held (uS)".to_owned(),
            _ => format!("{},{},{},{}", fields[0], fields[1], us(fields[2]), us(fields[3])),
        })
    });
    desk.report(&["--held", "microsiemens", "--chips", "1"]);
    // An archive and a table that say different things: nobody knows which was measured.
    desk.changed("both", |idx, line| if idx == 3 { held(line, "1e-6") } else { Some(line.into()) });
    fs::copy(desk.path("tiles/product-000.npz"), desk.path("both/product-000.npz"))
        .expect("copied");
    refuse("both", &[table, "product-000.npz held_s_0_0", "differ at row 0, column 2"]);
    // What cannot be asked of cells as measured.
    for (more, words) in [
        (&["--after", "1 day", "--preset", "pcm"][..], "do not age"),
        (&["--budget"], "a budget takes programming apart"),
        (&["--dump", "tiles"], "is also an input"),
    ] {
        desk.must_refuse("mlp.onnx", &[&["--held", "tiles"], more].concat(), &[words]);
    }
}

#[test]
fn archives_without_their_arrays_are_refused_by_name() {
    let desk = Desk::new();
    let write = |name: &str, arrays: &[(&str, Array2<f64>)]| {
        fs::create_dir(desk.path(name)).expect("a folder");
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = NpzWriter::new(&mut bytes);
        for (name, array) in arrays {
            writer.add_array(*name, array).expect("written");
        }
        writer.finish().expect("whole");
        let path = desk.path(name).join("product-000.npz");
        fs::write(path, bytes.into_inner()).expect("written");
    };
    let cells = Array2::from_elem((128, 64), 3.3e-6);
    let refuse =
        |held: &str, words: &[&str]| desk.must_refuse("mlp.onnx", &["--held", held], words);
    write("untold", &[("held_s_0_0", cells.clone())]);
    refuse("untold", &["untold/product-000.npz", "no array target_s_0_0"]);
    write("unheld", &[("target_s_0_0", cells.clone())]);
    refuse("unheld", &["unheld/product-000.npz", "no array held_s_0_0"]);
    write("nameless", &[("held_s_first", cells.clone())]);
    refuse("nameless", &["held_s_first: the name is of no tile"]);
    write("other", &[("held_s_0_0", cells.clone()), ("target_s_0_0", cells)]);
    refuse("other", &["other/product-000.npz held_s_0_0: the target at row 0, column 0 is 3.3 µS"]);
    fs::write(desk.path("other/product-000.npz"), b"PK").expect("written");
    refuse("other", &["other/product-000.npz is not an .npz archive"]);
}
