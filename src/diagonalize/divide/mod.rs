//! B = X diag(s) Yᵀ for a real upper bidiagonal B, by divide and conquer (Gu & Eisenstat 1995).
//!
//! A row is taken out of the middle, the two halves are decomposed, and the halves are merged. Nearly all of the work is in
//! matrix products, about 8/3 n³ flops for both factors, and less the more singular vectors of the halves
//! turn out to be singular vectors of the whole. Small blocks are left to the QR iteration.
//!
//! All is relative to the largest entry of B: nothing smaller than a few ε of it is resolved. Where singular values
//! are wanted to high relative accuracy the QR iteration must be used.

mod basis;
mod merge;
mod poles;
mod secular;
mod vectors;

use super::{Rotations, qr_iteration};
use crate::error::Error;
use crate::kernel::team::{join, threads};
use crate::kernel::{LANES, Level, Planes, padded};
use crate::rotation::Columns;
use crate::scalar::Real;
use crate::workspace::Arena;
use basis::Basis;
use merge::{Block, Factors, Scratch, scratch_len};

/// Blocks of at most this size are not divided. From 8 to 24 it makes no difference at larger sizes; at 24 itself a merge wins.
const LEAF: usize = 20;

/// Reals that [`divide_and_conquer`] needs for a matrix of order `n`: about 3/2 n². Saturates where no memory could hold it.
pub(crate) const fn divide_workspace_len(n: usize) -> usize {
    if n <= LEAF { 4 * n } else { scratch_len(n).saturating_add(LEAF_LEN * trees(n)) }
}

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused),
/// descending and non-negative, `x` and `y` by X and Y, and `e` by nothing of use. The padding of `x` and `y` is zero.
///
/// `shared`: several threads may take part; the result is the same.
///
/// Residual, orthogonality and each singular value are accurate to a small multiple of n ε s₁.
/// Workspace: [`divide_workspace_len`].
///
/// # Errors
/// [`Error::NoConvergence`] when a budget of steps is used up, or an entry is not finite; [`Error::Workspace`].
pub(crate) fn divide_and_conquer<R: Real>(
    d: &mut [R],
    e: &mut [R],
    (mut x, mut y): (Planes<'_, R>, Planes<'_, R>),
    work: &mut [R],
    (level, shared): (Level, bool),
) -> Result<(), Error> {
    let n = d.len();
    let mut arena = Arena::new(work, divide_workspace_len(n))?;
    let largest = d.iter().chain(e.iter().take(n.saturating_sub(1))).fold(R::zero(), |max, x| max.larger(x.abs()));
    if n <= LEAF || largest == R::zero() {
        x.set_unit_columns(0);
        y.set_unit_columns(0);
    }
    if largest == R::zero() {
        d.fill(R::zero());
        return Ok(());
    }
    let p = largest.exponent();
    d.iter_mut().chain(&mut *e).for_each(|x| *x = x.mul_pow2(-p));
    if n <= LEAF {
        qr_iteration(d, e, &mut rotations(&mut arena, n), &mut Columns { u: x, v: y, level })?;
    } else {
        // The matrices first: they start at a cache line if the workspace does.
        let scratch = Scratch::carve(&mut arena, n, shared);
        let factors = Factors { x: Basis::zeros(x), y: Basis::zeros(y), scratch, level };
        let mut tree = Tree { factors, leaves: arena.take(LEAF_LEN * trees(n)) };
        tree.solve(Block { first: 0, size: n, extra: 0 }, d, e)?;
        tree.sort(d);
    }
    for s in d {
        *s = s.mul_pow2(p);
    }
    Ok(())
}

/// Order from which the halves are decomposed at the same time.
const SPLIT_FROM: usize = 128;

/// Reals for a block that is not divided: the rotations of a sweep, d and e.
const LEAF_LEN: usize = 6 * (LEAF + 1);

/// Blocks of a matrix of order `n` that are decomposed at the same time: a power of two.
const fn trees(n: usize) -> usize {
    let (mut trees, mut size) = (1, n);
    while size >= SPLIT_FROM {
        trees *= 2;
        // No half is larger.
        size = size / 2 + LANES;
    }
    trees
}

/// Room for the rotations of a sweep over `order` columns.
fn rotations<'w, R: Real>(arena: &mut Arena<'w, R>, order: usize) -> Rotations<'w, R> {
    let [left_c, left_s, right_c, right_s] = core::array::from_fn(|_| arena.take(order));
    Rotations { left_c, left_s, right_c, right_s }
}

/// The recursion.
struct Tree<'a, 'w, R> {
    factors: Factors<'a, 'w, R>,
    /// [`LEAF_LEN`] for each block that is decomposed at the same time.
    leaves: &'w mut [R],
}

impl<R: Real> Tree<'_, '_, R> {
    fn solve(&mut self, block: Block, d: &mut [R], e: &mut [R]) -> Result<(), Error> {
        if block.size <= LEAF {
            return self.leaf(block, d, e);
        }
        let (top, bottom) = block.halves();
        if self.factors.scratch.is_shared() && block.size >= SPLIT_FROM && threads() > 1 {
            self.solve_both(top, bottom, d, e)?;
        } else {
            self.solve(top, d, e)?;
            self.solve(bottom, d, e)?;
        }
        self.factors.merge(block, d, e)
    }

    /// Two blocks at the same time, which have neither rows nor columns in common. The matrices of the lower one are numbered from zero.
    fn solve_both(&mut self, top: Block, bottom: Block, d: &mut [R], e: &mut [R]) -> Result<(), Error> {
        let at = bottom.first;
        let level = self.factors.level;
        let (leaves, more_leaves) = self.leaves.split_at_mut(self.leaves.len() / 2);
        let [x, lower_x] = self.factors.x.corners(at);
        let [y, lower_y] = self.factors.y.corners(at);
        let [scratch, more_scratch] = self.factors.scratch.halves(top.first + top.size);
        let mut upper = Tree { factors: Factors { x, y, scratch, level }, leaves };
        let factors = Factors { x: lower_x, y: lower_y, scratch: more_scratch, level };
        let mut lower = Tree { factors, leaves: more_leaves };
        let ((d, lower_d), (e, lower_e)) = (d.split_at_mut(at), e.split_at_mut(at));
        let bottom = Block { first: 0, ..bottom };
        let (one, other) = join(true, || upper.solve(top, d, e), || lower.solve(bottom, lower_d, lower_e));
        one.and(other)
    }

    /// A block of its own. One with an extra column gets a row of zeros: a zero-shift sweep makes its singular value an
    /// exact zero, which is sorted last, and no rotation reaches that row.
    fn leaf(&mut self, block: Block, d: &mut [R], e: &[R]) -> Result<(), Error> {
        let Block { size, extra, .. } = block;
        let order = size + extra;
        let mut arena = Arena::new(self.leaves, LEAF_LEN)?;
        let mut rotations = rotations(&mut arena, LEAF + 1);
        let (leaf_d, leaf_e) = (arena.take(order), arena.take(order));
        leaf_d[size..].fill(R::zero());
        leaf_d[..size].copy_from_slice(&d[block.rows()]);
        leaf_e[..size].copy_from_slice(&e[block.rows()]);
        let level = self.factors.level;
        let scratch = &mut self.factors.scratch;
        let mut u = square(scratch.gathered, order);
        let mut v = square(scratch.vectors, order);
        u.set_unit_columns(0);
        v.set_unit_columns(0);
        let sink = &mut Columns { u: u.reborrow(), v: v.reborrow(), level };
        qr_iteration(leaf_d, leaf_e, &mut rotations, sink)?;
        d[block.rows()].copy_from_slice(&leaf_d[..size]);
        let (x, y) = (&mut self.factors.x, &mut self.factors.y);
        for j in 0..size {
            x.column_mut(block.first + j, block.rows()).copy_from_slice(&u.column(j).as_flattened()[..size]);
        }
        for j in 0..order {
            y.column_mut(block.first + j, block.columns()).copy_from_slice(&v.column(j).as_flattened()[..order]);
        }
        Ok(())
    }

    /// Descending order.
    fn sort(&mut self, d: &mut [R]) {
        let Factors { x, y, scratch, .. } = &mut self.factors;
        let shared = scratch.is_shared();
        let copy = &mut scratch.vectors[..d.len()];
        copy.copy_from_slice(d);
        join(shared, || sort(d, x), || sort(copy, y));
    }
}

/// Descending order, by exchanges, and that of the columns of a basis with it.
fn sort<R: Real>(d: &mut [R], basis: &mut Basis<'_, R>) {
    for i in 0..d.len() {
        let largest = (i + 1..d.len()).fold(i, |largest, j| if d[j] > d[largest] { j } else { largest });
        if largest != i {
            d.swap(i, largest);
            basis.swap(i, largest);
        }
    }
}

/// A square matrix at the start of a piece of memory.
fn square<R: Real>(memory: &mut [R], order: usize) -> Planes<'_, R> {
    let depth = padded(order) / LANES;
    let (lanes, _) = memory.as_chunks_mut();
    Planes { data: &mut lanes[..depth * order], depth, parts: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    /// Noise in [−1, 1).
    fn noise(seed: &mut u64) -> f64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*seed >> 11) as f64) / ((1_u64 << 52) as f64) - 1.0
    }

    /// Diagonals and superdiagonals that are hard for one reason or another.
    fn zoo(n: usize) -> Vec<(&'static str, Vec<f64>, Vec<f64>)> {
        let mut seed = 7 + n as u64;
        let mut random = || noise(&mut seed);
        let list = |f: &mut dyn FnMut(usize) -> f64| (0..n).map(f).collect::<Vec<f64>>();
        let center = (n as f64 - 1.0) / 2.0;
        vec![
            ("random", list(&mut |_| random()), list(&mut |_| random())),
            ("chi", list(&mut |i| ((n - i) as f64).sqrt()), list(&mut |i| ((n - i) as f64 - 0.9).sqrt())),
            ("identity", list(&mut |_| 1.0), list(&mut |_| 0.0)),
            ("all equal", list(&mut |_| 1.0), list(&mut |_| 1.0)),
            ("zero", list(&mut |_| 0.0), list(&mut |_| 0.0)),
            ("nilpotent", list(&mut |_| 0.0), list(&mut |_| 1.0)),
            ("zeros on the diagonal", list(&mut |i| if i % 5 == 2 { 0.0 } else { random() }), list(&mut |_| random())),
            ("last zero", list(&mut |i| if i + 1 == n { 0.0 } else { 1.0 }), list(&mut |_| 0.5)),
            ("split", list(&mut |_| random()), list(&mut |i| if i % 7 == 3 { 0.0 } else { random() })),
            ("middle only", list(&mut |i| if i == n / 2 { 1.0 } else { 0.0 }), list(&mut |i| f64::from(i == n / 2))),
            ("tiny off", list(&mut |_| 1.0), list(&mut |_| 1e-15 * random())),
            ("clusters", list(&mut |i| 1.0 + (i % 3) as f64), list(&mut |_| 1e-9 * random())),
            ("tight clusters", list(&mut |i| (i % 2) as f64), list(&mut |_| 1e-14 * random())),
            ("wilkinson", list(&mut |i| (i as f64 - center).abs()), list(&mut |_| 1.0)),
            (
                "glued",
                list(&mut |i| (i as f64 % 21.0 - 10.0).abs()),
                list(&mut |i| if i % 21 == 20 { 1e-12 } else { 1.0 }),
            ),
            ("graded", list(&mut |i| 0.8_f64.powf(i as f64)), list(&mut |i| 0.8_f64.powf(i as f64))),
            ("graded up", list(&mut |i| 0.5_f64.powf((n - i) as f64)), list(&mut |i| 0.5_f64.powf((n - i) as f64))),
            ("steep", list(&mut |i| 1e-3_f64.powf(i.min(90) as f64)), list(&mut |i| 1e-3_f64.powf(i.min(90) as f64))),
            ("kahan", list(&mut |i| 0.9_f64.powf(i as f64)), list(&mut |i| -0.43 * 0.9_f64.powf(i as f64))),
            ("huge", list(&mut |_| 1e300 * random()), list(&mut |_| 1e300 * random())),
            ("small", list(&mut |_| 1e-300 * random()), list(&mut |_| 1e-300 * random())),
            ("underflowing", list(&mut |_| random()), list(&mut |_| 1e-312 * random())),
            ("ratios", list(&mut |_| 10_f64.powf(20.0 * random())), list(&mut |_| 10_f64.powf(20.0 * random()))),
            ("both scales", list(&mut |i| if i % 2 == 0 { 1.0 } else { 1e-30 }), list(&mut |_| random())),
            ("dominant off", list(&mut |_| 1e-8 * random()), list(&mut |_| 1.0)),
        ]
    }

    /// A decomposition and its columns.
    struct Solved<R> {
        s: Vec<R>,
        x: Vec<R>,
        y: Vec<R>,
        stride: usize,
    }

    fn solve<R: Real>(d: &[f64], e: &[f64], level: Level, divide: bool) -> Solved<R> {
        let n = d.len();
        let depth = padded(n) / LANES;
        let (mut x, mut y) = (vec![[R::zero(); LANES]; depth * n], vec![[R::zero(); LANES]; depth * n]);
        let mut s: Vec<R> = d.iter().map(|x| R::from_f64(*x)).collect();
        let mut e: Vec<R> = e.iter().map(|x| R::from_f64(*x)).collect();
        let (u, v) = (Planes { data: &mut x, depth, parts: 1 }, Planes { data: &mut y, depth, parts: 1 });
        if divide {
            let mut work = vec![R::from_f64(f64::NAN); divide_workspace_len(n)];
            divide_and_conquer(&mut s, &mut e, (u, v), &mut work, (level, n.is_multiple_of(2))).unwrap();
        } else {
            let (mut u, mut v) = (u, v);
            u.set_unit_columns(0);
            v.set_unit_columns(0);
            let mut work = vec![R::zero(); 4 * n];
            let mut parts = work.chunks_exact_mut(n.max(1));
            let [left_c, left_s, right_c, right_s] = core::array::from_fn(|_| parts.next().unwrap());
            let rotations = &mut Rotations { left_c, left_s, right_c, right_s };
            qr_iteration(&mut s, &mut e, rotations, &mut Columns { u, v, level }).unwrap();
        }
        Solved { s, x: x.as_flattened().to_vec(), y: y.as_flattened().to_vec(), stride: depth * LANES }
    }

    /// Frobenius norm of QᵀQ − I.
    fn orthogonality<R: Real>(q: &[R], stride: usize) -> f64 {
        let columns: Vec<&[R]> = q.chunks_exact(stride).collect();
        let mut sum = 0.0;
        for (i, a) in columns.iter().enumerate() {
            for (j, b) in columns.iter().enumerate().take(i + 1) {
                let dot = a.iter().zip(*b).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>();
                sum += (dot - f64::from(i == j)).powi(2);
            }
        }
        sum.sqrt()
    }

    /// Frobenius norm of B − X S Yᵀ, as that of B Y − X S, relative to the largest entry of B.
    fn residual<R: Real>(d: &[f64], e: &[f64], solved: &Solved<R>) -> f64 {
        let n = d.len();
        let unit = d.iter().chain(&e[..n - 1]).fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
        let rounded = |x: f64| R::from_f64(x).to_f64() / unit;
        let columns = solved.x.chunks_exact(solved.stride).zip(solved.y.chunks_exact(solved.stride));
        let mut sum = 0.0;
        for (s, (x, y)) in solved.s.iter().zip(columns) {
            for i in 0..n {
                let next = if i + 1 < n { rounded(e[i]) * y[i + 1].to_f64() } else { 0.0 };
                sum += (rounded(d[i]) * y[i].to_f64() + next - s.to_f64() / unit * x[i].to_f64()).powi(2);
            }
        }
        sum.sqrt()
    }

    /// The largest of the checks in units of n ε s₁, and its name.
    fn check<R: Real>(name: &str, d: &[f64], e: &[f64], level: Level) -> (f64, String) {
        let n = d.len();
        // The QR iteration wants the same unit.
        let unit = d.iter().chain(&e[..n - 1]).fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
        let p = Real::exponent(unit);
        let scaled = |list: &[f64]| list.iter().map(|x| x.mul_pow2(-p)).collect::<Vec<f64>>();
        let mut reference = solve::<R>(&scaled(d), &scaled(e), level, false);
        reference.s.iter_mut().for_each(|s| *s = s.mul_pow2(p));
        let solved = solve::<R>(d, e, level, true);
        assert!(solved.s.is_sorted_by(|a, b| a >= b) && solved.s[n - 1] >= R::zero(), "{name} {n}");
        for column in solved.x.chunks_exact(solved.stride).chain(solved.y.chunks_exact(solved.stride)) {
            assert!(column[n..].iter().all(|x| *x == R::zero()), "{name} {n}: padding");
        }
        let difference = |(a, b): (&R, &R)| (a.to_f64() - b.to_f64()).abs();
        let values = solved.s.iter().zip(&reference.s).map(difference).fold(0.0, f64::max) / unit;
        let s1 = (reference.s[0].to_f64() / unit).max(1e-3);
        let ulp = n as f64 * R::EPSILON.to_f64();
        let results = [
            ("X", orthogonality(&solved.x, solved.stride)),
            ("Y", orthogonality(&solved.y, solved.stride)),
            ("residual", residual(d, e, &solved) / s1),
            ("values", values / s1),
        ];
        let worst = results.iter().fold(results[0], |worst, result| if result.1 <= worst.1 { worst } else { *result });
        (worst.1 / ulp, std::format!("{name} n = {n} {level:?} {}", worst.0))
    }

    fn worst<R: Real>(levels: &[Level], sizes: &[usize], skip: &[&str]) -> (f64, String) {
        let mut worst = (0.0, String::new());
        for &level in levels {
            for &n in sizes {
                for (name, d, e) in zoo(n) {
                    if skip.contains(&name) {
                        continue;
                    }
                    let result = check::<R>(name, &d, &e, level);
                    std::println!("{:8.3} {}", result.0, result.1);
                    worst = if result.0 <= worst.0 { worst } else { result };
                }
            }
        }
        worst
    }

    const SIZES: [usize; 10] = [1, 2, 3, 19, 20, 21, 22, 49, 64, 101];

    #[test]
    fn decomposes_the_zoo_in_double_precision() {
        let (error, place) = worst::<f64>(&Level::all(), &SIZES, &[]);
        assert!(error <= 3.0, "{error} {place}");
    }

    #[test]
    fn decomposes_the_zoo_in_single_precision() {
        let (error, place) = worst::<f32>(&Level::all(), &SIZES, &["huge", "small"]);
        assert!(error <= 3.0, "{error} {place}");
    }

    #[test]
    fn large_matrices_are_no_less_accurate() {
        let (double, place) = worst::<f64>(&[Level::detect()], &[300], &[]);
        assert!(double <= 0.7, "{double} {place}");
        let (single, place) = worst::<f32>(&[Level::detect()], &[300], &["huge", "small"]);
        assert!(single <= 0.7, "{single} {place}");
    }

    #[test]
    fn any_mixture_of_zeros_ones_and_near_ones() {
        let choices = [0.0, 1.0, -1.0, 1.0 + f64::EPSILON, 0.5, 1e-8, 1e-16, 3e-16, 1e-200];
        let mut seed = 99;
        for trial in 0..400 {
            let n = 21 + trial % 23;
            let used = 2 + trial % (choices.len() - 1);
            let mut pick = || {
                let x = noise(&mut seed).abs() * used as f64;
                (0..used).find(|i| x < (*i + 1) as f64).map_or(1.0, |i| choices[i])
            };
            let d: Vec<f64> = (0..n).map(|_| pick()).collect();
            let e: Vec<f64> = (0..n).map(|_| pick()).collect();
            let (error, place) = check::<f64>("mixture", &d, &e, Level::detect());
            assert!(error <= 2.0, "{error} {place} {d:?} {e:?}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_an_error_and_no_endless_loop() {
        let mut d = vec![1.0; 60];
        let mut e = vec![0.5; 60];
        d[40] = f64::NAN;
        let mut bases = vec![[0.0; LANES]; 2 * 60 * padded(60) / LANES];
        let (x, y) = bases.split_at_mut(60 * padded(60) / LANES);
        let planes = |data| Planes { data, depth: padded(60) / LANES, parts: 1 };
        let mut work = vec![0.0; divide_workspace_len(60)];
        assert!(
            divide_and_conquer(&mut d, &mut e, (planes(x), planes(y)), &mut work, (Level::detect(), true)).is_err()
        );
    }
}
