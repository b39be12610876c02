//! The C interface: what it writes is what the Rust functions write, and a bad argument is refused with its code, with nothing written.

mod block;

use self::block::Block;
use super::in_any_type;
use crate::abi::{Abi, Arg, Choices, Which};
use crate::memory::Place;
use crate::support::drawn::Bytes;
use crate::support::run::lengths;
use diffsvd::batch::{self, Cotangent, Factors, FactorsMut, Layout, Run, Same, Summary, Target};
use diffsvd::spectral::{Elementary, SoftThreshold, map_derivative_workspace_len};
use diffsvd::{AtEqual, Error, Rule, Scalar, Tolerance, Vectors};
#[allow(clippy::wildcard_imports, reason = "the names that C knows")]
use diffsvd_c::*;

/// Any call with good arguments, or with one that is bad.
pub fn c(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

/// A call: function, arguments, choices, and the workspace that it needs.
#[derive(Clone, Debug)]
struct Call<S: Scalar> {
    which: Which,
    blocks: Vec<Block<S>>,
    by: Choices,
    vectors: Vectors,
    needed: usize,
}

fn check<S: Abi<Real: Elementary>>(bytes: &mut Bytes<'_>) {
    let (count, m, n, place) = (bytes.below(5), bytes.below(7), bytes.below(7), bytes.below(5));
    let which = bytes.one_of(&[Which::Svd, Which::Vjp, Which::Jvp, Which::Map, Which::MapJvp, Which::MapVjp]);
    let spoilt = bytes.below(3) == 0;
    let own_workspace = bytes.below(2) == 0;
    let mut a = Block::<S>::new(Place::turn(place).layout(count, m, n), false);
    for item in 0..count {
        let matrix = bytes.matrix_of::<S>(m, n, false);
        let mut view = a.write();
        let mut view = view.item(item).expect("an item");
        (0..m).for_each(|i| (0..n).for_each(|j| view.set(i, j, matrix[(i, j)])));
    }
    let mut call = decomposition(a, bytes, place);
    if which != Which::Svd {
        (call.by.vectors, call.vectors) = (DIFFSVD_THIN, Vectors::Thin);
        call = derivative(which, call, bytes, place);
    }
    let work = if own_workspace { 0 } else { call.needed };
    if spoilt { refused(call, work, bytes) } else { agrees(call, work) }
}

fn decomposition<S: Abi>(a: Block<S>, bytes: &mut Bytes<'_>, place: usize) -> Call<S> {
    let Layout { count, rows: m, cols: n, .. } = a.layout;
    let leading = bytes.below(m.min(n) + 1);
    let all = [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(leading)];
    let choice = bytes.below(4);
    let vectors = all[choice];
    let function = diffsvd_function { kind: DIFFSVD_SVT, parameter: bytes.signed_unit(), rank: 0 };
    let by = Choices { vectors: choice as i32, rule: None, accumulate: DIFFSVD_OVERWRITE, function };
    let (u_cols, len, v_cols) = lengths(m, n, vectors);
    let layout = |rows, cols| Place::turn(place + 1).layout(count, rows, cols);
    let out = [Block::new(layout(m, u_cols), true), Block::real(count, len, true), Block::new(layout(n, v_cols), true)];
    let needed = batch::svd_workspace_len::<S>(m, n, vectors);
    Call { which: Which::Svd, blocks: [a].into_iter().chain(out).collect(), by, vectors, needed }
}

/// A derivative at the thin factors of what the decomposition was to be given.
fn derivative<S: Abi<Real: Elementary>>(which: Which, of: Call<S>, bytes: &mut Bytes<'_>, place: usize) -> Call<S> {
    let Layout { count, rows: m, cols: n, .. } = of.blocks[0].layout;
    let k = m.min(n);
    let layout = |rows, cols| Place::turn(place + 2).layout(count, rows, cols);
    let read = |rows, cols| Block::<S>::new(layout(rows, cols), false);
    let write = |rows, cols| Block::<S>::new(layout(rows, cols), true);
    let mut thin = vec![of.blocks[0].clone(), write(m, k), Block::real(count, k, true), write(n, k)];
    let _ = rust(Which::Svd, &mut thin, &of, &mut vec![S::zero(); batch::svd_workspace_len::<S>(m, n, Vectors::Thin)]);
    let mut blocks: Vec<Block<S>> = thin.drain(1..).map(|block| Block { written: false, ..block }).collect();
    let mask = bytes.byte();
    let mut part = |block: Block<S>, bit: u8| block.filled(bytes).optional(mask >> bit & 1 == 1);
    blocks.extend(match which {
        Which::Svd => vec![],
        Which::Vjp => vec![
            part(read(m, k), 0),
            part(Block::real(count, k, false), 1),
            part(read(n, k), 2),
            part(read(k, k), 3),
            write(m, n),
        ],
        Which::Jvp => vec![
            read(m, n),
            part(write(m, k), 0),
            part(Block::real(count, k, true), 1),
            part(write(n, k), 2),
            part(write(k, k), 3),
        ],
        Which::Map => vec![write(m, n)],
        Which::MapJvp => vec![read(m, n), write(m, n)],
        Which::MapVjp => vec![read(m, n), write(m, n), part(Block::real(count, k, true), 0)],
    });
    let at_equal = bytes.one_of(&[DIFFSVD_RECONSTRUCT, DIFFSVD_MINIMUM_NORM, DIFFSVD_PLAIN, DIFFSVD_ZEROING]);
    let tolerance = bytes.one_of(&[-1.0, 0.0, 1e-6]);
    let rule = diffsvd_rule { at_equal, parameter: 0.0, gap_tolerance: tolerance, rank_tolerance: tolerance };
    let by = Choices {
        rule: (bytes.below(3) > 0).then_some(rule),
        accumulate: bytes.one_of(&[DIFFSVD_OVERWRITE, DIFFSVD_ADD]),
        ..of.by
    };
    let needed = match which {
        Which::Svd => of.needed,
        Which::Vjp => batch::vjp_workspace_len::<S>(m, n, k),
        Which::Jvp => batch::jvp_workspace_len::<S>(m, n, k),
        _ => map_derivative_workspace_len::<S>(m, n, k),
    };
    Call { which, blocks, by, vectors: Vectors::Thin, needed }
}

/// The same by the functions of Rust; only the first failure is looked at.
fn rust<S: Abi<Real: Elementary>>(
    which: Which,
    blocks: &mut [Block<S>],
    of: &Call<S>,
    work: &mut [S],
) -> Result<Summary, Error> {
    let (by, rule) = (&of.by, rule(of.by.rule));
    let f = Same(SoftThreshold(<S::Real as diffsvd::Real>::from_f64(by.function.parameter)));
    if let (Which::Svd, [a, u, s, v]) = (which, &mut *blocks) {
        let out = FactorsMut { u: u.write(), s: s.write_real(), v: v.write() };
        return batch::svd_into(a.read(), of.vectors, out, Run::new(work));
    }
    let (given, rest) = blocks.split_at_mut(3);
    let at = Factors { u: given[0].read(), s: given[1].read_real(), v: given[2].read() };
    let target = |block| match by.accumulate {
        DIFFSVD_ADD => Target::Add(block),
        _ => Target::Overwrite(block),
    };
    match (which, rest) {
        (Which::Vjp, [u, s, v, s_matrix, a]) => {
            let bar = Cotangent {
                u: u.given(Block::read),
                s: s.given(Block::read_real),
                v: v.given(Block::read),
                s_matrix: s_matrix.given(Block::read),
            };
            batch::vjp_into(at, bar, &rule, target(a.write()), Run::new(work))
        }
        (Which::Jvp, [a, u, s, v, s_matrix]) => {
            let dot = batch::TangentMut {
                u: u.given_mut(Block::write),
                s: s.given_mut(Block::write_real),
                v: v.given_mut(Block::write),
                s_matrix: s_matrix.given_mut(Block::write),
            };
            batch::jvp_into(at, a.read(), &rule, dot, Run::new(work))
        }
        (Which::Map, [x]) => batch::map_into(at, &f, Target::Overwrite(x.write()), Run::new(work)),
        (Which::MapJvp, [a, x]) => {
            let dot = batch::MapTangent { a: a.read(), f: None };
            batch::map_jvp_into(at, &f, dot, Target::Overwrite(x.write()), Run::new(work))
        }
        (Which::MapVjp, [x, a, values]) => {
            let gradient = batch::MapGradient { a: target(a.write()), f: values.given_mut(Block::write_real) };
            batch::map_vjp_into(at, &f, x.read(), gradient, Run::new(work))
        }
        (which, rest) => panic!("{which:?} has not {} arguments more", rest.len()),
    }
}

fn rule<R: diffsvd::Real>(of: Option<diffsvd_rule>) -> Rule<R> {
    let Some(of) = of else { return Rule::default() };
    let at_equal = match of.at_equal {
        DIFFSVD_MINIMUM_NORM => AtEqual::MinimumNorm,
        DIFFSVD_PLAIN => AtEqual::Plain,
        DIFFSVD_ZEROING => AtEqual::Zeroing,
        _ => AtEqual::Reconstruct,
    };
    let tolerance = |of| if of < 0.0 { Tolerance::Default } else { Tolerance::Relative(R::from_f64(of)) };
    Rule { at_equal, gap: tolerance(of.gap_tolerance), rank: tolerance(of.rank_tolerance) }
}

/// Calls it as C does, with all blocks as they stand.
fn call<S: Abi>(of: &Call<S>, args: &[Arg], work: usize, status: &mut [i32]) -> diffsvd_status {
    let mut work = vec![S::zero(); work];
    // SAFETY: each pointer has the memory that its layout reaches, or is refused before it is used.
    unsafe { S::call(of.which, args, &of.by, &mut work, status) }
}

fn agrees<S: Abi<Real: Elementary>>(mut of: Call<S>, work: usize) {
    let mut expected = of.blocks.clone();
    let outcome = rust(of.which, &mut expected, &of, &mut vec![S::zero(); of.needed]);
    let args: Vec<Arg> = of.blocks.iter_mut().map(Block::arg).collect();
    let mut status = vec![-1; of.blocks[0].layout.count];
    let got = call(&of, &args, work, &mut status);
    assert!(got != DIFFSVD_INTERNAL, "{of:?}");
    assert_eq!(got == DIFFSVD_OK, outcome.is_ok_and(|done| done.failed == 0), "{outcome:?} {got} {of:?}");
    if let Ok(done) = outcome {
        assert_eq!(status.iter().filter(|&&status| status != DIFFSVD_OK).count(), done.failed, "{status:?} {of:?}");
        assert!(done.first.is_none_or(|first| status[first.item.unwrap_or(0)] == got), "{status:?} {of:?}");
    }
    for (i, (block, expected)) in of.blocks.iter().zip(&expected).enumerate() {
        assert!(block.is_as(expected), "argument {i}: {block:?} is not {expected:?} of {of:?}");
    }
}

/// One bad argument.
fn refused<S: Abi<Real: Elementary>>(mut of: Call<S>, work: usize, bytes: &mut Bytes<'_>) {
    let mut args: Vec<Arg> = of.blocks.iter_mut().map(Block::arg).collect();
    let mut work = work;
    let Some(code) = spoil(&mut of, &mut args, &mut work, bytes) else { return };
    let before = of.blocks.clone();
    let got = call(&of, &args, work, &mut []);
    assert_eq!(got, code, "{args:?} {of:?}");
    for (block, before) in of.blocks.iter().zip(&before) {
        assert!(block.is_as(before), "a call that was refused has written: {of:?}");
    }
}

/// Spoils one argument, if it is one that is looked at, and returns the code with which it must be refused.
fn spoil<S: Abi>(
    of: &mut Call<S>,
    args: &mut [Arg],
    work: &mut usize,
    bytes: &mut Bytes<'_>,
) -> Option<diffsvd_status> {
    let (i, j) = (bytes.below(args.len()), bytes.below(args.len()));
    let block = &of.blocks[i];
    let looked_at = |block: &Block<S>| !block.left_out && block.layout.needed().is_some_and(|len| len > 0);
    if !looked_at(block) {
        return None;
    }
    match bytes.below(8) {
        0 if !block.optional => args[i].data = std::ptr::null_mut(),
        1 => args[i].data = args[i].data.wrapping_add(1),
        2 if block.layout.cols > 1 => {
            args[i].layout.col_stride = usize::MAX;
            return Some(DIFFSVD_LAYOUT);
        }
        3 if block.written && block.layout.count > 1 => {
            args[i].layout.batch_stride = 0;
            return Some(DIFFSVD_LAYOUT);
        }
        4 if block.written && i != j && looked_at(&of.blocks[j]) && !overlong(block, &of.blocks[j]) => {
            args[i].data = args[j].data;
            return Some(DIFFSVD_OVERLAP);
        }
        5 if block.layout.count > 1 => {
            args[i].layout.count -= 1;
            return Some(DIFFSVD_COUNT);
        }
        6 if *work > 0 => {
            *work -= 1;
            return Some(if *work > 0 { DIFFSVD_WORKSPACE } else { DIFFSVD_OK }).filter(|&code| code != DIFFSVD_OK);
        }
        7 => return unknown(of, bytes),
        _ => return None,
    }
    Some(DIFFSVD_POINTER)
}

/// Whether the first needs more memory than the second has, or another alignment.
fn overlong<S: Abi>(one: &Block<S>, other: &Block<S>) -> bool {
    let len = |block: &Block<S>| block.layout.needed().map(|len| len * block.entry_bytes());
    len(one) > len(other)
}

/// A choice that there is not.
fn unknown<S: Abi>(of: &mut Call<S>, bytes: &mut Bytes<'_>) -> Option<diffsvd_status> {
    let bad = bytes.one_of(&[-1, 10, i32::MAX, i32::MIN]);
    match of.which {
        Which::Svd => of.by.vectors = bad,
        Which::Vjp if bytes.below(2) == 0 => of.by.accumulate = bad,
        Which::Vjp | Which::Jvp => of.by.rule.as_mut()?.at_equal = bad,
        Which::Map | Which::MapJvp | Which::MapVjp => of.by.function.kind = bad,
    }
    Some(DIFFSVD_UNKNOWN_CHOICE)
}
