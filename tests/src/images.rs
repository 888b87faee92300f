//! A small set of images: ten classes that a network can learn in a second.

use cim_core::Stream;
use cim_nn::Dataset;

/// Side of an image.
pub const SIDE: usize = 28;
/// Number of classes.
pub const CLASSES: usize = 10;

/// `count` images of 28 × 28 pixels in ten classes, in turn. The same `world` has the same classes;
/// `at` draws the images.
///
/// A class is five soft spots of its own on three that all classes share. An image of it is moved
/// by up to two pixels each way, dimmed and covered with noise.
pub fn images(count: usize, world: Stream, at: Stream) -> Dataset {
    let shared = spots(3, world.child("shared", 0));
    let classes: Vec<Vec<[f32; 3]>> =
        (0..CLASSES).map(|class| spots(5, world.child("class", class as u64))).collect();
    let (mut pixels, mut labels) = (Vec::with_capacity(count * SIDE * SIDE), Vec::new());
    let mut grain = vec![0.0f32; SIDE * SIDE];
    for image in 0..count {
        let (class, at) = (image % CLASSES, at.child("image", image as u64));
        let mut place = [0.0f32; 3];
        at.fill_uniform(0, &mut place);
        at.fill_standard_normal(0, &mut grain);
        let [dy, dx] = [place[0], place[1]].map(|u| (u * 5.0).floor() - 2.0);
        let brightness = 150.0 + 80.0 * place[2];
        for (pixel, &n) in grain.iter().enumerate() {
            let (row, col) = ((pixel / SIDE) as f32 - dy, (pixel % SIDE) as f32 - dx);
            let light = light(&shared, row, col) + light(&classes[class], row, col);
            // The cast saturates, as a camera does.
            pixels.push((brightness * light.min(1.0) + 45.0 * n) as u8);
        }
        labels.push(class as u8);
    }
    Dataset::new(pixels, labels, SIDE, SIDE, CLASSES).expect("one label below ten per image")
}

/// Row, column and radius of a number of spots.
fn spots(count: usize, at: Stream) -> Vec<[f32; 3]> {
    let mut draws = vec![0.0f32; 3 * count];
    at.fill_uniform(0, &mut draws);
    draws
        .chunks_exact(3)
        .map(|u| [4.0 + 20.0 * u[0], 4.0 + 20.0 * u[1], 1.5 + 1.5 * u[2]])
        .collect()
}

fn light(spots: &[[f32; 3]], row: f32, col: f32) -> f32 {
    let spot = |&[y, x, radius]: &[f32; 3]| {
        let square = (row - y).powi(2) + (col - x).powi(2);
        (-square / (2.0 * radius * radius)).exp()
    };
    spots.iter().map(spot).sum()
}
