//! The core allocates nothing: neither the decomposition nor its derivatives. A program of its own, with one test, because the
//! allocator counts for the whole of it.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use diffsvd::{
    Cotangent, Error, Factors, FactorsMut, MatMut, MatRef, Rule, Scalar, TangentMut, Target, Vectors, jvp_into,
    jvp_workspace_len, svd_into, svd_workspace_len, vjp_into, vjp_workspace_len,
};
use num_complex::Complex;

struct Counting;

thread_local! {
    /// Of this thread: that of the test harness allocates while a test runs.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Number of allocations that `work` makes.
fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.get();
    black_box(work());
    ALLOCATIONS.get() - before
}

/// Decomposition, backward and forward rule of an m×n matrix, everything allocated beforehand.
fn core<S: Scalar>(m: usize, n: usize, vectors: Vectors) -> usize {
    use diffsvd::Real;
    let k = m.min(n);
    let (u_cols, v_cols) = if vectors == Vectors::Full { (m, n) } else { (k, k) };
    let entry = |i: usize| S::from_real(S::Real::from_f64(((i * 37) % 11) as f64 - 4.0));
    let a: Vec<S> = (0..m * n).map(entry).collect();
    let (mut u, mut v) = (vec![S::zero(); m * u_cols], vec![S::zero(); n * v_cols]);
    let mut s = vec![S::Real::from_f64(0.0); k];
    let lengths =
        [svd_workspace_len::<S>(m, n, vectors), vjp_workspace_len::<S>(m, n, k), jvp_workspace_len::<S>(m, n, k)];
    let mut work = vec![S::zero(); lengths.into_iter().max().unwrap_or(0)];
    let (mut ga, mut du, mut dv, mut ds) = (a.clone(), u.clone(), v.clone(), s.clone());

    allocations(|| -> Result<(), Error> {
        let a = MatRef::row_major(&a, m, n)?;
        let out = FactorsMut {
            u: MatMut::col_major(&mut u, m, u_cols)?,
            s: &mut s,
            v: MatMut::row_major(&mut v, n, v_cols)?,
        };
        svd_into(a, vectors, out, &mut work)?;
        if vectors == Vectors::None {
            return Ok(());
        }
        let factors = Factors {
            u: MatRef::col_major(&u, m, u_cols)?.leading_cols(k),
            s: &s,
            v: MatRef::row_major(&v, n, v_cols)?.leading_cols(k),
        };
        let cotangent = Cotangent { u: Some(factors.u), s: Some(&s), v: Some(factors.v), s_matrix: None };
        let target = Target::Overwrite(MatMut::row_major(&mut ga, m, n)?);
        vjp_into(&factors, &cotangent, &Rule::default(), target, &mut work)?;
        let tangent = TangentMut {
            u: Some(MatMut::col_major(&mut du[..m * k], m, k)?),
            s: Some(&mut ds),
            v: Some(MatMut::col_major(&mut dv[..n * k], n, k)?),
            s_matrix: None,
        };
        jvp_into(&factors, a, &Rule::default(), tangent, &mut work)
    })
}

/// The decomposition of a batch, a derivative and a fused function, with a status for each item.
fn batches<S: Scalar>(count: usize, m: usize, n: usize) -> usize {
    use diffsvd::Real;
    use diffsvd::batch::{self, BatchMut, BatchRef, Cotangent, FactorsMut, Run, Same, Target, fused};
    use diffsvd::spectral::SoftThreshold;
    let k = m.min(n);
    let entry = |i: usize| S::from_real(S::Real::from_f64(((i * 37) % 11) as f64 - 4.0));
    let a: Vec<S> = (0..count * m * n).map(entry).collect();
    let (mut u, mut v, mut ga) = (vec![S::zero(); count * m * k], vec![S::zero(); count * n * k], a.clone());
    let (mut s, half) = (vec![S::Real::from_f64(0.0); count * k], S::Real::from_f64(0.5));
    let report = diffsvd::Report { gauge_residual: half, equal_pairs: 0, zeros: 0 };
    let (mut status, mut reports) = (vec![Ok(()); count], vec![Ok(report); count]);
    let lengths = [
        batch::svd_workspace_len::<S>(m, n, Vectors::Thin),
        batch::vjp_workspace_len::<S>(m, n, k),
        fused::workspace_len::<S>(m, n),
    ];
    let mut work = vec![S::zero(); lengths.into_iter().max().unwrap_or(0)];
    allocations(|| -> Result<(), Error> {
        let a = BatchRef::row_major(&a, count, m, n)?;
        let mut out = FactorsMut {
            u: BatchMut::col_major(&mut u, count, m, k)?,
            s: BatchMut::vectors(&mut s, count, k)?,
            v: BatchMut::row_major(&mut v, count, n, k)?,
        };
        let again = FactorsMut { u: out.u.reborrow(), s: out.s.reborrow(), v: out.v.reborrow() };
        let _ = batch::svd_into(a, Vectors::Thin, again, Run::new(&mut work).record(&mut status))?;
        let factors = out.as_ref();
        let cotangent = Cotangent { u: Some(factors.u), s: Some(factors.s), v: Some(factors.v), s_matrix: None };
        let target = Target::Overwrite(BatchMut::row_major(&mut ga, count, m, n)?);
        let run = Run::new(&mut work).record(&mut reports);
        let _ = batch::vjp_into(factors, cotangent, &Rule::default(), target, run)?;
        let target = Target::Overwrite(BatchMut::row_major(&mut ga, count, m, n)?);
        let _ = fused::map_into(a, &Same(SoftThreshold(half)), target, None, Run::new(&mut work))?;
        Ok(())
    })
}

#[test]
fn the_core_allocates_nothing() {
    assert_eq!(allocations(|| vec![1.0; 3]), 1, "the counter counts");
    for (m, n) in [(0, 3), (1, 1), (6, 4), (4, 6), (40, 5), (5, 40), (33, 30)] {
        for vectors in [Vectors::None, Vectors::Thin, Vectors::Full] {
            assert_eq!(core::<f64>(m, n, vectors), 0, "f64 {m}×{n} {vectors:?}");
            assert_eq!(core::<Complex<f32>>(m, n, vectors), 0, "Complex<f32> {m}×{n} {vectors:?}");
        }
    }
    for (m, n) in [(0, 3), (3, 3), (6, 4), (4, 16), (12, 10)] {
        assert_eq!(batches::<f64>(20, m, n), 0, "batches of f64 {m}×{n}");
        assert_eq!(batches::<Complex<f32>>(20, m, n), 0, "batches of Complex<f32> {m}×{n}");
    }
    // An error allocates nothing either.
    let refused = allocations(|| svd_into(MatRef::<f64>::empty(), Vectors::Leading(1), empty(), &mut []));
    assert_eq!(refused, 0);
}

fn empty<'a>() -> FactorsMut<'a, f64> {
    FactorsMut { u: MatMut::empty(), s: &mut [], v: MatMut::empty() }
}
