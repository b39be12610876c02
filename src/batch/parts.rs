//! What a batch is made of: anything that has a part for each item and can be cut between two of them.

use core::ops::Range;

use super::view::{BatchMut, BatchRef};
use crate::error::Error;
use crate::scalar::Scalar;

/// Something with one part for each item of a batch: views, factors, cotangents, slices, ranges of numbers, tuples and options of these.
///
/// It is what [`for_each`](super::for_each) walks over, and cuts into pieces for threads.
///
/// ```
/// use diffsvd::{Error, batch::{Batched, BatchRef}};
/// let (data, names) = ([0.0; 12], ["a", "b", "c"]);
/// let both = (BatchRef::row_major(&data, 3, 2, 2)?, &names[..], Some(0..3));
/// assert!(both.items()? == Some(3) && both.can_split());
/// let (first, (_, rest, numbers)) = both.split(1);
/// assert_eq!((first.1, rest, numbers), (&["a"][..], &["b", "c"][..], Some(1..3)));
/// assert_eq!(Batched::items(&(0..3, 0..4)), Err(Error::Count { argument: "an argument", got: 4, expected: 3 }));
/// # Ok::<(), Error>(())
/// ```
pub trait Batched: Sized {
    /// Number of items; `None` where any number fits, as for an argument that is absent.
    ///
    /// # Errors
    /// [`Error::Count`] where the parts have different numbers.
    fn items(&self) -> Result<Option<usize>, Error>;

    /// Whether [`split`](Self::split) can cut anywhere: not where matrices that are written interleave.
    fn can_split(&self) -> bool;

    /// The first `at` items and the others; no others of what cannot be cut.
    #[must_use]
    fn split(self, at: usize) -> (Self, Self);
}

/// The number that both have.
pub(super) fn agree(
    so_far: Option<usize>,
    argument: &'static str,
    other: Option<usize>,
) -> Result<Option<usize>, Error> {
    match (so_far, other) {
        (Some(expected), Some(got)) if got != expected => Err(Error::Count { argument, got, expected }),
        (known, new) => Ok(known.or(new)),
    }
}

impl<T: Batched> Batched for Option<T> {
    fn items(&self) -> Result<Option<usize>, Error> {
        self.as_ref().map_or(Ok(None), T::items)
    }
    fn can_split(&self) -> bool {
        self.as_ref().is_none_or(T::can_split)
    }
    fn split(self, at: usize) -> (Self, Self) {
        self.map(|parts| parts.split(at)).unzip()
    }
}

/// The numbers of the items: of use to a function that must know which item it works on.
impl Batched for Range<usize> {
    fn items(&self) -> Result<Option<usize>, Error> {
        Ok(Some(self.len()))
    }
    fn can_split(&self) -> bool {
        true
    }
    fn split(self, at: usize) -> (Self, Self) {
        let middle = self.start.saturating_add(at).min(self.end);
        (self.start..middle, middle..self.end)
    }
}

/// One entry an item.
impl<T> Batched for &[T] {
    fn items(&self) -> Result<Option<usize>, Error> {
        Ok(Some(self.len()))
    }
    fn can_split(&self) -> bool {
        true
    }
    fn split(self, at: usize) -> (Self, Self) {
        self.split_at(at.min(self.len()))
    }
}

/// One entry an item.
impl<T> Batched for &mut [T] {
    fn items(&self) -> Result<Option<usize>, Error> {
        Ok(Some(self.len()))
    }
    fn can_split(&self) -> bool {
        true
    }
    fn split(self, at: usize) -> (Self, Self) {
        self.split_at_mut(at.min(self.len()))
    }
}

/// Counts of the parts agree; all are cut at the same item.
macro_rules! batched_tuple {
    ($($T:ident $left:ident $right:ident $index:tt),+) => {
        impl<$($T: Batched),+> Batched for ($($T,)+) {
            fn items(&self) -> Result<Option<usize>, Error> {
                let count = None;
                $(let count = agree(count, "an argument", self.$index.items()?)?;)+
                Ok(count)
            }
            fn can_split(&self) -> bool {
                true $(&& self.$index.can_split())+
            }
            fn split(self, at: usize) -> (Self, Self) {
                $(let ($left, $right) = self.$index.split(at);)+
                (($($left,)+), ($($right,)+))
            }
        }
    };
}

batched_tuple!(A a b 0);
batched_tuple!(A a b 0, B c d 1);
batched_tuple!(A a b 0, B c d 1, C e f 2);
batched_tuple!(A a b 0, B c d 1, C e f 2, D g h 3);
batched_tuple!(A a b 0, B c d 1, C e f 2, D g h 3, E i j 4);

/// The same for the fields of a struct, with the name of each for the error.
macro_rules! batched_struct {
    ($name:ident<$a:lifetime, $S:ident> { $($field:ident: $argument:literal $left:ident $right:ident),+ }) => {
        impl<$a, $S: crate::scalar::Scalar> crate::batch::parts::Batched for $name<$a, $S> {
            fn items(&self) -> Result<Option<usize>, crate::error::Error> {
                let count = None;
                $(let count = crate::batch::parts::agree(count, $argument, crate::batch::parts::Batched::items(&self.$field)?)?;)+
                Ok(count)
            }
            fn can_split(&self) -> bool {
                true $(&& crate::batch::parts::Batched::can_split(&self.$field))+
            }
            fn split(self, at: usize) -> (Self, Self) {
                $(let ($left, $right) = crate::batch::parts::Batched::split(self.$field, at);)+
                ($name { $($field: $left),+ }, $name { $($field: $right),+ })
            }
        }
    };
}

/// The factors of every matrix, as they are read: k triplets each.
///
/// ```
/// use diffsvd::{Vectors, batch::{Batch, BatchSvd, Factors}};
/// let a = Batch::from_fn(4, 3, 2, |item, row, col| if row == col { 1.0 + item as f64 } else { 0.0 });
/// let svd = BatchSvd::new(a.as_ref(), Vectors::Full)?; // U is 3×3
/// let all = Factors { u: svd.u().as_ref(), s: svd.values_of_all().as_ref(), v: svd.v().as_ref() };
/// assert_eq!((all.shape(), all.u.shape(), all.triplets().u.shape()), (((3, 2), 2), (3, 3), (3, 2)));
/// assert_eq!(all.item(3)?.s, [4.0, 4.0]);
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, S: Scalar> {
    /// U, m×k each.
    pub u: BatchRef<'a, S>,
    /// s, k values each ([`BatchRef::vectors`]).
    pub s: BatchRef<'a, S::Real>,
    /// V (not Vᴴ), n×k each.
    pub v: BatchRef<'a, S>,
}

batched_struct!(Factors<'a, S> { u: "U" a b, s: "s" c d, v: "V" e f });

impl<'a, S: Scalar> Factors<'a, S> {
    /// (m, n), and k.
    #[must_use]
    pub fn shape(&self) -> ((usize, usize), usize) {
        ((self.u.shape().0, self.v.shape().0), self.s.shape().0)
    }

    /// The triplets alone, of complete bases ([`Vectors::Full`](crate::Vectors::Full)): what all but the complete derivatives read.
    #[must_use]
    pub fn triplets(self) -> Self {
        let k = self.s.shape().0;
        Factors { u: self.u.leading_cols(k), v: self.v.leading_cols(k), ..self }
    }

    /// The factors of matrix number `index`.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of s have gaps.
    #[inline]
    pub fn item(&self, index: usize) -> Result<crate::Factors<'a, S>, Error> {
        Ok(crate::Factors { u: self.u.item(index)?, s: self.s.vector(index)?, v: self.v.item(index)? })
    }
}

/// Where the factors of every matrix go.
///
/// ```
/// use diffsvd::batch::{Batch, FactorsMut};
/// let (mut u, mut s, mut v) = (Batch::<f64>::zeros(4, 3, 2), Batch::zeros(4, 2, 1), Batch::zeros(4, 2, 2));
/// let mut out = FactorsMut { u: u.as_mut(), s: s.as_mut(), v: v.as_mut() };
/// out.item(3)?.s[0] = 5.0;
/// assert_eq!((out.as_ref().item(3)?.s, out.as_ref().shape()), (&[5.0, 0.0][..], ((3, 2), 2)));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub struct FactorsMut<'a, S: Scalar> {
    /// U: m×k, m×m or m×r each.
    pub u: BatchMut<'a, S>,
    /// s: k values, or r, each.
    pub s: BatchMut<'a, S::Real>,
    /// V (not Vᴴ): n×k, n×n or n×r each.
    pub v: BatchMut<'a, S>,
}

batched_struct!(FactorsMut<'a, S> { u: "U" a b, s: "s" c d, v: "V" e f });

impl<S: Scalar> FactorsMut<'_, S> {
    /// The same, to be read.
    #[must_use]
    pub fn as_ref(&self) -> Factors<'_, S> {
        Factors { u: self.u.as_ref(), s: self.s.as_ref(), v: self.v.as_ref() }
    }

    /// Where the factors of matrix number `index` go.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of s have gaps.
    #[inline]
    pub fn item(&mut self, index: usize) -> Result<crate::FactorsMut<'_, S>, Error> {
        Ok(crate::FactorsMut { u: self.u.item(index)?, s: self.s.vector(index)?, v: self.v.item(index)? })
    }
}

/// The cotangents of the factors of every matrix; what is `None` is zero. See [`Cotangent`](crate::Cotangent).
///
/// ```
/// use diffsvd::batch::{BatchRef, Cotangent};
/// let gs = [1.0, 2.0, 3.0, 4.0];
/// let cotangent = Cotangent::<f64> { s: Some(BatchRef::vectors(&gs, 2, 2)?), ..Cotangent::default() };
/// assert_eq!((cotangent.item(1)?.s, cotangent.item(1)?.u.is_none()), (Some(&gs[2..]), true));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cotangent<'a, S: Scalar> {
    /// gU, m×r each.
    pub u: Option<BatchRef<'a, S>>,
    /// gs, r values each.
    pub s: Option<BatchRef<'a, S::Real>>,
    /// gV, n×r each.
    pub v: Option<BatchRef<'a, S>>,
    /// The block cotangent gS, r×r each.
    pub s_matrix: Option<BatchRef<'a, S>>,
}

batched_struct!(Cotangent<'a, S> {
    u: "the cotangent of U" a b, s: "the cotangent of s" c d, v: "the cotangent of V" e f, s_matrix: "the cotangent of S" g h
});

impl<S: Scalar> Default for Cotangent<'_, S> {
    fn default() -> Self {
        Cotangent { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<'a, S: Scalar> Cotangent<'a, S> {
    /// The cotangents of matrix number `index`.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of gs have gaps.
    #[inline]
    pub fn item(&self, index: usize) -> Result<crate::Cotangent<'a, S>, Error> {
        let matrix = |part: Option<BatchRef<'a, S>>| part.map(|part| part.item(index)).transpose();
        Ok(crate::Cotangent {
            u: matrix(self.u)?,
            s: self.s.map(|s| s.vector(index)).transpose()?,
            v: matrix(self.v)?,
            s_matrix: matrix(self.s_matrix)?,
        })
    }
}

/// Where the tangents of the factors of every matrix go. See [`TangentMut`](crate::TangentMut).
///
/// ```
/// use diffsvd::batch::{BatchMut, TangentMut};
/// let mut s_dot = [0.0; 4];
/// let mut tangent = TangentMut::<f64> { s: Some(BatchMut::vectors(&mut s_dot, 2, 2)?), ..TangentMut::default() };
/// tangent.item(1)?.s.into_iter().for_each(|s| s.fill(7.0));
/// assert_eq!(s_dot, [0.0, 0.0, 7.0, 7.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub struct TangentMut<'a, S: Scalar> {
    /// dU, m×r each.
    pub u: Option<BatchMut<'a, S>>,
    /// ds, r values each.
    pub s: Option<BatchMut<'a, S::Real>>,
    /// dV, n×r each.
    pub v: Option<BatchMut<'a, S>>,
    /// dS, r×r each.
    pub s_matrix: Option<BatchMut<'a, S>>,
}

batched_struct!(TangentMut<'a, S> {
    u: "the tangent of U" a b, s: "the tangent of s" c d, v: "the tangent of V" e f, s_matrix: "the tangent of S" g h
});

impl<S: Scalar> Default for TangentMut<'_, S> {
    fn default() -> Self {
        TangentMut { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> TangentMut<'_, S> {
    /// Where the tangents of matrix number `index` go.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of ds have gaps.
    #[inline]
    pub fn item(&mut self, index: usize) -> Result<crate::TangentMut<'_, S>, Error> {
        Ok(crate::TangentMut {
            u: self.u.as_mut().map(|u| u.item(index)).transpose()?,
            s: self.s.as_mut().map(|s| s.vector(index)).transpose()?,
            v: self.v.as_mut().map(|v| v.item(index)).transpose()?,
            s_matrix: self.s_matrix.as_mut().map(|s| s.item(index)).transpose()?,
        })
    }
}

/// Where the gradients of all items go.
///
/// ```
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// use diffsvd::spectral::{KyFan, map_derivative_workspace_len};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 }))?;
/// let (mut sum, mut work) = (Batch::zeros(2, 2, 2), vec![0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let mut target = Target::Overwrite(sum.as_mut());
/// assert!(target.shape() == (2, 2) && target.item(2).is_err()); // (there are items 0 and 1)
/// batch::loss_gradient_into(svd.factors(), &KyFan::nuclear(), target, Run::new(&mut work))?.all()?; // U Vᴴ
/// let target = Target::Add(sum.as_mut());
/// batch::loss_gradient_into(svd.factors(), &KyFan::nuclear(), target, Run::new(&mut work))?.all()?; // and once more
/// assert_eq!(sum.get(1, 0, 0), Some(2.0));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
#[derive(Debug)]
pub enum Target<'a, S> {
    /// They are written.
    Overwrite(BatchMut<'a, S>),
    /// They are added to what is there.
    Add(BatchMut<'a, S>),
}

impl<'a, S: Scalar> Target<'a, S> {
    /// The target of item number `index`.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many.
    #[inline]
    pub fn item(&mut self, index: usize) -> Result<crate::Target<'_, S>, Error> {
        Ok(match self {
            Target::Overwrite(batch) => crate::Target::Overwrite(batch.item(index)?),
            Target::Add(batch) => crate::Target::Add(batch.item(index)?),
        })
    }

    fn batch(&self) -> &BatchMut<'a, S> {
        match self {
            Target::Overwrite(batch) | Target::Add(batch) => batch,
        }
    }

    /// (rows, columns) of each.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.batch().shape()
    }
}

impl<S: Scalar> Batched for Target<'_, S> {
    fn items(&self) -> Result<Option<usize>, Error> {
        Batched::items(self.batch())
    }
    fn can_split(&self) -> bool {
        self.batch().can_split()
    }
    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Target::Overwrite(batch) => {
                let (first, second) = batch.split(at);
                (Target::Overwrite(first), Target::Overwrite(second))
            }
            Target::Add(batch) => {
                let (first, second) = batch.split(at);
                (Target::Add(first), Target::Add(second))
            }
        }
    }
}
