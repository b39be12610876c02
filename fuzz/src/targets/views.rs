//! Views with any shape and any strides.

use crate::support::drawn::Bytes;
use crate::support::layout::Layout;
use crate::support::run::check_any;
use diffsvd::batch::{self, BatchMut, BatchRef};
use diffsvd::{Error, Mat, MatMut, MatRef, Vectors, singular_values_into, svd_workspace_len};

/// A view is made exactly where every entry lies in the slice, and, to be written, no two share a place; whatever is made of it stays inside, and
/// nothing overflows, panics or takes memory.
pub fn views(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut data: Vec<f64> = (0..bytes.below(100)).map(|i| i as f64).collect();
    let [rows, cols, row_stride, col_stride] = core::array::from_fn(|_| number(&mut bytes));
    let places = Places { starts: [0, 0], counts: [rows, cols], strides: [row_stride, col_stride] };
    let view = MatRef::new(&data, rows, cols, row_stride, col_stride);
    assert_eq!(view.is_ok(), places.fit(data.len()), "{places:?} in {}", data.len());
    if let Ok(view) = view {
        read(view, &places, &data, &mut bytes);
        decompose(view);
    }
    let packed = [MatRef::row_major(&data, rows, cols), MatRef::col_major(&data, rows, cols)];
    for packed in packed {
        let fits = rows == 0 || cols == 0 || rows.checked_mul(cols).is_some_and(|count| count <= data.len());
        assert_eq!(packed.is_ok(), fits, "{rows}×{cols} in {}", data.len());
    }
    write(&places, &mut data);
    many(&mut bytes, &mut data);
}

/// Mostly small, sometimes of a size at which products and sums overflow.
fn number(bytes: &mut Bytes<'_>) -> usize {
    let small = bytes.below(12);
    match bytes.byte() % 16 {
        0 => usize::MAX - small,
        1 => usize::MAX / 2 + small,
        2 => (1 << 32) + small,
        3 => (1 << (usize::BITS / 2)) - 1,
        _ => small,
    }
}

/// Where the entries lie.
#[derive(Clone, Copy, Debug)]
struct Places {
    starts: [usize; 2],
    counts: [usize; 2],
    strides: [usize; 2],
}

impl Places {
    fn is_empty(&self) -> bool {
        self.counts.contains(&0)
    }

    /// Index of an entry, in numbers that are long enough for any.
    fn index(&self, i: usize, j: usize) -> u128 {
        let term = |k: usize, place: usize| (self.starts[k] as u128 + place as u128) * self.strides[k] as u128;
        term(0, i).saturating_add(term(1, j))
    }

    fn fit(&self, len: usize) -> bool {
        self.is_empty() || self.index(self.counts[0] - 1, self.counts[1] - 1) < len as u128
    }

    /// Indices of all entries; `None` where there are many.
    fn all(&self) -> Option<Vec<usize>> {
        let [rows, cols] = self.counts;
        // 2⁶⁴ columns without an entry are walked through for hours.
        if self.is_empty() {
            return Some(Vec::new());
        }
        rows.checked_mul(cols).filter(|&count| count <= 400)?;
        let places = (0..cols).flat_map(|j| (0..rows).map(move |i| self.index(i, j)));
        places.map(|place| usize::try_from(place).ok()).collect()
    }
}

/// All that reads.
fn read(view: MatRef<'_, f64>, places: &Places, data: &[f64], bytes: &mut Bytes<'_>) {
    entries(view, places, data);
    let [rows, cols] = places.counts;
    let [i, j, height, width] = core::array::from_fn(|_| number(bytes));
    let inside = |first: usize, count: usize, all: usize| first.checked_add(count).is_some_and(|end| end <= all);
    let block = view.block(i, j, height, width);
    assert_eq!(block.is_ok(), inside(i, height, rows) && inside(j, width, cols), "{places:?} {i} {j} {height} {width}");
    if let Ok(block) = block {
        entries(block, &Places { starts: [i, j], counts: [height, width], ..*places }, data);
    }
    let leading = view.leading_cols(width);
    entries(leading, &Places { counts: [rows, width.min(cols)], ..*places }, data);
}

/// Entries at the corners, and just outside; the same of the transpose.
fn entries(view: MatRef<'_, f64>, places: &Places, data: &[f64]) {
    let [rows, cols] = places.counts;
    assert_eq!(view.shape(), (rows, cols));
    let ends = |count: usize| [0, 1, count / 2, count.wrapping_sub(1), count, usize::MAX];
    for i in ends(rows) {
        for j in ends(cols) {
            let inside = i < rows && j < cols;
            let expected = inside.then(|| data[usize::try_from(places.index(i, j)).expect("a place in the slice")]);
            assert_eq!(view.get(i, j), expected, "({i}, {j}) of {places:?}");
            assert_eq!(view.transpose().get(j, i), expected, "({j}, {i}) of the transpose of {places:?}");
        }
    }
}

/// A decomposition of whatever the view shows: rows and columns may stand still, and there may be 2⁶⁴ of them.
fn decompose(view: MatRef<'_, f64>) {
    let (m, n) = view.shape();
    for vectors in [Vectors::None, Vectors::Thin, Vectors::Full] {
        assert!(m.min(n) == 0 || svd_workspace_len::<f64>(m, n, vectors) >= m.max(n));
    }
    if m.saturating_mul(n) <= 100 && m.max(n) <= 100 {
        let a = Mat::from_fn(m, n, |i, j| view.get(i, j).expect("an entry"));
        check_any(&a, Vectors::Full, (Layout::RowMajor, Layout::Strided));
        let values = |a: MatRef<'_, f64>| {
            let (mut s, mut work) = (vec![0.0; m.min(n)], vec![0.0; svd_workspace_len::<f64>(m, n, Vectors::None)]);
            singular_values_into(a, &mut s, &mut work).map(|()| s)
        };
        assert_eq!(values(view), values(a.as_ref()), "the strides are in the result");
    } else if m.min(n) > 0 && m.min(n) < 100 {
        let (mut s, mut work) = (vec![0.0; m.min(n)], [0.0; 64]);
        let refused = singular_values_into(view, &mut s, &mut work);
        assert!(matches!(refused, Err(Error::Workspace { got: 64, .. })), "{refused:?}");
    } else if m.min(n) > 0 {
        let refused = singular_values_into(view, &mut [], &mut []);
        assert!(matches!(refused, Err(Error::Shape { .. })), "{refused:?}");
    }
}

/// A view to write on: entries do not share a place, and nothing else is reached.
fn write(places: &Places, data: &mut [f64]) {
    let ([rows, cols], [row_stride, col_stride]) = (places.counts, places.strides);
    let (fits, before) = (places.fit(data.len()), data.to_vec());
    let all = places.all();
    let distinct = all.as_ref().map(|all| {
        let mut sorted = all.clone();
        sorted.sort_unstable();
        sorted.windows(2).all(|pair| pair[0] < pair[1])
    });
    match MatMut::new(data, rows, cols, row_stride, col_stride) {
        Ok(mut view) => {
            assert!(fits && distinct != Some(false), "{places:?}");
            view.set(rows, 0, f64::NAN);
            view.set(0, usize::MAX, f64::NAN);
            let Some(all) = all else { return assert!(places.is_empty(), "{places:?}") };
            for j in 0..if all.is_empty() { 0 } else { cols } {
                for i in 0..rows {
                    view.set(i, j, -1.0);
                }
            }
            for (place, (now, before)) in data.iter().zip(&before).enumerate() {
                assert_eq!(*now, if all.contains(&place) { -1.0 } else { *before }, "place {place} of {places:?}");
            }
        }
        Err(error) => {
            assert!(matches!(error, Error::Layout { .. }), "{error:?}");
            // What is packed by rows or by columns, with or without gaps, must be accepted.
            let nested = |inner: usize, count: usize, outer: usize| {
                inner > 0 && inner.checked_mul(count).is_some_and(|reach| outer >= reach)
            };
            let plain = nested(row_stride, rows, col_stride) || nested(col_stride, cols, row_stride);
            assert!(!(fits && plain), "{places:?} in {} is refused: {error}", data.len());
        }
    }
}

/// The same with a third stride.
fn many(bytes: &mut Bytes<'_>, data: &mut [f64]) {
    let [count, rows, cols, batch_stride, row_stride, col_stride] = core::array::from_fn(|_| number(bytes));
    let layout = batch::Layout { count, rows, cols, batch_stride, row_stride, col_stride };
    let item = number(bytes);
    if let Ok(view) = BatchRef::new(data, layout) {
        let one = view.item(item);
        assert_eq!(one.is_ok(), item < count, "{layout:?} {item} {one:?}");
        if let Ok(one) = one {
            let start = if rows == 0 || cols == 0 { 0 } else { item * batch_stride };
            let places = Places { starts: [0, 0], counts: [rows, cols], strides: [row_stride, col_stride] };
            entries(one, &places, &data[start..]);
        }
        let _ = (view.transpose().item(item), view.vector(item));
    }
    let injective = layout.is_injective();
    if let Ok(mut view) = BatchMut::new(data, layout) {
        assert!(injective, "{layout:?}");
        assert_eq!(view.item(item).is_ok(), item < count, "{layout:?} {item}");
        let _ = view.vector(item);
    }
    let total = count.saturating_mul(rows).saturating_mul(cols);
    if injective && (1..=400).contains(&total) {
        let place = |b: usize, i: usize, j: usize| {
            [(b, batch_stride), (i, row_stride), (j, col_stride)].map(|(k, stride)| k as u128 * stride as u128)
        };
        let mut places: Vec<u128> = (0..total)
            .map(|k| place(k / (rows * cols), k / cols % rows, k % cols).into_iter().fold(0, u128::saturating_add))
            .collect();
        places.sort_unstable();
        let distinct = places.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(distinct || places[total - 1] == u128::MAX, "{layout:?}");
    }
}
