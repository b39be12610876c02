//! The core allocates nothing: neither the decomposition nor its derivatives. A program of its own, with one test, because the
//! allocator counts for the whole of it.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use diffsvd::spectral::{
    Hermitian, LeastSquares, LeastSquaresGradient, LeastSquaresSecondOrder, LeastSquaresTangent, MapGradient,
    MapTangent, Side, Tikhonov, hermitian_second_workspace_len, hermitian_workspace_len, map_derivative_workspace_len,
    map_into, map_jvp_into, map_second_into, map_second_workspace_len, map_vjp_into,
};
use diffsvd::{
    Cotangent, Error, Factors, FactorsMut, MatMut, MatRef, Real, Rule, Scalar, TangentMut, Target, Tolerance, Vectors,
    jvp_into, jvp_workspace_len, svd_into, svd_workspace_len, vjp_into, vjp_workspace_len,
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

/// Writes a target with the help of a workspace.
type Write<'a, S> = dyn Fn(Target<'_, S>, &mut [S]) -> Result<(), Error> + 'a;

/// Value, both derivatives and the second one of U f(S) Vᴴ, of a projector and of A⁺ b, at equal and zero values.
fn spectral<S: Scalar>(m: usize, n: usize) -> usize {
    let (k, number) = (m.min(n), S::Real::from_f64);
    let identity = |rows: usize| -> Vec<S> {
        (0..rows * k).map(|i| if i % rows == i / rows { S::one() } else { S::zero() }).collect()
    };
    let (u, v, z) = (identity(m), identity(n), vec![S::one(); m * n]);
    let s: Vec<S::Real> = (0..k).map(|i| number(if i + 1 < k { 1.0 } else { 0.0 })).collect();
    let (mut x, mut square, mut column) = (z.clone(), vec![S::one(); n * n], vec![S::one(); m.max(n)]);
    let lengths = [
        map_derivative_workspace_len::<S>(m, n, k),
        map_second_workspace_len::<S>(m, n, k),
        hermitian_workspace_len::<S>(m, n, k),
        hermitian_second_workspace_len::<S>(m, n, k),
        LeastSquares::<S>::second_workspace_len(m, n, k, 1),
    ];
    let mut work = vec![S::zero(); lengths.into_iter().max().unwrap_or(0)];

    let mut run = || -> Result<(), Error> {
        let factors = Factors { u: MatRef::col_major(&u, m, k)?, s: &s, v: MatRef::col_major(&v, n, k)? };
        let (z, f) = (MatRef::col_major(&z, m, n)?, Tikhonov(number(0.5)));
        let mut target =
            |work: &mut [S], write: &Write<'_, S>| write(Target::Overwrite(MatMut::col_major(&mut x, m, n)?), work);
        let tangent = MapTangent { a: z, f: None };
        target(&mut work, &|x, work| map_into(&factors, &f, x, work))?;
        target(&mut work, &|x, work| map_jvp_into(&factors, &f, &tangent, x, work))?;
        target(&mut work, &|a, work| map_vjp_into(&factors, &f, z, MapGradient { a, f: None }, work))?;
        target(&mut work, &|x, work| map_second_into(&factors, &f, [z; 2], x, work))?;

        let projector = Hermitian::range(&factors, Side::Right, Tolerance::Relative(number(0.5)));
        projector.value_into(&factors, Target::Overwrite(MatMut::col_major(&mut square, n, n)?), &mut work)?;
        projector.jvp_into(&factors, z, Target::Overwrite(MatMut::col_major(&mut square, n, n)?), &mut work)?;
        let y = MatRef::col_major(&square, n, n)?;
        target(&mut work, &|a, work| projector.vjp_into(&factors, y, a, work))?;
        target(&mut work, &|a, work| projector.vjp_tangent_into(&factors, (z, y), a, work))?;

        let (b, g) = (vec_view(&u, m)?, vec_view(&v, n)?);
        let problem = LeastSquares { b, cutoff: Tolerance::Relative(number(0.5)) };
        let tangent = LeastSquaresTangent { a: z, b };
        problem.solve_into(&factors, Target::Overwrite(MatMut::col_major(&mut column, n, 1)?), &mut work)?;
        problem.jvp_into(&factors, &tangent, Target::Add(MatMut::col_major(&mut column, n, 1)?), &mut work)?;
        let point = LeastSquaresSecondOrder { x_bar: g, tangent, x_bar_dot: g };
        for second in [false, true] {
            let a = Target::Overwrite(MatMut::col_major(&mut x, m, n)?);
            let b = Target::Overwrite(MatMut::col_major(&mut column, m, 1)?);
            let gradient = LeastSquaresGradient { a, b };
            if second {
                problem.vjp_tangent_into(&factors, &point, gradient, &mut work)?;
            } else {
                problem.vjp_into(&factors, g, gradient, &mut work)?;
            }
        }
        Ok(())
    };
    allocations(|| run().unwrap())
}

/// The first column.
fn vec_view<S: Scalar>(data: &[S], rows: usize) -> Result<MatRef<'_, S>, Error> {
    MatRef::col_major(&data[..rows], rows, 1)
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
    for (m, n) in [(4, 4), (6, 4), (4, 6)] {
        assert_eq!(spectral::<f64>(m, n), 0, "f64 {m}×{n}");
        assert_eq!(spectral::<Complex<f32>>(m, n), 0, "Complex<f32> {m}×{n}");
    }
    // An error allocates nothing either.
    let refused = allocations(|| svd_into(MatRef::<f64>::empty(), Vectors::Leading(1), empty(), &mut []));
    assert_eq!(refused, 0);
}

fn empty<'a>() -> FactorsMut<'a, f64> {
    FactorsMut { u: MatMut::empty(), s: &mut [], v: MatMut::empty() }
}
