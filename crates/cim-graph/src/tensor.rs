//! Dense arrays of any number of dimensions: what flows between operators.

use crate::data_type::DataType;
use crate::error::GraphError;

/// Elements of a tensor, the last dimension varying fastest.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "one variant per DataType, which documents them")]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    Bool(Vec<bool>),
}

/// Runs an expression on the elements of a tensor, whatever their type.
macro_rules! for_any {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            $crate::tensor::Data::F32($values) => $body,
            $crate::tensor::Data::F64($values) => $body,
            $crate::tensor::Data::I8($values) => $body,
            $crate::tensor::Data::I16($values) => $body,
            $crate::tensor::Data::I32($values) => $body,
            $crate::tensor::Data::I64($values) => $body,
            $crate::tensor::Data::U8($values) => $body,
            $crate::tensor::Data::U16($values) => $body,
            $crate::tensor::Data::U32($values) => $body,
            $crate::tensor::Data::U64($values) => $body,
            $crate::tensor::Data::Bool($values) => $body,
        }
    };
}
pub(crate) use for_any;

/// As [`for_any`], for numbers; truth values go to the second expression.
macro_rules! for_numbers {
    ($data:expr, $values:ident => $body:expr, bool => $otherwise:expr) => {
        match $data {
            $crate::tensor::Data::F32($values) => $body,
            $crate::tensor::Data::F64($values) => $body,
            $crate::tensor::Data::I8($values) => $body,
            $crate::tensor::Data::I16($values) => $body,
            $crate::tensor::Data::I32($values) => $body,
            $crate::tensor::Data::I64($values) => $body,
            $crate::tensor::Data::U8($values) => $body,
            $crate::tensor::Data::U16($values) => $body,
            $crate::tensor::Data::U32($values) => $body,
            $crate::tensor::Data::U64($values) => $body,
            $crate::tensor::Data::Bool(_) => $otherwise,
        }
    };
}
pub(crate) use for_numbers;

/// A type that elements can have.
pub(crate) trait Element:
    Copy + Default + PartialEq + PartialOrd + Send + Sync + 'static
{
    const TYPE: DataType;
    fn wrap(values: Vec<Self>) -> Data;
    fn of(data: &Data) -> Option<&[Self]>;
}

macro_rules! elements {
    ($($native:ty => $variant:ident),*) => { $(
        impl Element for $native {
            const TYPE: DataType = DataType::$variant;
            fn wrap(values: Vec<Self>) -> Data { Data::$variant(values) }
            fn of(data: &Data) -> Option<&[Self]> {
                if let Data::$variant(values) = data { Some(values) } else { None }
            }
        }
        impl From<Vec<$native>> for Data {
            fn from(values: Vec<$native>) -> Self { Data::$variant(values) }
        }
    )* };
}
elements!(f32 => F32, f64 => F64, i8 => I8, i16 => I16, i32 => I32, i64 => I64, u8 => U8,
    u16 => U16, u32 => U32, u64 => U64, bool => Bool);

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        for_any!(self, values => values.len())
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Type of the elements.
    pub fn data_type(&self) -> DataType {
        fn of<T: Element>(_: &[T]) -> DataType {
            T::TYPE
        }
        for_any!(self, values => of(values))
    }
}

/// In which order a tensor's elements lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The last dimension varies fastest.
    #[default]
    Standard,
    /// The second dimension varies fastest, then the last: how products leave feature maps.
    ChannelsLast,
}

/// A dense array: a shape, empty for a single number, and its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
    layout: Layout,
}

impl Tensor {
    /// A tensor of `data` with the last dimension of `shape` varying fastest.
    ///
    /// # Errors
    /// [`GraphError::Shape`] if the data does not fill the shape.
    pub fn new(shape: Vec<usize>, data: impl Into<Data>) -> Result<Self, GraphError> {
        let data = data.into();
        let fills = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim)) == Some(data.len());
        if fills {
            Ok(Self { shape, data, layout: Layout::Standard })
        } else {
            Err(GraphError::Shape { values: data.len(), shape })
        }
    }

    /// A tensor whose data is known to fill its shape.
    pub(crate) fn of<T: Element>(shape: Vec<usize>, values: Vec<T>) -> Self {
        Self::with(shape, T::wrap(values))
    }

    pub(crate) fn with(shape: Vec<usize>, data: Data) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len(), "data fills the shape");
        Self { shape, data, layout: Layout::Standard }
    }

    /// Feature maps (batch × channels × …) whose channels vary fastest.
    pub(crate) fn channels_last(shape: Vec<usize>, values: Vec<f32>) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "data fills the shape");
        Self { shape, data: Data::F32(values), layout: Layout::ChannelsLast }
    }

    pub(crate) fn scalar<T: Element>(value: T) -> Self {
        Self::of(Vec::new(), vec![value])
    }

    /// Dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Elements, the last dimension varying fastest in every tensor that leaves the crate.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Type of the elements.
    pub fn data_type(&self) -> DataType {
        self.data.data_type()
    }

    /// The elements where they are `f32`.
    pub fn as_f32(&self) -> Option<&[f32]> {
        f32::of(&self.data)
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn data_mut(&mut self) -> &mut Data {
        &mut self.data
    }

    pub(crate) fn into_data(self) -> Data {
        self.data
    }

    /// The same elements under another shape, which they must fill.
    pub(crate) fn reshaped(self, shape: Vec<usize>) -> Self {
        debug_assert_eq!(self.layout, Layout::Standard, "only standard tensors are reshaped");
        Self::with(shape, self.data)
    }

    /// The same tensor with the last dimension varying fastest.
    pub(crate) fn to_standard(&self) -> Self {
        let (Layout::ChannelsLast, Data::F32(values)) = (self.layout, &self.data) else {
            return Self::with(self.shape.clone(), self.data.clone());
        };
        let (batch, channels) = (self.shape[0], self.shape[1]);
        let positions: usize = self.shape[2..].iter().product();
        let mut out = vec![0.0; values.len()];
        for n in 0..batch {
            let at = n * channels * positions;
            let size = channels * positions;
            transpose(&values[at..at + size], positions, channels, &mut out[at..at + size]);
        }
        Self::of(self.shape.clone(), out)
    }
}

/// Transposes `rows` × `cols` onto `out`, in blocks that stay in cache.
pub(crate) fn transpose(x: &[f32], rows: usize, cols: usize, out: &mut [f32]) {
    const BLOCK: usize = 16;
    for row_0 in (0..rows).step_by(BLOCK) {
        let row_end = rows.min(row_0 + BLOCK);
        for col_0 in (0..cols).step_by(BLOCK) {
            for col in col_0..cols.min(col_0 + BLOCK) {
                for row in row_0..row_end {
                    out[col * rows + row] = x[row * cols + col];
                }
            }
        }
    }
}
