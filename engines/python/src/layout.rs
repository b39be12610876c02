//! How the entries of an array lie in memory, as the core sees it: all leading dimensions become one.

use diffsvd::batch::Layout;

/// What an item of the batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Matrix,
    Vector,
    Number,
}

impl Item {
    /// Dimensions of one.
    pub(crate) fn dimensions(self) -> usize {
        match self {
            Item::Matrix => 2,
            Item::Vector => 1,
            Item::Number => 0,
        }
    }
}

/// A dimension: its length, and how many entries lie from one item to the next; none where they are negative or no whole number.
pub(crate) type Dimension = (usize, Option<usize>);

/// The layout of an array as a batch; none where three strides of whole entries, none negative, do not reach them.
pub(crate) fn layout(dimensions: &[Dimension], item: Item) -> Option<Layout> {
    let (batch, inner) = dimensions.split_at(dimensions.len().checked_sub(item.dimensions())?);
    let count = batch.iter().map(|&(len, _)| len).product();
    let (rows, cols) = match *inner {
        [(rows, _), (cols, _)] => (rows, cols),
        [(len, _)] => (len, 1),
        _ => (1, 1),
    };
    if count == 0 || rows == 0 || cols == 0 {
        return Some(Layout::row_major(count, rows, cols));
    }
    let stride = |&(len, stride): &Dimension| if len == 1 { Some(0) } else { stride };
    let batch_stride = one_stride(batch)?;
    let (row_stride, col_stride) = match inner {
        [row, col] => (stride(row)?, stride(col)?),
        [entry] if rows > 1 && stride(entry)? != 1 => return None,
        _ => (1, 1),
    };
    Some(Layout { count, rows, cols, batch_stride, row_stride, col_stride })
}

/// The stride that takes these dimensions as one.
fn one_stride(dimensions: &[Dimension]) -> Option<usize> {
    let mut dimensions = dimensions.iter().filter(|&&(len, _)| len > 1).rev();
    let Some(&(len, innermost)) = dimensions.next() else { return Some(0) };
    let innermost = innermost?;
    let mut reached = innermost * len;
    for &(len, stride) in dimensions {
        if stride? != reached {
            return None;
        }
        reached *= len;
    }
    Some(innermost)
}
