//! The methods restore, the derivative through the iterations is one, and the program says so.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use completion::{Problem, Unrolled, alternate, complete, descend, learn, regress, rows};
use diffsvd::Mat;
use imaging::{mask, picture, random, scene};
use ndarray::Array2;

/// Decibels.
const MARGIN: f64 = 1.5;

fn problem(missing: f64, colour: bool) -> Problem {
    let scene = scene::landscape(40, 40, 1);
    let truth = if colour { scene } else { picture::luminance(&scene) };
    Problem::new("a test".into(), truth, mask::scattered((40, 40), missing, 2), 3)
}

#[test]
fn every_method_restores_more_than_the_mean_does() {
    for (missing, colour) in [(0.3, false), (0.3, true)] {
        let problem = problem(missing, colour);
        let before = problem.filled_with_mean().psnr;
        let descent = learn(&problem, (8, 15), 1.0, &|| ()).unwrap();
        let ridge = *descent.thresholds.1.last().unwrap();
        let outcomes = [
            descend(&problem, 4, 150, 1, &|| ()).0,
            alternate(&problem, 20, (4, ridge), 1, &|| ()).unwrap().0,
            complete(&problem, "nuclear norm", &descent.thresholds.1, Instant::now()).unwrap(),
            regress(&problem, 64, 1, &|| ()).unwrap(),
        ];
        for outcome in outcomes {
            assert!(outcome.psnr > before + MARGIN, "{}: {} after {before}", outcome.method, outcome.psnr);
            assert!(outcome.picture.iter().all(|x| (0.0..=1.0).contains(x)) && outcome.ssim > 0.5);
        }
        assert!(descent.losses.iter().all(|loss| loss.is_finite()));
        assert!(
            descent.losses.last() < descent.losses.first(),
            "the thresholds found are no better: {:?}",
            descent.losses
        );
    }
}

/// Reverse mode through all iterations against central differences, threshold by threshold.
#[test]
fn the_gradient_through_the_iterations_agrees_with_differences() {
    let problem = problem(0.4, false);
    let unrolled = Unrolled::new(&problem.data(&problem.known), problem.known.clone());
    let weight = random::normals((40, 40), 1.0, &mut random::stream(5, 5));
    let value = |thresholds: &[f64]| {
        let x = unrolled.forward(thresholds).unwrap().x;
        weight.indexed_iter().map(|(at, w)| w * x[at]).sum::<f64>()
    };
    let thresholds = [2.0, 1.5, 1.1, 0.8, 0.37];
    let forward = unrolled.forward(&thresholds).unwrap();
    let x_bar = Mat::from_fn(40, 40, |i, j| weight[(i, j)]);
    let gradient = unrolled.backward(&forward, &thresholds, x_bar).unwrap();
    for (index, gradient) in gradient.into_iter().enumerate() {
        let moved = |by: f64| {
            let mut moved = thresholds;
            moved[index] += by;
            value(&moved)
        };
        let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
        assert!((gradient - numeric).abs() < 1e-5 * (1.0 + numeric.abs()), "{index}: {gradient} {numeric}");
    }
}

/// The normal equations of every row hold, for more unknowns than known entries and for fewer, and for a row without any.
#[test]
fn each_row_is_the_solution_of_its_least_squares_problem() {
    for rank in [3, 30] {
        let mut random = random::stream(rank as u64, 1);
        let mut matrix = |shape| random::normals(shape, 1.0, &mut random).mapv(|x| x as f32);
        let (basis, data): (Array2<f32>, Array2<f32>) = (matrix((20, rank)), matrix((7, 20)));
        let mut known = mask::scattered((7, 20), 0.5, 1);
        known.row_mut(6).fill(false);
        let (ridge, data) = (0.3, &data * &known.mapv(|known| f32::from(u8::from(known))));
        let solution = rows(&basis, &data, &known, ridge).unwrap();
        for (item, x) in solution.outer_iter().enumerate() {
            let error = (basis.dot(&x) - data.row(item)) * known.row(item).mapv(|known| f32::from(u8::from(known)));
            let residual = basis.t().dot(&error) + &x * ridge as f32;
            assert!(residual.iter().all(|r| r.abs() < 2e-4), "rank {rank}, row {item}: {residual}");
        }
        assert!(solution.row(6).iter().all(|&x| x == 0.0));
    }
}

/// In each format, and of another shape and size: the first picture of the sheet is the reader's, and what is missing of it is restored.
#[test]
fn the_program_works_on_the_readers_picture() {
    let picture = scene::landscape(60, 90, 7);
    for ending in ["png", "jpg", "tiff"] {
        let out = std::env::temp_dir().join(format!("completion-{ending}-{}", std::process::id()));
        fs::create_dir_all(&out).unwrap();
        let file = out.join("picture").with_extension(ending);
        picture::write(&file, &picture).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_completion"))
            .args(["--size", "tiny", "--missing", "30", "--image"])
            .arg(&file)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let own = picture::luminance(&picture::read(&file, 40, 40).unwrap());
        let own = picture::cut(&own, (12, 5), (20, 20));
        let sheet = picture::read(&out.join("completion/30-part.png"), 44, 68).unwrap();
        let shown = picture::luminance(&picture::cut(&sheet, (0, 0), (20, 20)));
        assert!(imaging::metrics::rmse(&own, &shown) < 0.5 / 255.0, "{ending}");
        let all = decibels(&out.join("completion/30.csv"));
        assert!(all[1..].iter().any(|&restored| restored > all[0] + MARGIN), "{ending}: {all:?}");
        fs::remove_dir_all(&out).unwrap();
    }
}

/// Of every method, the mean of the known pixels first.
fn decibels(table: &Path) -> Vec<f64> {
    let table = fs::read_to_string(table).unwrap();
    let psnr = |line: &str| line.rsplit(',').nth(2).and_then(|cell| cell.parse::<f64>().ok());
    table.lines().skip(1).map(|line| psnr(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn the_program_writes_tables_curves_and_pictures() {
    let out = std::env::temp_dir().join(format!("completion-{}", std::process::id()));
    let run =
        Command::new(env!("CARGO_BIN_EXE_completion")).args(["--size", "tiny", "--out"]).arg(&out).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let folder = out.join("completion");
    for case in ["10", "40", "80", "a-block-of-100-pixels"] {
        let all = decibels(&folder.join(format!("{case}.csv")));
        let restored = all[1..].iter().copied().fold(0.0, f64::max);
        assert!(all.len() == 9 && restored > all[0] + 1.0, "{case}: {all:?}");
        assert!(fs::metadata(folder.join(format!("{case}-part.png"))).unwrap().len() > 100);
    }
    for figure in ["rank.svg", "steps.svg", "thresholds.svg"] {
        assert!(fs::read_to_string(folder.join(figure)).unwrap().contains("<svg"), "{figure}");
    }
    fs::remove_dir_all(&out).unwrap();
}
