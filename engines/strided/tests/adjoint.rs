//! The backward passes against the forward derivatives of the core, of which they are the adjoints: ⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩, at distinct, equal and zero singular values.
#![allow(missing_docs)]

use diffsvd::spectral::{BestRank, Polar, SoftThreshold};
use diffsvd::{Mat, Svd, Tolerance};
use diffsvd_strided::{Element, Function, View};

/// Numbers in (−1, 1), the same for the same seed.
fn random<T: Element>(count: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::from_f64(f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(1_u32 << 31) - 1.0)
    };
    (0..count + 8).map(|_| next()).skip(8).collect()
}

fn matrix<T: Element>(entries: &[T], rows: usize, cols: usize) -> Mat<T> {
    Mat::from_fn(rows, cols, |i, j| entries[i * cols + j])
}

fn entries<T: Element>(of: &Mat<T>) -> Vec<T> {
    let (rows, cols) = (of.rows(), of.cols());
    (0..rows * cols).map(|e| of[(e / cols, e % cols)]).collect()
}

fn inner<T: Element>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| a.to_f64() * b.to_f64()).sum()
}

/// The singular values 2, 2, and 0.
fn degenerate<T: Element>() -> Vec<T> {
    [0.0, 2.0, 0.0, -2.0, 0.0, 0.0, 0.0, 0.0, 0.0].map(T::from_f64).to_vec()
}

/// `forward` is the derivative of the core.
fn check<T: Element>(f: &Function, shapes: &[([usize; 2], Vec<T>)], forward: impl Fn(&Svd<T>, &Mat<T>) -> Mat<T>) {
    for ([m, n], x) in shapes {
        let (shape, strides) = ([*m, *n], [*n, 1]);
        let computed = f.forward(View::new(x, &shape, &strides).unwrap(), true).unwrap();
        let tangent = random::<T>(m * n, 11);
        let of_value = entries(&forward(&Svd::thin(&matrix(x, *m, *n)).unwrap(), &matrix(&tangent, *m, *n)));
        let cotangent = random::<T>(computed.value.len(), 13);
        let strides = [computed.shape[1], 1];
        let view = View::new(&cotangent, &computed.shape, &strides).unwrap();
        let backward = f.backward(&shape, &computed.factors.unwrap(), view).unwrap();
        let (left, right) = (inner(&cotangent, &of_value), inner(&backward.x, &tangent));
        let scale = inner(&cotangent, &cotangent).sqrt() * inner(&of_value, &of_value).sqrt();
        let bound = 200.0 * T::EPSILON.to_f64() * scale.max(1.0);
        assert!((left - right).abs() <= bound, "{f:?} of {m}×{n}: {left} and {right}");
    }
}

fn all<T: Element>() {
    let regular = [[3, 3], [5, 2], [2, 5], [40, 9], [1, 1]].map(|[m, n]| ([m, n], random::<T>(m * n, 5)));
    let shapes = [regular.as_slice(), &[([3, 3], degenerate())]].concat();
    let tau = T::from_f64(0.5);
    check(&Function::SoftThreshold(vec![0.5]), &shapes, |svd, dx| svd.map_jvp(SoftThreshold(tau), dx).unwrap());
    check(&Function::LowRank(2), &shapes, |svd, dx| svd.map_jvp(BestRank(2), dx).unwrap());
    check(&Function::Polar, &regular, |svd, dx| svd.map_jvp(Polar, dx).unwrap());
    let cutoff = Tolerance::Default;
    check(&Function::PseudoInverse(cutoff), &regular, |svd, dx| svd.pinv_jvp(Tolerance::Default, dx).unwrap());
    let rank_two = [([3, 3], degenerate::<T>())];
    check(&Function::PseudoInverse(cutoff), &rank_two, |svd, dx| svd.pinv_jvp(Tolerance::Default, dx).unwrap());
}

#[test]
fn backward_is_the_adjoint_of_forward() {
    all::<f64>();
    all::<f32>();
}
