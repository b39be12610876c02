//! Every function of the singular values over a batch, from the factors and fused, against the loop over single matrices.

use std::cell::RefCell;

use diffsvd::batch::{self, ByFactors, Choose, MapGradient, MapTangent, PerItem, Rotations, Same, Target, fused};
use diffsvd::spectral::{
    self, Hermitian, Inverse, KyFan, LeastSquares, Polar, RelativeSoftThreshold, Rotation, Side, SoftThreshold,
    SpectralMap, Tikhonov, map_derivative_workspace_len,
};
use diffsvd::{Mat, Real, Tolerance, Vectors};
use num_complex::Complex;

use crate::derivatives::{Case, blanks, close, difference};
use crate::memory::{Many, Place};
use crate::support::derivatives::Triplets;
use crate::support::entry::Entry;

/// A matrix to each item, what it is compared with, and where the loop writes.
struct Maps<S: Entry> {
    case: Case<S>,
    a: Vec<Mat<S>>,
    z: Vec<Mat<S>>,
    f_dot: Vec<Vec<S::Real>>,
}

impl<S: Entry> Maps<S> {
    fn new(m: usize, n: usize) -> Self {
        let k = m.min(n);
        let case = Case::<S>::new(11, (m, n), k, Vectors::Thin);
        let a = case.triplets.iter().map(Triplets::product).collect();
        let z = case.random(m, n, 4);
        let f_dot = (0..11).map(|i| (0..k).map(|j| S::Real::from_f64((i + j) as f64)).collect()).collect();
        Maps { case, a, z, f_dot }
    }

    /// Value, tangent and gradient, from the factors and from the matrices, by `choose` and by `single` for each.
    fn check<M, C, F>(&self, name: &str, choose: &C, single: impl Fn(usize) -> F)
    where
        C: Choose<S, Map: SpectralMap<S::Real, M>>,
        F: SpectralMap<S::Real, M>,
    {
        self.value(name, choose, &single);
        self.tangent(name, choose, &single);
        self.gradient(name, choose, &single);
    }

    fn value<M, C, F>(&self, name: &str, choose: &C, single: &impl Fn(usize) -> F)
    where
        C: Choose<S, Map: SpectralMap<S::Real, M>>,
        F: SpectralMap<S::Real, M>,
    {
        let (shape @ (m, n), case) = (self.case.shape, &self.case);
        let a = Many::holding(&self.a, Place::Between);
        let (mut x, mut whole) = (case.blank(m, n), case.blank(m, n));
        let alone = RefCell::new(blanks(case.count(), m, n));
        let loop_over = |i: usize, work: &mut [S]| {
            let target = &mut alone.borrow_mut()[i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            spectral::map_into(&case.triplets[i].view(), &single(i), target, work)
        };
        let len = map_derivative_workspace_len::<S>(m, n, case.k());
        case.compare(len, |run| batch::map_into(case.factors(), choose, Target::Overwrite(x.as_mut()), run), loop_over);
        close(&x, &alone.borrow(), shape, name);
        case.compare(
            fused::workspace_len::<S>(m, n),
            |run| fused::map_into(a.as_ref(), choose, Target::Overwrite(whole.as_mut()), None, run),
            loop_over,
        );
        near(&whole, &alone.borrow(), name);
    }

    fn tangent<M, C, F>(&self, name: &str, choose: &C, single: &impl Fn(usize) -> F)
    where
        C: Choose<S, Map: SpectralMap<S::Real, M>>,
        F: SpectralMap<S::Real, M>,
    {
        let (shape @ (m, n), case) = (self.case.shape, &self.case);
        let (a, z) = (Many::holding(&self.a, Place::Gaps), Many::holding(&self.z, Place::Interleaved));
        let f_dot = Many::holding_vectors(&self.f_dot);
        let (mut x, mut whole) = (case.blank(m, n), case.blank(m, n));
        let alone = RefCell::new(blanks(case.count(), m, n));
        // Where values are equal, f may be moved only if the bases are the same.
        let tangent = |f: bool| MapTangent { a: z.as_ref(), f: f.then(|| f_dot.as_ref()) };
        let loop_over = |moved: bool| {
            let alone = &alone;
            move |i: usize, work: &mut [S]| {
                let target = &mut alone.borrow_mut()[i];
                *target = Mat::zeros(m, n);
                let f = Some(self.f_dot[i].as_slice()).filter(|_| moved);
                let tangent = spectral::MapTangent { a: self.z[i].as_ref(), f };
                let target = diffsvd::Target::Add(target.as_mut());
                spectral::map_jvp_into(&case.triplets[i].view(), &single(i), &tangent, target, work)
            }
        };
        let len = map_derivative_workspace_len::<S>(m, n, case.k());
        case.compare(
            len,
            |run| batch::map_jvp_into(case.factors(), choose, tangent(true), Target::Overwrite(x.as_mut()), run),
            loop_over(true),
        );
        close(&x, &alone.borrow(), shape, name);
        case.compare(
            fused::workspace_len::<S>(m, n),
            |run| fused::map_jvp_into(a.as_ref(), choose, tangent(false), Target::Overwrite(whole.as_mut()), run),
            loop_over(false),
        );
        near(&whole, &alone.borrow(), name);
    }

    fn gradient<M, C, F>(&self, name: &str, choose: &C, single: &impl Fn(usize) -> F)
    where
        C: Choose<S, Map: SpectralMap<S::Real, M>>,
        F: SpectralMap<S::Real, M>,
    {
        let (shape @ (m, n), case, k) = (self.case.shape, &self.case, self.case.k());
        let (a, z) = (Many::holding(&self.a, Place::ColMajor), Many::holding(&self.z, Place::RowMajor));
        let (mut ga, mut whole) = (case.blank(m, n), case.blank(m, n));
        let (mut gf, mut whole_gf) = (Many::blank_vectors(11, k, case.place), Many::blank_vectors(11, k, case.place));
        let alone = RefCell::new((blanks(case.count(), m, n), blanks(case.count(), k, 1)));
        let loop_over = |i: usize, work: &mut [S]| {
            let (ga, gf) = &mut *alone.borrow_mut();
            let mut values = vec![S::Real::from_f64(0.0); k];
            let gradient =
                spectral::MapGradient { a: diffsvd::Target::Overwrite(ga[i].as_mut()), f: Some(&mut values) };
            let outcome =
                spectral::map_vjp_into(&case.triplets[i].view(), &single(i), self.z[i].as_ref(), gradient, work);
            if outcome.is_ok() {
                gf[i] = Mat::from_fn(k, 1, |i, _| values[i]);
            }
            outcome
        };
        let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: Some(gf.as_mut()) };
        let len = map_derivative_workspace_len::<S>(m, n, k);
        case.compare(len, |run| batch::map_vjp_into(case.factors(), choose, z.as_ref(), gradient, run), loop_over);
        close(&ga, &alone.borrow().0, shape, name);
        close(&gf, &alone.borrow().1, shape, name);
        let gradient = MapGradient { a: Target::Overwrite(whole.as_mut()), f: Some(whole_gf.as_mut()) };
        let len = fused::workspace_len::<S>(m, n);
        case.compare(len, |run| fused::map_vjp_into(a.as_ref(), choose, z.as_ref(), gradient, run), loop_over);
        near(&whole, &alone.borrow().0, name);
    }
}

/// From the matrix, whose singular values carry its rounding; measured: 3.3.
fn near<S: Entry>(got: &Many<S>, expected: &[Mat<S>], what: &str) {
    got.assert_outside_untouched();
    for (i, expected) in expected.iter().enumerate() {
        let error = difference(&got.get(i), expected);
        assert!(error <= 8.0, "{what}: item {i} differs by {error} max(m, n) ε");
    }
}

fn maps<S: Entry>() {
    let half = S::Real::from_f64(0.5);
    // Of 6×5 eight go side by side, of the smaller ones all.
    for (m, n) in [(1, 1), (3, 3), (5, 3), (2, 6), (6, 5), (10, 9)] {
        let maps = Maps::<S>::new(m, n);
        maps.check("soft threshold", &Same(SoftThreshold(half)), |_| SoftThreshold(half));
        let tau = |i: usize| SoftThreshold(S::Real::from_f64(0.5 + 0.01 * i as f64));
        maps.check("soft threshold of each", &PerItem(tau), tau);
        let filter = Tikhonov(S::Real::from_f64(0.75));
        maps.check("filter", &Same(filter), |_| filter);
        let relative = RelativeSoftThreshold(S::Real::from_f64(0.125));
        maps.value("relative threshold", &Same(relative), &|_| relative);
        let cutoff = Tolerance::Relative(S::Real::from_f64(0.01));
        let inverse = |i: usize| Inverse::relative(&maps.case.triplets[i].view(), cutoff);
        let chosen = ByFactors(move |factors: &diffsvd::Factors<'_, S>| Inverse::relative(factors, cutoff));
        maps.check("inverse", &chosen, inverse);
    }
}

#[test]
fn maps_are_the_loop_f32() {
    maps::<f32>();
}
#[test]
fn maps_are_the_loop_f64() {
    maps::<f64>();
}
#[test]
fn maps_are_the_loop_complex() {
    maps::<Complex<f32>>();
    maps::<Complex<f64>>();
}

/// Functions that are not differentiable everywhere: the same items fail, for the same reason.
#[test]
fn refusals_are_those_of_the_loop() {
    for (m, n) in [(3, 3), (9, 10)] {
        let maps = Maps::<f64>::new(m, n);
        let case = &maps.case;
        let (z, mut ga) = (Many::holding(&maps.z, Place::RowMajor), case.blank(m, n));
        let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: None };
        let status = case.compare(
            map_derivative_workspace_len::<f64>(m, n, case.k()),
            |run| batch::map_vjp_into(case.factors(), &Same(Polar), z.as_ref(), gradient, run),
            |i, work| {
                let mut unused = Mat::zeros(m, n);
                let gradient = spectral::MapGradient { a: diffsvd::Target::Overwrite(unused.as_mut()), f: None };
                spectral::map_vjp_into(&case.triplets[i].view(), &Polar, maps.z[i].as_ref(), gradient, work)
            },
        );
        assert!(status[1].is_err() && status[2].is_err() && status[0].is_ok());
        ga.assert_blank(1);
    }
}

/// The nearest rotation, reflections among the matrices.
#[test]
fn rotations_are_the_loop() {
    for n in [2, 3, 9] {
        let maps = Maps::<f64>::new(n, n);
        let triplets = &maps.case.triplets;
        let of = |i: usize| Rotation::of(&triplets[i].view(), &mut vec![0.0; 2 * n * n]).expect("a square matrix");
        assert!((0..11).any(|i| of(i).is_reflected()) && (0..11).any(|i| !of(i).is_reflected()));
        maps.value("rotation", &Rotations, &of);
    }
}

/// Second derivatives, the pseudoinverse, least squares, Hermitian functions, losses: over the factors, bit for bit.
fn others<S: Entry>(m: usize, n: usize) {
    let maps = Maps::<S>::new(m, n);
    second(&maps);
    pinv(&maps);
    least_squares(&maps);
    hermitian(&maps);
    losses(&maps);
}

#[test]
fn the_other_functions_are_the_loop() {
    for (m, n) in [(3, 3), (5, 3), (9, 10)] {
        others::<f64>(m, n);
        others::<Complex<f32>>(m, n);
    }
}

fn second<S: Entry>(maps: &Maps<S>) {
    let ((m, n), case) = (maps.case.shape, &maps.case);
    let f = |i: usize| Tikhonov(S::Real::from_f64(0.75 + 0.01 * i as f64));
    let (y, z) = (Many::holding(&maps.a, Place::RowMajor), Many::holding(&maps.z, Place::Gaps));
    let len = spectral::map_second_workspace_len::<S>(m, n, case.k());
    for forward in [false, true] {
        let mut out = case.blank(m, n);
        let alone = RefCell::new(blanks(case.count(), m, n));
        case.compare(
            len,
            |run| {
                let (directions, target) = ([y.as_ref(), z.as_ref()], Target::Overwrite(out.as_mut()));
                if forward {
                    batch::map_second_into(case.factors(), &PerItem(f), directions, target, run)
                } else {
                    batch::map_vjp_tangent_into(case.factors(), &PerItem(f), directions, target, run)
                }
            },
            |i, work| {
                let target = &mut alone.borrow_mut()[i];
                let target = diffsvd::Target::Overwrite(target.as_mut());
                let (factors, directions) = (case.triplets[i].view(), [maps.a[i].as_ref(), maps.z[i].as_ref()]);
                if forward {
                    spectral::map_second_into(&factors, &f(i), directions, target, work)
                } else {
                    spectral::map_vjp_tangent_into(&factors, &f(i), directions, target, work)
                }
            },
        );
        out.assert_are(&alone.borrow(), "second derivative");
    }
}

fn pinv<S: Entry>(maps: &Maps<S>) {
    let ((m, n), case, cutoff) = (maps.case.shape, &maps.case, Tolerance::Relative(S::Real::from_f64(0.01)));
    let len = map_derivative_workspace_len::<S>(m, n, case.k());
    let z = Many::holding(&maps.z, Place::Interleaved);
    let (mut x, mut dx, mut ga) = (case.blank(n, m), case.blank(n, m), case.blank(m, n));
    let (mut whole, mut whole_ga) = (case.blank(n, m), case.blank(m, n));
    let alone = RefCell::new([blanks(11, n, m), blanks(11, n, m), blanks(11, m, n)]);
    let a = Many::holding(&maps.a, Place::RowMajor);
    let value = |i: usize, work: &mut [S]| {
        let target = &mut alone.borrow_mut()[0][i];
        spectral::pinv_into(&case.triplets[i].view(), cutoff, diffsvd::Target::Overwrite(target.as_mut()), work)
    };
    case.compare(len, |run| batch::pinv_into(case.factors(), cutoff, Target::Overwrite(x.as_mut()), run), value);
    case.compare(
        fused::workspace_len::<S>(m, n),
        |run| fused::pinv_into(a.as_ref(), cutoff, Target::Overwrite(whole.as_mut()), run),
        value,
    );
    case.compare(
        len,
        |run| batch::pinv_jvp_into(case.factors(), cutoff, z.as_ref(), Target::Overwrite(dx.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[1][i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            spectral::pinv_jvp_into(&case.triplets[i].view(), cutoff, maps.z[i].as_ref(), target, work)
        },
    );
    let x_bar = Many::holding(&alone.borrow()[1], Place::ColMajor);
    let x_bars = alone.borrow()[1].clone();
    let backward = |i: usize, work: &mut [S]| {
        let target = &mut alone.borrow_mut()[2][i];
        let target = diffsvd::Target::Overwrite(target.as_mut());
        spectral::pinv_vjp_into(&case.triplets[i].view(), cutoff, x_bars[i].as_ref(), target, work)
    };
    case.compare(
        len,
        |run| batch::pinv_vjp_into(case.factors(), cutoff, x_bar.as_ref(), Target::Overwrite(ga.as_mut()), run),
        backward,
    );
    case.compare(
        fused::workspace_len::<S>(m, n),
        |run| fused::pinv_vjp_into(a.as_ref(), cutoff, x_bar.as_ref(), Target::Overwrite(whole_ga.as_mut()), run),
        backward,
    );
    let alone = alone.borrow();
    x.assert_are(&alone[0], "pinv");
    near(&whole, &alone[0], "fused pinv");
    dx.assert_are(&alone[1], "pinv jvp");
    ga.assert_are(&alone[2], "pinv vjp");
    near(&whole_ga, &alone[2], "fused pinv vjp");
}

fn least_squares<S: Entry>(maps: &Maps<S>) {
    let ((m, n), case, p) = (maps.case.shape, &maps.case, 2);
    let cutoff = Tolerance::Relative(S::Real::from_f64(0.01));
    let (b, b_dot, x_bar) = (case.random(m, p, 21), case.random(m, p, 22), case.random(n, p, 23));
    let [many_b, many_b_dot, many_x_bar] = [&b, &b_dot, &x_bar].map(|all| Many::holding(all, Place::Gaps));
    let z = Many::holding(&maps.z, Place::RowMajor);
    let problem = batch::LeastSquares { b: many_b.as_ref(), cutoff };
    let single = |i: usize| LeastSquares { b: b[i].as_ref(), cutoff };
    let len = LeastSquares::<S>::workspace_len(m, n, case.k(), p);
    let (mut x, mut dx, mut ga, mut gb) = (case.blank(n, p), case.blank(n, p), case.blank(m, n), case.blank(m, p));
    let alone = RefCell::new([blanks(11, n, p), blanks(11, n, p), blanks(11, m, n), blanks(11, m, p)]);
    case.compare(
        len,
        |run| problem.solve_into(case.factors(), Target::Overwrite(x.as_mut()), run),
        |i, work| {
            let [x, ..] = &mut *alone.borrow_mut();
            single(i).solve_into(&case.triplets[i].view(), diffsvd::Target::Overwrite(x[i].as_mut()), work)
        },
    );
    case.compare(
        len,
        |run| {
            let tangent = (z.as_ref(), many_b_dot.as_ref());
            problem.jvp_into(case.factors(), tangent, Target::Overwrite(dx.as_mut()), run)
        },
        |i, work| {
            let [_, dx, ..] = &mut *alone.borrow_mut();
            let tangent = spectral::LeastSquaresTangent { a: maps.z[i].as_ref(), b: b_dot[i].as_ref() };
            let target = diffsvd::Target::Overwrite(dx[i].as_mut());
            single(i).jvp_into(&case.triplets[i].view(), &tangent, target, work)
        },
    );
    case.compare(
        len,
        |run| {
            let gradient = (Target::Overwrite(ga.as_mut()), Target::Overwrite(gb.as_mut()));
            problem.vjp_into(case.factors(), many_x_bar.as_ref(), gradient, run)
        },
        |i, work| {
            let [.., ga, gb] = &mut *alone.borrow_mut();
            let (a, b) = (diffsvd::Target::Overwrite(ga[i].as_mut()), diffsvd::Target::Overwrite(gb[i].as_mut()));
            let gradient = spectral::LeastSquaresGradient { a, b };
            single(i).vjp_into(&case.triplets[i].view(), x_bar[i].as_ref(), gradient, work)
        },
    );
    for (many, alone) in [x, dx, ga, gb].iter().zip(&*alone.borrow()) {
        many.assert_are(alone, "least squares");
    }
    let (mut ga, mut gb) = (case.blank(m, n), case.blank(m, p));
    let point = batch::LeastSquaresSecondOrder {
        x_bar: many_x_bar.as_ref(),
        tangent: (z.as_ref(), many_b_dot.as_ref()),
        x_bar_dot: many_x_bar.as_ref(),
    };
    let alone = RefCell::new([blanks(11, m, n), blanks(11, m, p)]);
    case.compare(
        LeastSquares::<S>::second_workspace_len(m, n, case.k(), p),
        |run| {
            let gradient = (Target::Overwrite(ga.as_mut()), Target::Overwrite(gb.as_mut()));
            problem.vjp_tangent_into(case.factors(), point, gradient, run)
        },
        |i, work| {
            let [ga, gb] = &mut *alone.borrow_mut();
            let (a, b) = (diffsvd::Target::Overwrite(ga[i].as_mut()), diffsvd::Target::Overwrite(gb[i].as_mut()));
            let tangent = spectral::LeastSquaresTangent { a: maps.z[i].as_ref(), b: b_dot[i].as_ref() };
            let (x_bar, gradient) = (x_bar[i].as_ref(), spectral::LeastSquaresGradient { a, b });
            let point = spectral::LeastSquaresSecondOrder { x_bar, tangent, x_bar_dot: x_bar };
            single(i).vjp_tangent_into(&case.triplets[i].view(), &point, gradient, work)
        },
    );
    for (many, alone) in [ga, gb].iter().zip(&*alone.borrow()) {
        many.assert_are(alone, "least squares, second order");
    }
}

fn hermitian<S: Entry>(maps: &Maps<S>) {
    let ((m, n), case, cutoff) = (maps.case.shape, &maps.case, Tolerance::Relative(S::Real::from_f64(0.01)));
    let len = spectral::hermitian_workspace_len::<S>(m, n, case.k());
    let g = |factors: &diffsvd::Factors<'_, S>| Hermitian::range(factors, Side::Left, cutoff);
    let (z, y_bar) = (Many::holding(&maps.z, Place::RowMajor), case.random(m, m, 31));
    let many_y_bar = Many::holding(&y_bar, Place::Between);
    let (mut y, mut dy, mut ga) = (case.blank(m, m), case.blank(m, m), case.blank(m, n));
    let alone = RefCell::new([blanks(11, m, m), blanks(11, m, m), blanks(11, m, n)]);
    let views = |i: usize| (case.triplets[i].view(), g(&case.triplets[i].view()));
    case.compare(
        len,
        |run| batch::hermitian_into(case.factors(), g, Target::Overwrite(y.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[0][i];
            views(i).1.value_into(&views(i).0, diffsvd::Target::Overwrite(target.as_mut()), work)
        },
    );
    case.compare(
        len,
        |run| batch::hermitian_jvp_into(case.factors(), g, z.as_ref(), Target::Overwrite(dy.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[1][i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            views(i).1.jvp_into(&views(i).0, maps.z[i].as_ref(), target, work)
        },
    );
    case.compare(
        len,
        |run| batch::hermitian_vjp_into(case.factors(), g, many_y_bar.as_ref(), Target::Overwrite(ga.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[2][i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            views(i).1.vjp_into(&views(i).0, y_bar[i].as_ref(), target, work)
        },
    );
    for (many, alone) in [y, dy, ga].iter().zip(&*alone.borrow()) {
        many.assert_are(alone, "Hermitian function");
    }
    let (mut ga, alone) = (case.blank(m, n), RefCell::new(blanks(11, m, n)));
    case.compare(
        spectral::hermitian_second_workspace_len::<S>(m, n, case.k()),
        |run| {
            let (directions, target) = ((z.as_ref(), many_y_bar.as_ref()), Target::Overwrite(ga.as_mut()));
            batch::hermitian_vjp_tangent_into(case.factors(), g, directions, target, run)
        },
        |i, work| {
            let target = &mut alone.borrow_mut()[i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            views(i).1.vjp_tangent_into(&views(i).0, (maps.z[i].as_ref(), y_bar[i].as_ref()), target, work)
        },
    );
    ga.assert_are(&alone.borrow(), "Hermitian function, second order");
    let (mut y, alone) = (case.blank(m, m), RefCell::new(blanks(11, m, m)));
    case.compare(
        spectral::hermitian_second_workspace_len::<S>(m, n, case.k()),
        |run| {
            let target = Target::Overwrite(y.as_mut());
            batch::hermitian_second_into(case.factors(), g, [z.as_ref(); 2], target, run)
        },
        |i, work| {
            let target = &mut alone.borrow_mut()[i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            views(i).1.second_into(&views(i).0, [maps.z[i].as_ref(); 2], target, work)
        },
    );
    y.assert_are(&alone.borrow(), "Hermitian function, second derivative");
}

fn losses<S: Entry>(maps: &Maps<S>) {
    let ((m, n), case, loss) = (maps.case.shape, &maps.case, KyFan::spectral());
    let len = map_derivative_workspace_len::<S>(m, n, case.k());
    let z = Many::holding(&maps.z, Place::RowMajor);
    let mut values = vec![S::Real::from_f64(0.0); 11];
    let _ = batch::loss_values(case.factors(), &loss, &mut values, batch::Run::new(&mut [])).expect("matching shapes");
    let (mut ga, mut hz) = (case.blank(m, n), case.blank(m, n));
    let alone = RefCell::new([blanks(11, m, n), blanks(11, m, n)]);
    case.compare(
        len,
        |run| batch::loss_gradient_into(case.factors(), &loss, Target::Overwrite(ga.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[0][i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            spectral::loss_gradient_into(&case.triplets[i].view(), &loss, target, work)
        },
    );
    case.compare(
        len,
        |run| batch::loss_hvp_into(case.factors(), &loss, z.as_ref(), Target::Overwrite(hz.as_mut()), run),
        |i, work| {
            let target = &mut alone.borrow_mut()[1][i];
            let target = diffsvd::Target::Overwrite(target.as_mut());
            spectral::loss_hvp_into(&case.triplets[i].view(), &loss, maps.z[i].as_ref(), target, work)
        },
    );
    for (i, value) in values.iter().enumerate() {
        assert_eq!(*value, case.triplets[i].s[0]);
    }
    for (many, alone) in [ga, hz].iter().zip(&*alone.borrow()) {
        many.assert_are(alone, "loss");
    }
}

/// The cotangents of a parameter that each item has for itself.
#[test]
fn parameters_of_each_are_the_loop() {
    let case = Case::<f64>::new(11, (4, 3), 3, Vectors::Thin);
    let f_bar: Vec<Vec<f64>> = (0..11).map(|i| (0..3).map(|j| f64::from(i * 3 + j)).collect()).collect();
    let many = Many::holding_vectors(&f_bar);
    let tau = |i: usize| SoftThreshold(0.3 * i as f64);
    let (mut out, mut work) = (Many::<f64>::blank_vectors(11, 1, Place::Gaps), []);
    let run = batch::Run::new(&mut work);
    let done = batch::parameter_cotangents(case.factors(), &PerItem(tau), many.as_ref(), out.as_mut(), run);
    assert_eq!(done.unwrap().succeeded, 11);
    let alone = |i: usize| {
        let mut alone = [0.0];
        spectral::parameter_cotangents(&tau(i), &case.triplets[i].s, &f_bar[i], &mut alone);
        Mat::from_fn(1, 1, |_, _| alone[0])
    };
    out.assert_are(&(0..11).map(alone).collect::<Vec<_>>(), "the cotangent of τ");
}

/// What `keep` gets are the factors of the same batch.
#[test]
fn the_factors_are_kept_where_asked_for() {
    for (m, n) in [(4, 3), (9, 10)] {
        let maps = Maps::<f64>::new(m, n);
        let a = Many::holding(&maps.a, Place::RowMajor);
        let (mut x, k) = (maps.case.blank(m, n), maps.case.k());
        let (mut u, mut v) = (maps.case.blank(m, k), maps.case.blank(n, k));
        let mut s = Many::blank_vectors(11, k, Place::Gaps);
        let mut work = vec![0.0; fused::workspace_len::<f64>(m, n)];
        let keep = batch::FactorsMut { u: u.as_mut(), s: s.as_mut(), v: v.as_mut() };
        let (f, target) = (Same(SoftThreshold(0.0)), Target::Overwrite(x.as_mut()));
        fused::map_into(a.as_ref(), &f, target, Some(keep), batch::Run::new(&mut work)).unwrap().all().unwrap();
        let mut from_factors = maps.case.blank(m, n);
        let factors = batch::Factors { u: u.as_ref(), s: s.as_ref(), v: v.as_ref() };
        let target = Target::Overwrite(from_factors.as_mut());
        batch::map_into(factors, &f, target, batch::Run::new(&mut work)).unwrap().all().unwrap();
        close(&x, &from_factors.all(), (m, n), "kept factors");
        near(&x, &maps.a, "U S Vᴴ");
    }
}
