//! What a study of placement works on: images, and networks of others as far as they are there.

use std::path::Path;

use cim_chip::sections::NetworkSpec;
use cim_report::Parameter;

use super::resnet20::ResNet20;
use super::spec::ForeignSpec;
use super::transformer::Transformer;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Source, StudyData};

/// Images to train a network on here, and networks of others.
pub struct Given {
    /// Images for a network that is trained here.
    pub images: Images,
    /// ResNet-20, if it is there.
    pub resnet20: Option<ResNet20>,
    /// A transformer, if it is there.
    pub transformer: Option<Transformer>,
    /// What was left out, in words.
    pub left_out: Vec<String>,
}

impl Given {
    /// Reads images and whatever else is there.
    pub fn open(
        folder: &Path,
        network: &NetworkSpec,
        foreign: &ForeignSpec,
    ) -> Result<Self, StudyError> {
        let images = Images::open(folder, network)?;
        let mut left_out = Vec::new();
        let mut keep = |words: String| left_out.push(words);
        let resnet20 = ResNet20::find(foreign)?.map_err(&mut keep).ok();
        let transformer = Transformer::find(foreign)?.map_err(&mut keep).ok();
        Ok(Self { images, resnet20, transformer, left_out })
    }

    /// What a study says, and before it what it has to leave out.
    pub fn with_left_out(&self, lead: String) -> String {
        self.left_out.iter().cloned().chain([lead]).collect::<Vec<_>>().join(" ")
    }

    /// Which files of others were used, by their content.
    pub fn parameters(&self) -> Vec<Parameter> {
        let of = |name: &str, sha256: &str| Parameter {
            name: name.to_owned(),
            value: sha256.to_owned(),
            ours: false,
            note: "SHA-256 of the content".to_owned(),
        };
        let mut all = Vec::new();
        if let Some(ResNet20 { sha256: [weights, images], .. }) = &self.resnet20 {
            all.push(of("weights of ResNet-20", weights));
            all.push(of("images of CIFAR-10", images));
        }
        if let Some(transformer) = &self.transformer {
            all.push(of("weights of the transformer", &transformer.sha256));
        }
        all
    }
}

impl StudyData for Given {
    fn source(&self) -> Source {
        let Source { mut name, sha256 } = self.images.source();
        if let Some(resnet20) = &self.resnet20 {
            name += &format!(", {} of CIFAR-10 for ResNet-20", resnet20.labels.len());
        }
        if self.transformer.is_some() {
            name += ", a transformer";
        }
        Source { name, sha256 }
    }
}
