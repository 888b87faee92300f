//! Files that are broken anywhere are refused or fitted, and nothing else.

use cim_core::Stream;
use cim_fit::{Measurements, fit};

fn whole() -> String {
    let mut csv = "cell,target (uS),achieved (uS),time (s),read\n".to_owned();
    let mut noise = [0.0_f32; 160];
    Stream::root(3).fill_standard_normal(0, &mut noise);
    for (k, noise) in noise.iter().enumerate() {
        let (cell, time) = (k / 8, [0, 1, 60, 3600][k / 2 % 4]);
        let target = 10 + 10 * (cell % 3);
        csv += &format!("{cell},{target},{},{time},{}\n", target as f32 + noise, k % 2);
    }
    csv
}

#[test]
fn broken_files_are_refused_or_fitted() {
    let whole = whole().into_bytes();
    fit(&Measurements::from_csv(&whole).expect("readable")).expect("a fit");
    let mut at = vec![0.0_f32; 900];
    Stream::root(4).fill_uniform(0, &mut at);
    let marks = b"\",;\n\t-.0e9#x \xff";
    let mut fitted = 0;
    for at in at.chunks_exact(3) {
        let mut bytes = whole.clone();
        let of = |share: f32, length: usize| (share * length as f32) as usize % length;
        match of(at[2], 3) {
            0 => bytes[of(at[0], whole.len())] = marks[of(at[1], marks.len())],
            1 => bytes.truncate(of(at[0], whole.len())),
            _ => bytes.insert(of(at[0], whole.len()), marks[of(at[1], marks.len())]),
        }
        match Measurements::from_csv(&bytes).and_then(|measurements| fit(&measurements)) {
            Ok(found) => {
                assert!(found.parameters.iter().all(|one| one.value.is_finite()));
                fitted += 1;
            }
            Err(error) => {
                let (message, help) = (error.to_string(), error.help());
                assert!(message.len() < 200 && !help.is_empty(), "{message}");
                assert!(error.span().is_none_or(|span| span.end <= bytes.len()), "{message}");
            }
        }
    }
    assert!((30..270).contains(&fitted), "{fitted} of 300");
}
