//! A handful of small images for studies under test.

use cim_core::Stream;
use cim_nn::Dataset;

use super::images::Images;

/// Images of 6 × 6 pixels in four classes, each with a bright corner of its own among noise.
fn images(count: usize, at: Stream) -> Dataset {
    let mut bytes = Vec::new();
    let mut noise = vec![0.0_f32; 36];
    for image in 0..count {
        at.fill_uniform(image as u64, &mut noise);
        let (top, left) = (image % 2 * 3, image / 2 % 2 * 3);
        bytes.extend(noise.iter().enumerate().map(|(pixel, noise)| {
            let (row, column) = (pixel / 6, pixel % 6);
            let lit = (top..top + 3).contains(&row) && (left..left + 3).contains(&column);
            (90.0 * noise + if lit { 160.0 * noise } else { 0.0 }) as u8
        }));
    }
    let labels = (0..count).map(|image| (image % 4) as u8).collect();
    Dataset::new(bytes, labels, 6, 6, 4).expect("images")
}

/// A set to learn from, and the test set of a number.
pub fn data(test: u64) -> Images {
    let at = Stream::root(3);
    Images {
        train: images(280, at.child("train", 0)),
        test: images(60, at.child("test", test)),
        sha256: "the same".to_owned(),
    }
}
