//! Protocol buffers as slices of the file: nothing is copied, no length is believed.

use crate::error::GraphError;

/// One value of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
    Bytes(Message<'a>),
}

/// A part of the file that says it is a message, a string or packed numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    /// Where it starts in the file.
    at: usize,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn text(self) -> Result<&'a str, GraphError> {
        std::str::from_utf8(self.bytes).map_err(|_| self.error("text that is not UTF-8"))
    }

    pub(super) fn error(self, what: &'static str) -> GraphError {
        GraphError::Wire { what, at: self.at }
    }

    /// Takes the next field off the front: its number and its value.
    pub(super) fn next_field(&mut self) -> Result<Option<(u64, Value<'a>)>, GraphError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                Value::Bytes(self.take(len)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(self.error("an unknown wire type")),
        };
        if key >> 3 == 0 {
            return Err(self.error("field number 0"));
        }
        Ok(Some((key >> 3, value)))
    }

    fn take(&mut self, len: usize) -> Result<Self, GraphError> {
        let Some((front, rest)) = self.bytes.split_at_checked(len) else {
            return Err(self.error("a part that is longer than what is left"));
        };
        let taken = Self { bytes: front, at: self.at };
        (self.bytes, self.at) = (rest, self.at + len);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GraphError> {
        Ok(self.take(N)?.bytes.try_into().expect("N bytes were taken"))
    }

    fn varint(&mut self) -> Result<u64, GraphError> {
        let mut value = 0u64;
        for (byte_idx, &byte) in self.bytes.iter().take(10).enumerate() {
            // The tenth byte holds the topmost bit alone.
            if byte_idx == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * byte_idx);
            if byte & 0x80 == 0 {
                self.take(byte_idx + 1)?;
                return Ok(value);
            }
        }
        Err(self.error("a number that does not end"))
    }
}

impl<'a> Value<'a> {
    pub(super) fn message(self, within: Message<'_>) -> Result<Message<'a>, GraphError> {
        match self {
            Self::Bytes(message) => Ok(message),
            _ => Err(within.error("a number in place of a message")),
        }
    }

    pub(super) fn int(self, within: Message<'_>) -> Result<i64, GraphError> {
        match self {
            Self::Varint(value) => Ok(value as i64),
            _ => Err(within.error("another kind of value in place of an integer")),
        }
    }

    pub(super) fn float(self, within: Message<'_>) -> Result<f32, GraphError> {
        match self {
            Self::Fixed32(bits) => Ok(f32::from_bits(bits)),
            _ => Err(within.error("another kind of value in place of a float")),
        }
    }

    /// Appends one number or, where they are packed, all of them.
    pub(super) fn ints(self, within: Message<'_>, onto: &mut Vec<i64>) -> Result<(), GraphError> {
        let Self::Bytes(mut packed) = self else {
            onto.push(self.int(within)?);
            return Ok(());
        };
        while !packed.bytes.is_empty() {
            onto.push(packed.varint()? as i64);
        }
        Ok(())
    }

    /// As [`ints`](Self::ints), for floats.
    pub(super) fn floats(self, within: Message<'_>, onto: &mut Vec<f32>) -> Result<(), GraphError> {
        let Self::Bytes(packed) = self else {
            onto.push(self.float(within)?);
            return Ok(());
        };
        let (numbers, []) = packed.bytes.as_chunks::<4>() else {
            return Err(packed.error("floats that are not whole"));
        };
        onto.extend(numbers.iter().map(|&number| f32::from_le_bytes(number)));
        Ok(())
    }

    /// As [`floats`](Self::floats), for doubles.
    pub(super) fn doubles(
        self,
        within: Message<'_>,
        onto: &mut Vec<f64>,
    ) -> Result<(), GraphError> {
        let packed = match self {
            Self::Fixed64(bits) => {
                onto.push(f64::from_bits(bits));
                return Ok(());
            }
            other => other.message(within)?,
        };
        let (numbers, []) = packed.bytes.as_chunks::<8>() else {
            return Err(packed.error("doubles that are not whole"));
        };
        onto.extend(numbers.iter().map(|&number| f64::from_le_bytes(number)));
        Ok(())
    }
}
