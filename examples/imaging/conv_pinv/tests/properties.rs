//! The pseudoinverse is one, its gradient is one, and the program says so.

use std::fs;
use std::process::Command;

use conv_pinv::{Edge, Edged, Kernel, dot, norm, penrose, relative, slopes};
use imaging::random;

const SIZE: (usize, usize) = (12, 15);

#[test]
fn the_conditions_of_penrose_hold_for_every_shape_and_rank() {
    for (out, into, rank) in [(4, 4, None), (4, 4, Some(2)), (3, 5, None), (5, 3, None), (5, 4, Some(2)), (1, 1, None)]
    {
        let check = penrose(&Kernel::random((out, into), 3, rank, 5), SIZE, 6).unwrap();
        let name = format!("{into} → {out}, {rank:?}: {check:?}");
        for error in [check.inner, check.outer, check.projector, check.symmetry] {
            assert!(error < 1e-13 * check.condition, "{name}");
        }
        let reaches = out <= rank.unwrap_or(into).min(into);
        assert_eq!(check.reaches < 1e-13 * check.condition, reaches, "{name}");
        assert_eq!(check.rank.0 * out.min(into), check.rank.1 * rank.unwrap_or(out.min(into)), "{name}");
    }
}

/// Differences of the taps sum to zero: the frequency zero is known to rounding only and must not be inverted.
#[test]
fn a_kernel_that_suppresses_a_frequency_is_not_inverted_there() {
    let mut kernel = Kernel::random((2, 2), 3, None, 8);
    for o in 0..2 {
        for c in 0..2 {
            let sum: f64 = (0..9).map(|tap| kernel.0[(o, c, tap / 3, tap % 3)]).sum();
            kernel.0[(o, c, 1, 1)] -= sum;
        }
    }
    let check = penrose(&kernel, SIZE, 6).unwrap();
    assert_eq!(check.rank.0, check.rank.1 - 2, "{check:?}");
    assert!(check.condition < 1e4 && check.projector < 1e-12, "{check:?}");
}

#[test]
fn the_gradient_agrees_with_differences() {
    let random = |shape| Kernel::random(shape, 3, None, 9);
    for kernel in [Kernel::layer(3, 3, 0.4, 9), random((2, 4)), random((4, 2))] {
        let (out, into) = kernel.channels();
        for slope in slopes(&kernel, SIZE, 4, &mut || ()).unwrap() {
            assert!(slope.error() < 1e-6, "{into} → {out}: {slope:?}");
        }
    }
}

/// The adjoint is one, and the solution is that of minimum norm, which the naive method misses.
#[test]
fn edges_are_solved_exactly_and_the_naive_method_is_not_right() {
    for (kernel, edge) in [
        (Kernel::layer(3, 3, 0.4, 2), Edge::Zeros),
        (Kernel::layer(3, 3, 0.4, 2), Edge::Cropped),
        (Kernel::random((2, 4), 3, None, 2), Edge::Zeros),
        (Kernel::random((4, 2), 3, None, 2), Edge::Zeros),
    ] {
        let ((out, into), a) = (kernel.channels(), Edged::new(&kernel, SIZE, edge).unwrap());
        let mut random = random::stream(3, 1);
        let x = random::normals((into, SIZE.0, SIZE.1), 1.0, &mut random);
        let y = a.apply(&x);
        let w = random::normals(y.dim(), 1.0, &mut random);
        assert!((dot(&y, &w) - dot(&x, &a.adjoint(&w))).abs() < 1e-12 * norm(&x) * norm(&w));
        let (plain, best) = (a.solve(&y, false, (1e-12, 2000)), a.solve(&y, true, (1e-12, 2000)));
        assert!(relative(&a.apply(&best.x), &y) < 1e-9, "{out} ← {into} {edge:?}");
        assert!(relative(&plain.x, &best.x) < 1e-6 && norm(&best.x) <= norm(&x) * (1.0 + 1e-9));
        assert!(best.residuals.len() < plain.residuals.len(), "{} {}", best.residuals.len(), plain.residuals.len());
        let naive = a.naive(&y);
        assert!(relative(&naive, &best.x) > 1e-3, "the naive method is right by chance");
    }
}

#[test]
fn the_program_restores_its_picture() {
    let out = std::env::temp_dir().join(format!("conv-pinv-{}", std::process::id()));
    let run =
        Command::new(env!("CARGO_BIN_EXE_conv_pinv")).args(["--size", "tiny", "--out"]).arg(&out).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let table = fs::read_to_string(out.join("conv_pinv/picture.csv")).unwrap();
    let psnr = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name)).unwrap();
        line.split(',').nth(1).unwrap().parse::<f64>().unwrap()
    };
    assert!(psnr("preconditioned") > psnr("blurred") + 20.0, "{table}");
    assert!(psnr("preconditioned") > psnr("periodic") + 20.0, "{table}");
    for file in ["report.md", "edges.svg", "timing.csv", "picture.png"] {
        assert!(fs::metadata(out.join("conv_pinv").join(file)).unwrap().len() > 100, "{file}");
    }
    fs::remove_dir_all(&out).unwrap();
}

#[test]
fn wrong_options_say_what_to_do() {
    for (options, words) in [(["--taps", "4"], "odd number"), (["--image", "no-such.png"], "cannot read the picture")] {
        let run =
            Command::new(env!("CARGO_BIN_EXE_conv_pinv")).args(["--size", "tiny"]).args(options).output().unwrap();
        assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains(words), "{run:?}");
    }
}
