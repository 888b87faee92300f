//! Matrix products, with constant weights or between activations.

use std::borrow::Cow;

use cim_core::matmul::product;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::arithmetic::Number;
use super::products::{Carrier, transposed};
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::broadcast::{common_shape, stretched, zip};
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Constants, Inputs, Operator, Place, Run, values};
use crate::strided::permuted;
use crate::tensor::{Data, Tensor, for_numbers};

pub(super) const TABLE: &[Row] =
    &[row("Gemm", 3, 1, gemm), row("MatMul", 2, 1, |_| Ok(Box::new(MatMul)))];

/// A product of two tensors, neither of which is known beforehand.
struct MatMul;

impl Operator for MatMul {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (a, b) = (inputs.take_shared(0)?, inputs.take_shared(1)?);
        multiplied(&a, &b, run).map(|y| vec![y])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        place_matmul(constants, first)
    }
}

/// Hands out a matrix on either side.
fn place_matmul(constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
    let constant = |index: usize| constants.get(index);
    let (w, is_left) = match (constant(0), constant(1)) {
        (_, Some(w)) => (w, false),
        (Some(w), None) => (w, true),
        (None, None) => return Ok(Place::Digital("both factors are computed".to_owned())),
    };
    if w.data_type() != DataType::F32 {
        return Ok(Place::Digital(format!("weights of type {}", w.data_type())));
    }
    let flat: Vec<usize> =
        w.shape().iter().copied().skip_while(|&dim| dim == 1 && w.rank() > 2).collect();
    let (rows, cols, is_vector) = match (w.rank(), &flat[..]) {
        (1, &[inputs]) if !is_left => (inputs, 1, true),
        (2, &[rows, cols]) => (rows, cols, false),
        _ => return Ok(Place::Digital(format!("weights of {} dimensions", w.rank()))),
    };
    let w = values::<f32>(w, "the weights")?;
    let weights = if is_left {
        transposed(w, rows, cols)
    } else {
        Array2::from_shape_vec((rows, cols), w.to_vec()).expect("rows × cols values")
    };
    let operator = Box::new(Placed { first, shape: weights.dim(), is_left, is_vector });
    Ok(Place::Products {
        operator,
        weights: vec![(String::new(), weights)],
        consumed: vec![usize::from(!is_left)],
    })
}

/// A product with weights that are handed out.
struct Placed {
    first: usize,
    /// Inputs × outputs.
    shape: (usize, usize),
    /// Whether the weights stand on the left: `y = Wᵀ x`.
    is_left: bool,
    is_vector: bool,
}

impl Operator for Placed {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let x = inputs.take_shared(usize::from(self.is_left))?;
        let (n_inputs, n_outputs) = self.shape;
        let is_one = x.rank() == 1;
        let x = if self.is_left && !is_one { Cow::Owned(last_two_swapped(&x)?) } else { x };
        if x.shape().last() != Some(&n_inputs) {
            return Err(invalid!("{:?} times a matrix of {n_inputs} inputs", x.shape()));
        }
        let mut shape = x.shape().to_vec();
        *shape.last_mut().expect("a last dimension was compared") = n_outputs;
        let count = run.elements(&shape)?;
        let mut y = run.buffer(count);
        let x_values = values::<f32>(&x, "the input")?;
        Carrier::Products(self.first).multiply(run, 0, x_values, &mut y, self.shape)?;
        run.recycle(x);
        if self.is_vector {
            shape.pop();
        }
        let y = Tensor::of(shape, y);
        Ok(vec![if self.is_left && !is_one { last_two_swapped(&y)? } else { y }])
    }
}

fn last_two_swapped(x: &Tensor) -> Result<Tensor, OpError> {
    let rank = x.rank();
    if rank < 2 {
        return Err(invalid!("{rank} dimensions in place of 2"));
    }
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank - 1, rank - 2);
    Ok(permuted(x, &order))
}

/// `a · b` for stacks of matrices, as NumPy has it.
pub(super) fn multiplied(a: &Tensor, b: &Tensor, run: &mut Run<'_>) -> Result<Tensor, OpError> {
    if a.rank() == 0 || b.rank() == 0 {
        return Err(invalid!("a product with a single number"));
    }
    let mut a_shape = a.shape().to_vec();
    let mut b_shape = b.shape().to_vec();
    if a.rank() == 1 {
        a_shape.insert(0, 1);
    }
    if b.rank() == 1 {
        b_shape.push(1);
    }
    let (a_stack, a_matrix) = a_shape.split_at(a_shape.len() - 2);
    let (b_stack, b_matrix) = b_shape.split_at(b_shape.len() - 2);
    let ((m, k), n) = ((a_matrix[0], a_matrix[1]), b_matrix[1]);
    if b_matrix[0] != k {
        return Err(invalid!("shapes {:?} and {:?}", a.shape(), b.shape()));
    }
    let stack = common_shape(a_stack, b_stack)?;
    let mut shape = stack.clone();
    shape.extend([m, n]);
    let count = run.elements(&shape)?;
    run.spend(&[count, k.max(1)])?;
    let stacked: usize = stack.iter().product();
    let matrix_of = |of: &[usize]| {
        let order: Vec<usize> = (0..of.iter().product()).collect();
        crate::strided::view_of(&order, 0, &stack, &stretched(of, &stack), stacked)
    };
    let pairs: Vec<(usize, usize)> =
        matrix_of(a_stack).into_iter().zip(matrix_of(b_stack)).collect();
    let data = match (a.data(), b.data()) {
        (Data::F32(a), Data::F32(b)) => {
            let mut y = run.buffer(count);
            if k == 0 {
                y.fill(0.0);
            } else if m * n > 0 {
                for ((a_at, b_at), y) in pairs.iter().zip(y.chunks_exact_mut(m * n)) {
                    let a = ArrayView2::from_shape((m, k), &a[a_at * m * k..][..m * k]);
                    let b = ArrayView2::from_shape((k, n), &b[b_at * k * n..][..k * n]);
                    let y = ArrayViewMut2::from_shape((m, n), y).expect("m × n");
                    product(a.expect("m × k"), b.expect("k × n"), y);
                }
            }
            Data::F32(y)
        }
        (of_a, _) => for_numbers!(of_a, of_a => {
            plain(of_a, values(b, "input 1")?, &pairs, (m, k, n)).into()
        }, bool => return Err(invalid!("a product of truth values"))),
    };
    if a.rank() == 1 {
        shape.remove(shape.len() - 2);
    }
    if b.rank() == 1 {
        shape.pop();
    }
    Ok(Tensor::with(shape, data))
}

/// Products of any numbers, sum by sum.
fn plain<N: Number>(
    a: &[N],
    b: &[N],
    pairs: &[(usize, usize)],
    (m, k, n): (usize, usize, usize),
) -> Vec<N> {
    let mut y = vec![N::default(); pairs.len() * m * n];
    if y.is_empty() {
        return y;
    }
    for (&(a_at, b_at), y) in pairs.iter().zip(y.chunks_exact_mut(m * n)) {
        for (row, y) in y.chunks_exact_mut(n).enumerate() {
            for inner in 0..k {
                let x = a[a_at * m * k + row * k + inner];
                let line = &b[b_at * k * n + inner * n..][..n];
                y.iter_mut().zip(line).for_each(|(y, &w)| *y = y.plus(x.times(w)));
            }
        }
    }
    y
}

/// `alpha · A · B + beta · C`, either factor transposed.
#[derive(Clone)]
struct Gemm {
    alpha: f32,
    beta: f32,
    transposes: [bool; 2],
    /// Product that stands for the factor at this input.
    placed: Option<(usize, usize, (usize, usize))>,
}

fn gemm(attributes: &mut Attributes) -> Result<Box<dyn Operator>, OpError> {
    if attributes.opset < 7 {
        attributes.ignore("broadcast");
    }
    Ok(Box::new(Gemm {
        alpha: attributes.float_or("alpha", 1.0)?,
        beta: attributes.float_or("beta", 1.0)?,
        transposes: [attributes.flag("transA", false)?, attributes.flag("transB", false)?],
        placed: None,
    }))
}

impl Gemm {
    /// A factor as it enters the product.
    fn factor<'t>(&self, x: Cow<'t, Tensor>, index: usize) -> Result<Cow<'t, Tensor>, OpError> {
        if x.rank() != 2 {
            return Err(invalid!("{} dimensions in place of 2", x.rank()));
        }
        Ok(if self.transposes[index] { Cow::Owned(permuted(&x, &[1, 0])) } else { x })
    }
}

impl Operator for Gemm {
    fn run(&self, mut inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let y = match self.placed {
            None => {
                let a = self.factor(inputs.take_shared(0)?, 0)?;
                let b = self.factor(inputs.take_shared(1)?, 1)?;
                multiplied(&a, &b, run)?
            }
            Some((first, weights_at, shape)) => {
                let x = self.factor(inputs.take_shared(1 - weights_at)?, 1 - weights_at)?;
                // Weights on the left: the transposed product of the transposed factors.
                let x = if weights_at == 0 { Cow::Owned(permuted(&x, &[1, 0])) } else { x };
                let rows = x.shape()[0];
                if x.shape()[1] != shape.0 {
                    return Err(invalid!("{:?} times a matrix of {} inputs", x.shape(), shape.0));
                }
                let count = run.elements(&[rows, shape.1])?;
                let mut y = run.buffer(count);
                let x_values = values::<f32>(&x, "the input")?;
                Carrier::Products(first).multiply(run, 0, x_values, &mut y, shape)?;
                run.recycle(x);
                let y = Tensor::of(vec![rows, shape.1], y);
                if weights_at == 0 { permuted(&y, &[1, 0]) } else { y }
            }
        };
        let Some(c) = inputs.optional(2).filter(|_| self.beta != 0.0) else {
            return scaled(y, self.alpha).map(|y| vec![y]);
        };
        let shape = y.shape().to_vec();
        if common_shape(&shape, c.shape())? != shape {
            return Err(invalid!("C of shape {:?} for a result of {shape:?}", c.shape()));
        }
        let c_shape = c.shape();
        let data = match y.into_data() {
            Data::F32(mut y) => {
                let (alpha, beta, c) = (self.alpha, self.beta, values::<f32>(c, "C")?);
                if c_shape.iter().product::<usize>() == shape[1]
                    && c_shape.last() == Some(&shape[1])
                {
                    for row in y.chunks_exact_mut(shape[1].max(1)) {
                        row.iter_mut().zip(c).for_each(|(y, c)| *y = alpha * *y + beta * c);
                    }
                    Data::F32(y)
                } else {
                    let y = zip(&shape, (&y, &shape), (c, c_shape), |y, c| alpha * y + beta * c);
                    Data::F32(y)
                }
            }
            Data::F64(y) => {
                let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
                let c = (values::<f64>(c, "C")?, c_shape);
                Data::F64(zip(&shape, (&y, &shape), c, |y, c| alpha * y + beta * c))
            }
            other => return Err(unsupported!("data of type {}", other.data_type())),
        };
        Ok(vec![Tensor::with(shape, data)])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let constant = |index: usize| constants.get(index);
        let (at, w) = match (constant(0), constant(1)) {
            (_, Some(w)) => (1, w),
            (Some(w), None) => (0, w),
            (None, None) => return Ok(Place::Digital("both factors are computed".to_owned())),
        };
        if w.data_type() != DataType::F32 {
            return Ok(Place::Digital(format!("weights of type {}", w.data_type())));
        }
        let factor = self.factor(Cow::Borrowed(w), at)?;
        let factor = if at == 0 { Cow::Owned(permuted(&factor, &[1, 0])) } else { factor };
        let shape = (factor.shape()[0], factor.shape()[1]);
        let w = values::<f32>(&factor, "the weights")?.to_vec();
        let weights = Array2::from_shape_vec(shape, w).expect("inputs × outputs values");
        let operator = Box::new(Self { placed: Some((first, at, shape)), ..self.clone() });
        Ok(Place::Products {
            operator,
            weights: vec![(String::new(), weights)],
            consumed: vec![at],
        })
    }
}

fn scaled(mut y: Tensor, by: f32) -> Result<Tensor, OpError> {
    if by != 1.0 {
        match y.data_mut() {
            Data::F32(y) => y.iter_mut().for_each(|y| *y *= by),
            Data::F64(y) => y.iter_mut().for_each(|y| *y *= f64::from(by)),
            other => return Err(unsupported!("data of type {}", other.data_type())),
        }
    }
    Ok(y)
}
