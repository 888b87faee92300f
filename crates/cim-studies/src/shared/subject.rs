//! Networks whose weights are put onto cells, and how right they are with other weights.

use cim_chip::Mapped;
use cim_core::Exact;
use cim_nn::{Dataset, Network};
use cim_report::Estimate;
use ndarray::{Array2, ArrayView2};

use super::estimates::paired;
use super::foreign::{Given, ResNet20};
use crate::error::StudyError;

/// A network by its products.
pub struct Subject<'a> {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: String,
    /// Weights of its products, inputs × outputs.
    pub products: Vec<Array2<f32>>,
    judge: Judge<'a>,
}

/// Who says which images are recognised.
enum Judge<'a> {
    Own(&'a Network, &'a Dataset),
    ResNet20(&'a ResNet20),
    Nobody,
}

impl<'a> Subject<'a> {
    /// The network trained here, and those of others that are there.
    pub fn all(network: &'a Network, given: &'a Given) -> Vec<Self> {
        let own = |network: &Network| network.products().map(|p| p.weights.to_owned()).collect();
        let mut all = vec![Self {
            key: "mnist",
            name: "perceptron trained here, on MNIST".to_owned(),
            products: own(network),
            judge: Judge::Own(network, &given.images.test),
        }];
        if let Some(resnet20) = &given.resnet20 {
            all.push(Self {
                key: "resnet20",
                name: "ResNet-20 on CIFAR-10".to_owned(),
                products: resnet20
                    .network
                    .products()
                    .into_iter()
                    .map(|product| product.weights.to_owned())
                    .collect(),
                judge: Judge::ResNet20(resnet20),
            });
        }
        if let Some(transformer) = &given.transformer {
            let products: Vec<Array2<f32>> =
                transformer.products.iter().map(|(_, weights)| weights.clone()).collect();
            let held: usize = products.iter().map(Array2::len).sum();
            let name = format!(
                "transformer of {:.1} M numbers, {:.1} M of them in products",
                transformer.numbers as f64 / 1e6,
                held as f64 / 1e6
            );
            all.push(Self { key: "transformer", name, products, judge: Judge::Nobody });
        }
        all
    }

    /// Weights in all products.
    pub fn weights(&self) -> usize {
        self.products.iter().map(Array2::len).sum()
    }

    /// Whether anybody can say how right it is.
    pub fn is_judged(&self) -> bool {
        !matches!(self.judge, Judge::Nobody)
    }

    /// What drives every product on the first images that it learned from (vectors × inputs); none where
    /// there are no images.
    pub fn drives(
        &self,
        given: &Given,
        images: usize,
    ) -> Result<Option<Vec<Array2<f32>>>, StudyError> {
        Ok(match &self.judge {
            Judge::Nobody => None,
            Judge::Own(network, _) => {
                let images = cim_nn::network::first_images(&given.images.train, images);
                Some(network.product_inputs(images.view(), images.nrows()))
            }
            Judge::ResNet20(resnet20) => {
                let images = images.min(resnet20.calibration.nrows());
                let images = resnet20.calibration.slice(ndarray::s![..images, ..]);
                Some(resnet20.network.drives(images)?)
            }
        })
    }

    /// For every test image 1 if it is recognised with these weights in place of its own, else 0; none
    /// where nobody can say.
    pub fn right(&self, weights: Vec<Array2<f32>>) -> Result<Option<Vec<f64>>, StudyError> {
        let exact: Vec<Exact> = weights.into_iter().map(Exact).collect();
        Ok(match &self.judge {
            Judge::Nobody => None,
            Judge::Own(network, test) => {
                let (logits, _) = network.logits(&exact, test);
                Some(recognised(logits.view(), test.labels()))
            }
            Judge::ResNet20(resnet20) => {
                let (logits, _) = resnet20.network.outputs(&exact, resnet20.test.view())?;
                Some(recognised(logits.view(), &resnet20.labels))
            }
        })
    }
}

/// Whether the largest of the logits (images × classes) stands at the label, image by image.
fn recognised(logits: ArrayView2<'_, f32>, labels: &[u8]) -> Vec<f64> {
    let one = |(idx, label): (usize, &u8)| {
        cim_nn::accuracy(logits.slice(ndarray::s![idx..=idx, ..]), std::slice::from_ref(label))
    };
    labels.iter().enumerate().map(one).collect()
}

/// What one set of weights recognises more than another, on the same images: the interval is over
/// images, those of all chips or draws together.
pub fn over_images(a: &[f64], b: &[f64], chips: usize) -> Estimate {
    Estimate { chips, ..paired(a, b) }
}
