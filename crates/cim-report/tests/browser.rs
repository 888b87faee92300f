//! Pages in a real browser, where Chromium is installed: nothing pushes them wider than their window.

use std::path::Path;
use std::process::Command;

use cim_report::{Headline, Report, Table, Timing};

/// Names under which systems have it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Windows from a phone to a large screen (pixels).
const WIDTHS: [u32; 5] = [500, 700, 760, 1000, 1400];

fn browser() -> Option<&'static str> {
    let runs = |name: &&str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    NAMES.into_iter().find(runs)
}

/// With all that can be wide: headlines whose numbers do not break, long words, a wide table.
fn wide() -> Report {
    let headline = |value: &str| Headline {
        value: value.to_owned(),
        label: "of the best heuristic's energy saved".to_owned(),
        detail: "at no less accuracy (optimiser.least_read_voltage = 20.0 mV)".to_owned(),
    };
    let values = ["97.30 ± 0.89 %", "92.29 ± 2.74 %", "−7.74 ± 5.67 %", "32.7×"];
    let row: Vec<String> = (0..14).map(|k| format!("column {k} of a wide table")).collect();
    Report {
        title: "A page".to_owned(),
        lead: "a_word_without_any_place_to_break_".repeat(6),
        headlines: values.map(headline).to_vec(),
        tables: vec![Table { columns: row.clone(), rows: vec![row], ..Table::default() }],
        ..Report::default()
    }
}

/// How wide the page is and its window (pixels), as the browser has them.
fn widths(browser: &str, page: &Path, width: u32) -> (u32, u32) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let (_, told) = dom.split_once("<title>").expect("a title");
    let (told, _) = told.split_once("</title>").expect("its end");
    let (page, window) = told.split_once('/').expect("two widths");
    (page.parse().expect("pixels"), window.parse().expect("pixels"))
}

#[test]
fn no_page_is_wider_than_its_window() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    cim_report::write(&wide(), &Timing::default(), folder.path()).expect("a page");
    let page = folder.path().join("report.html");
    let html = std::fs::read_to_string(&page).expect("written");
    let tell =
        "<script>document.title = document.documentElement.scrollWidth + '/' + innerWidth</script>";
    std::fs::write(&page, html + tell).expect("written");
    for width in WIDTHS {
        let (page, window) = widths(browser, &page, width);
        assert!(page <= window, "a page of {page} pixels in a window of {window}");
    }
}
