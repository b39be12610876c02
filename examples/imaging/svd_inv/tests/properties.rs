//! What the tables of `svd_inv` must show, and that the program writes them.

use std::fs;
use std::process::Command;

use svd_inv::{Case, Kind, Loss, Route, errors_of};

fn error(kind: Kind, loss: Loss, case: Case, route: Route) -> f64 {
    let errors = errors_of(kind, loss, case, 7, 3).unwrap();
    errors[Route::ALL.iter().position(|&other| other == route).unwrap()]
}

/// At equal, zero and distinct values alike, in every scalar type.
#[test]
fn the_exact_route_is_exact_everywhere() {
    for kind in Kind::ALL {
        let epsilon =
            if matches!(kind, Kind::Real32 | Kind::Complex32) { f64::from(f32::EPSILON) } else { f64::EPSILON };
        for case in Case::ALL {
            let error = error(kind, Loss::SoftThreshold, case, Route::Exact);
            assert!(error < 40.0 * epsilon, "{kind:?} {case:?}: {error:e}");
        }
    }
}

#[test]
fn the_rivals_fail_where_the_table_says() {
    use Route::{Block, Clip, MoorePenrose, Paper, PaperTolerant, Plain, Taylor, TensorFlow};
    let at = |case, route| error(Kind::Real64, Loss::Shifted, case, route);
    assert!(at(Case::Published, Plain).is_infinite());
    for route in [TensorFlow, Clip, Taylor, MoorePenrose] {
        assert!(at(Case::Published, route) > 0.1, "{route:?}");
    }
    let paper = at(Case::Published, PaperTolerant);
    assert!((1e-3..0.03).contains(&paper), "f(s)/s in the place of f′(s): {paper}");
    assert!(at(Case::AllEqual, Paper) > 0.05, "computed duplicates are not equal");
    assert!(at(Case::Published, Block) < 1e-14);
    assert!(at(Case::Distinct, Plain) < 1e-14 && at(Case::Distinct, Taylor) > 1e-5);
    let complex = error(Kind::Complex64, Loss::Shifted, Case::Distinct, PaperTolerant);
    assert!(complex > 0.1, "no phase term: {complex}");
    assert!(error(Kind::Complex64, Loss::Shifted, Case::Distinct, MoorePenrose) < 1e-14);
}

#[test]
fn the_program_writes_its_report() {
    let out = std::env::temp_dir().join(format!("svd-inv-{}", std::process::id()));
    let run = Command::new(env!("CARGO_BIN_EXE_svd_inv")).args(["--size", "tiny", "--out"]).arg(&out).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let table = fs::read_to_string(out.join("svd_inv/published.csv")).unwrap();
    let exact = table.lines().find(|line| line.starts_with("exact")).unwrap();
    assert!(exact.contains("[1.0179 0.9911; 1.0089 1.0179]"), "{exact}");
    for file in ["report.md", "gap.svg", "threshold-complex-single.csv"] {
        let text = fs::read_to_string(out.join("svd_inv").join(file)).unwrap();
        assert!(text.len() > 500 && !text.contains("NaN"), "{file}");
    }
    fs::remove_dir_all(&out).unwrap();
}
