//! Rows that lie elsewhere than inputs, as `chip.json` says where.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use ndarray::Array2;
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::{Value, json};

use super::desk::{Desk, answers};

/// The chip of a desk with its rows in an order of their own, through all tiles of a product, in `tables` and in
/// `archives`.
struct Moved {
    desk: Desk,
    tables: PathBuf,
    archives: PathBuf,
    /// Its settings, which tell the order.
    chip: Value,
}

/// Tables of the two tiles of the first product, of 128 and of 68 rows.
const UPPER: &str = "product-000-tile-0-0.csv";
const LOWER: &str = "product-000-tile-1-0.csv";

/// A number of rows in an order of its own: a step that has no divisor with it.
fn order(rows: usize) -> Vec<usize> {
    (0..rows).map(|at| (at * 37 + 5) % rows).collect()
}

fn say(folder: &Path, chip: &Value) {
    fs::write(folder.join("chip.json"), chip.to_string()).expect("written");
}

impl Moved {
    fn new() -> Self {
        let desk = Desk::new();
        let settings = fs::read(desk.path("tiles/chip.json")).expect("settings");
        let mut chip: Value = serde_json::from_slice(&settings).expect("JSON");
        for product in chip["products"].as_array().expect("products") {
            let rows = product["inputs"].as_u64().expect("a count");
            let told: Vec<u64> =
                serde_json::from_value(product["row_order"].clone()).expect("rows");
            assert_eq!(told, (0..rows).collect::<Vec<_>>(), "written in the order of inputs");
        }
        let tables = desk.copy("tables", ".csv");
        let archives = desk.path("archives");
        fs::create_dir(&archives).expect("a folder");
        for (product, file) in ["product-000.npz", "product-001.npz"].into_iter().enumerate() {
            let bytes = fs::read(desk.path("tiles").join(file)).expect("an archive");
            let mut read = NpzReader::new(Cursor::new(bytes)).expect("an archive");
            let tiles = if product == 0 { 2 } else { 1 };
            let mut bytes = Cursor::new(Vec::new());
            let mut writer = NpzWriter::new(&mut bytes);
            let mut lying: Vec<Vec<String>> = vec![Vec::new(); tiles];
            for kind in ["target_s", "held_s"] {
                let names = (0..tiles).map(|tile| format!("{kind}_{tile}_0"));
                let own: Vec<Array2<f64>> =
                    names.map(|name| read.by_name(&name).expect("a tile")).collect();
                let rows: Vec<_> = own.iter().flat_map(|cells| cells.rows()).collect();
                let order = order(rows.len());
                let mut top = 0;
                for (tile, cells) in own.iter().enumerate() {
                    let moved = Array2::from_shape_fn(cells.dim(), |(row, column)| {
                        rows[order[top + row]][column]
                    });
                    writer.add_array(format!("{kind}_{tile}_0"), &moved).expect("written");
                    lying[tile].extend(moved.iter().map(f64::to_string));
                    top += cells.nrows();
                }
                chip["products"][product]["row_order"] = order.into();
            }
            writer.finish().expect("whole");
            fs::write(archives.join(file), bytes.into_inner()).expect("written");
            for (tile, numbers) in lying.iter().enumerate() {
                let (targets, helds) = numbers.split_at(numbers.len() / 2);
                let columns = if product == 0 { 64 } else { 20 };
                let line = |(cell, (target, held)): (usize, (&String, &String))| {
                    format!("{},{},{target},{held}\n", cell / columns, cell % columns)
                };
                let lines: String = targets.iter().zip(helds).enumerate().map(line).collect();
                let table = tables.join(format!("product-00{product}-tile-{tile}-0.csv"));
                fs::write(table, format!("row,column,target (S),held (S)\n{lines}"))
                    .expect("written");
            }
        }
        for folder in [&tables, &archives] {
            say(folder, &chip);
        }
        Self { desk, tables, archives, chip }
    }

    fn must_refuse(&self, words: &[&str]) {
        self.desk.must_refuse("mlp.onnx", &["--held", "tables"], words);
    }

    fn must_be_the_chip(&self, held: &str) {
        let report = self.desk.report(&["--held", held, "--chips", "1"]);
        assert_eq!(answers(&report), answers(&self.desk.report), "{held}");
        assert!(report.to_string().contains("in another order than that of inputs"));
    }

    /// Runs `then` while the fields (row, column, target, held) of a table are changed; the table is as it was
    /// afterwards.
    fn with_changed(&self, table: &str, change: impl Fn(&mut [String]), then: impl Fn()) {
        let path = self.tables.join(table);
        let text = fs::read_to_string(&path).expect("a table");
        let line = |line: &str| {
            let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
            change(&mut fields);
            fields.join(",")
        };
        let (head, cells) = text.split_once('\n').expect("a header");
        let cells: Vec<String> = cells.lines().map(line).collect();
        fs::write(&path, format!("{head}\n{}\n", cells.join("\n"))).expect("written");
        then();
        fs::write(&path, text).expect("written");
    }

    /// Runs `then` for other settings.
    fn with_said(&self, change: impl Fn(&mut Value), then: impl Fn()) {
        let mut chip = self.chip.clone();
        change(&mut chip);
        say(&self.tables, &chip);
        then();
        say(&self.tables, &self.chip);
    }

    fn refuses_orders(&self, of_first: Value, words: &[&str]) {
        let change = |chip: &mut Value| chip["products"][0]["row_order"] = of_first.clone();
        self.with_said(change, || self.must_refuse(words));
    }
}

/// They are the same chip to the byte, in tables or in archives, wherever a product stands in the settings.
#[test]
fn rows_in_an_order_that_is_told_are_the_same_chip() {
    let moved = Moved::new();
    for held in [&moved.tables, &moved.archives] {
        moved.must_be_the_chip(held.file_name().and_then(|name| name.to_str()).expect("a name"));
    }
    let reverse = |chip: &mut Value| chip["products"].as_array_mut().expect("a list").reverse();
    moved.with_said(reverse, || moved.must_be_the_chip("tables"));
    // Only what is told of an order needs a file.
    let untold = |chip: &mut Value| {
        let own = chip["products"][1].as_object_mut().expect("a product");
        own.remove("row_order");
        let other = json!({ "name": "of nothing" });
        chip["products"].as_array_mut().expect("a list").push(other);
    };
    moved.with_said(untold, || {
        moved.must_refuse(&["product-001-tile-0-0.csv: the target at row 0"])
    });
}

/// A file has one unit, whose numbers go to many tiles; it is the file that is named, and the row in it.
#[test]
fn what_is_wrong_with_a_cell_is_said_of_the_file_in_which_it_lies() {
    let moved = Moved::new();
    for (table, factor, words) in [
        (LOWER, 1e6, "the median conductance"),
        (LOWER, 1e-6, "the largest conductance"),
        (UPPER, 1e6, "the median conductance"),
        ("product-001-tile-0-0.csv", 1e6, "the median conductance"),
    ] {
        let scaled = |fields: &mut [String]| {
            let held_s: f64 = fields[3].parse().expect("a number");
            fields[3] = format!("{:e}", factor * held_s);
        };
        let words = [&format!("tables/{table}: {words}"), "in another unit"];
        moved.with_changed(table, scaled, || moved.must_refuse(&words));
    }
    for (table, row, column) in [(UPPER, 2, 7), (LOWER, 2, 7), (LOWER, 67, 63)] {
        let here = move |fields: &[String]| {
            fields[0] == row.to_string() && fields[1] == column.to_string()
        };
        let at = format!("at row {row}, column {column}");
        let negative = |fields: &mut [String]| {
            if here(fields) {
                fields[3] = "-1e-6".into();
            }
        };
        let words = [&format!("tables/{table}: -0.000001 S {at}")[..], "zero or positive"];
        moved.with_changed(table, negative, || moved.must_refuse(&words));
        let elsewhere = |fields: &mut [String]| {
            if here(fields) {
                fields[2] = "5e-4".into();
            }
        };
        let words = format!("tables/{table}: the target {at} is 500 µS");
        moved.with_changed(table, elsewhere, || moved.must_refuse(&[&words]));
    }
    // A tile that is not there is missing, whatever the order says.
    fs::remove_file(moved.tables.join(LOWER)).expect("removed");
    moved.must_refuse(&["there is nothing of tile (1, 0) of product 0"]);
}

#[test]
fn an_order_that_is_none_of_the_rows_of_a_product_is_refused() {
    let moved = Moved::new();
    let mut twice = moved.chip["products"][0]["row_order"].clone();
    twice[3] = twice[8].clone();
    moved.refuses_orders(twice, &["the order of the rows of product 0 has row", "at 3 and at 8"]);
    for short in [json!([]), json!([0, 1, 2]), json!([1, 0])] {
        let rows = short.as_array().map_or(0, Vec::len);
        let words = format!("product 0 is of {rows} rows, and its tiles have 196");
        moved.refuses_orders(short, &[&words]);
    }
    let reverse: Vec<usize> = (0..196).rev().collect();
    moved.refuses_orders(reverse.into(), &["the target at row 0", "row_order in chip.json"]);
    for (file, words) in [
        (json!("product-007.npz"), "product 7 belongs to no product of the chip"),
        (json!("product-000.npz"), "products[2]: product-000.npz has had its row_order already"),
        (json!("tile.npz"), "products[2].file \"tile.npz\" is of no product"),
        (Value::Null, "products[2] has row_order and no file"),
    ] {
        for told in [json!([1, 0]), json!([0, 1])] {
            let more = json!({ "file": file, "row_order": told });
            let add = |chip: &mut Value| {
                chip["products"].as_array_mut().expect("a list").push(more.clone());
            };
            moved.with_said(add, || moved.must_refuse(&[words]));
        }
    }
    fs::write(moved.tables.join("chip.json"), "{").expect("written");
    moved.must_refuse(&["tables/chip.json", "row_order"]);
}

/// Where a row lies matters on wires, and it is said which have a resistance.
#[test]
fn rows_in_another_order_are_refused_on_wires() {
    let Moved { desk, .. } = Moved::new();
    let preset = Command::new(env!("CARGO_BIN_EXE_cim")).args(["preset", "paper"]).output();
    let preset = String::from_utf8(preset.expect("runs").stdout).expect("text");
    let ideal = "row = \"0 Ohm\"\ncolumn = \"0 Ohm\"";
    for (wires, words) in [
        ("row = \"1 Ohm\"\ncolumn = \"0 Ohm\"", "(wires.row = 1 Ω)"),
        ("row = \"0 Ohm\"\ncolumn = \"2 Ohm\"\nsense = \"0 Ohm\"", "(wires.column = 2 Ω)"),
        ("row = \"0 Ohm\"\ncolumn = \"0 Ohm\"\nsource = \"1 Ohm\"", "(wires.source = 1 Ω)"),
        (
            "row = \"0 Ohm\"\ncolumn = \"0 Ohm\"\nsource = \"3 Ohm\"\nsense = \"1 Ohm\"",
            "(wires.source = 3 Ω, wires.sense = 1 Ω)",
        ),
    ] {
        let wired = preset.replace(ideal, wires);
        assert_ne!(wired, preset);
        fs::write(desk.path("wired.toml"), wired).expect("written");
        let eval = ["--held", "tables", "--preset", "wired.toml"];
        let words = ["rows lie in another order", words, "set them to 0 Ohm"];
        desk.must_refuse("mlp.onnx", &eval, &words);
    }
}
