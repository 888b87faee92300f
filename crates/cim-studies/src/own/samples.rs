//! Samples from named arrays, as a network takes them.

use cim_chip::{Foreign, Mapped, Metric, Task, Truth};
use cim_data::npy::Kind;
use cim_data::npz::Named;
use cim_graph::{DataType, Network, Port};
use ndarray::{Array2, Axis, concatenate, s};

use crate::error::StudyError;

/// Samples on which designs are set where nobody says how many.
pub const CALIBRATION: usize = 256;

/// Samples of one network, and what the arrays say of them.
pub struct Samples {
    /// Samples × numbers, the inputs of the network one after the other.
    pub rows: Array2<f32>,
    /// Dimensions of one sample of each input.
    pub shapes: Vec<Vec<usize>>,
    answers: Option<Named>,
}

/// Name of the array of answers.
const ANSWERS: &str = "y";

/// Name of the array of samples where a network has one input.
const SAMPLES: &str = "x";

impl Samples {
    /// Takes the samples of `network` out of `arrays`, only the first `most` of them: one array for each
    /// input by its name, or `x` where there is one input; `y` holds answers, if it is there.
    ///
    /// # Errors
    /// [`StudyError::Refused`] naming the array and what is wrong with it.
    pub fn of(mut arrays: Vec<Named>, network: &Network, most: usize) -> Result<Self, StudyError> {
        let ports: Vec<&Port> = network.inputs().collect();
        let mut parts = Vec::with_capacity(ports.len());
        let mut shapes = Vec::with_capacity(ports.len());
        for port in &ports {
            let alone = ports.len() == 1;
            let fits = |array: &Named| array.name == port.name || (alone && array.name == SAMPLES);
            let Some(place) = arrays.iter().position(fits) else {
                let there: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
                let what = format!("no array {}, only {}", port.name, there.join(", "));
                let help = "save samples as x, or under the name of the network's input";
                return Err(refused(what, help));
            };
            let array = arrays.swap_remove(place);
            let (rows, shape) = rows(&array, port, most).map_err(|what| {
                let help = "the first dimension counts samples, the others are those of the input";
                refused(what, help)
            })?;
            parts.push(rows);
            shapes.push(shape);
        }
        let count = parts.first().map_or(0, Array2::nrows);
        if let Some(other) = parts.iter().find(|part| part.nrows() != count) {
            let what = format!("inputs of {count} and of {} samples", other.nrows());
            return Err(refused(what, "give every input as many samples"));
        }
        if count == 0 {
            return Err(refused("no samples".into(), "the first dimension counts samples"));
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let rows = concatenate(Axis(1), &views).expect("equally many samples");
        let answers = arrays.into_iter().find(|array| array.name == ANSWERS);
        Ok(Self { rows, shapes, answers })
    }

    /// What the network is asked: `metric`, or what the answers allow; without answers, what it says
    /// digitally.
    ///
    /// # Errors
    /// [`StudyError::Refused`] for answers that cannot be, [`StudyError::Chip`] for those that do not fit
    /// the metric.
    pub fn task(&self, network: &Foreign, metric: Option<Metric>) -> Result<Task, StudyError> {
        let count = self.rows.nrows();
        let (truth, own) = match &self.answers {
            None => {
                let outputs = network.digital_outputs(self.rows.view())?;
                match metric {
                    Some(metric) if metric.takes_labels() => {
                        (Truth::Labels(largest(&outputs)), metric)
                    }
                    _ => (Truth::Targets(outputs), Metric::Cosine),
                }
            }
            Some(answers) => truth(answers, count, metric).map_err(|what| {
                let help = "y holds one whole label a sample, from 0 on (top1, top5), or as many numbers a \
                            sample as the network puts out (mse, cosine, nearest)";
                refused(what, help)
            })?,
        };
        Ok(Task::new(self.rows.clone(), truth, metric.unwrap_or(own))?)
    }

    /// One label for each sample.
    ///
    /// # Errors
    /// [`StudyError::Refused`] where there are no answers, or answers that are no labels.
    pub fn labels(&self) -> Result<Vec<u32>, StudyError> {
        let help = "save one whole label a sample, from 0 on, as y";
        let Some(answers) = &self.answers else {
            return Err(refused("no array y: there are no labels to learn from".into(), help));
        };
        match truth(answers, self.rows.nrows(), Some(Metric::Top1)) {
            Ok((Truth::Labels(labels), _)) => Ok(labels),
            Ok(_) => Err(refused("y holds no labels".into(), help)),
            Err(what) => Err(refused(what, help)),
        }
    }

    /// What the samples of `name` are, for the report.
    pub fn described(&self, name: &str) -> String {
        let answers = match self.answers {
            Some(_) => "",
            None => ", no answers: the digital outputs stand for them",
        };
        format!("{name} ({} samples{answers})", self.rows.nrows())
    }

    /// The first `count` samples to set designs on, with their name for the report.
    ///
    /// As many as there are, if fewer.
    pub fn calibration(&self, count: usize) -> (Array2<f32>, String) {
        let rows = self.rows.slice(s![..count.min(self.rows.nrows()), ..]).to_owned();
        let name = format!("the first {} samples of the data, without their answers", rows.nrows());
        (rows, name)
    }

    /// All of them to set designs on, where another set is judged, with their name for the report.
    pub fn into_calibration(self) -> (Array2<f32>, String) {
        let name = format!("{} samples of their own", self.rows.nrows());
        (self.rows, name)
    }
}

fn refused(what: String, help: &str) -> StudyError {
    StudyError::Refused { what, help: help.to_owned() }
}

/// Rows of an array (samples × numbers) and the shape of one.
fn rows(array: &Named, port: &Port, most: usize) -> Result<(Array2<f32>, Vec<usize>), String> {
    let dims = array.values.shape();
    let name = &array.name;
    let Some((&count, own)) = dims.split_first() else {
        return Err(format!("{name} is a single number"));
    };
    // Flattened images are taken where the network says what they are.
    let declared: Option<Vec<usize>> =
        port.shape.as_ref().and_then(|dims| dims.get(1..)?.iter().copied().collect());
    let size: usize = own.iter().product();
    let shape = match declared {
        Some(declared) if declared != own => {
            if declared.iter().product::<usize>() != size {
                return Err(format!("{name} is {dims:?}, a sample of the network {declared:?}"));
            }
            declared
        }
        _ => own.to_vec(),
    };
    let kept = count.min(most);
    let values: Vec<f32> = array.values.iter().copied().take(kept * size).collect();
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("{name} holds {value}"));
    }
    let whole = !matches!(port.data_type, DataType::F32 | DataType::F64);
    if whole && let Some(value) = values.iter().find(|value| value.fract() != 0.0) {
        return Err(format!("{name} holds {value}, the network takes {}", port.data_type));
    }
    let rows = Array2::from_shape_vec((kept, size), values).expect("whole samples");
    Ok((rows, shape))
}

/// Answers of the first `count` samples, and the metric that suits them.
fn truth(answers: &Named, count: usize, metric: Option<Metric>) -> Result<(Truth, Metric), String> {
    let dims = answers.values.shape();
    let rows = dims.first().copied().unwrap_or(0);
    if rows < count {
        return Err(format!("{rows} answers in y for {count} samples"));
    }
    let size = dims.iter().skip(1).product::<usize>();
    let values: Vec<f32> = answers.values.iter().copied().take(count * size).collect();
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("y holds {value}"));
    }
    let labels = metric.map_or(size == 1 && answers.kind == Kind::Integer, Metric::takes_labels);
    if !labels {
        let targets = Array2::from_shape_vec((count, size), values).expect("whole answers");
        return Ok((Truth::Targets(targets), Metric::Mse));
    }
    if size != 1 {
        return Err(format!("y is {dims:?}, not one label a sample"));
    }
    match values.iter().find(|value| **value < 0.0 || value.fract() != 0.0) {
        Some(value) => Err(format!("y holds the label {value}")),
        None => Ok((Truth::Labels(values.iter().map(|&v| v as u32).collect()), Metric::Top1)),
    }
}

/// Place of the largest output of each sample.
fn largest(outputs: &Array2<f32>) -> Vec<u32> {
    let best = |row: ndarray::ArrayView1<'_, f32>| {
        let mut best = 0;
        for (class, &value) in row.iter().enumerate() {
            if row[best] < value {
                best = class;
            }
        }
        best as u32
    };
    outputs.rows().into_iter().map(best).collect()
}
