//! What the networks must show in their tiny size, and that the programs write it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Parser;
use networks::unrolled::{Method, error_of};

fn run(program: &str, arguments: &[&str], out: &str) -> (Output, PathBuf) {
    let out = std::env::temp_dir().join(format!("{out}-{}", std::process::id()));
    let output = Command::new(program).args(["--size", "tiny", "--out"]).arg(&out).args(arguments).output().unwrap();
    (output, out)
}

/// The cells of a table, by the first cells of its rows.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let table = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    table.lines().skip(1).map(split).collect()
}

/// By commas outside of quotes.
fn split(line: &str) -> Vec<String> {
    let parts: Vec<&str> = line.split('"').collect();
    let unquoted = |(at, part): (usize, &&str)| if at % 2 == 0 { part.replace(',', "\t") } else { (*part).to_owned() };
    let line: String = parts.iter().enumerate().map(unquoted).collect();
    line.split('\t').map(str::to_owned).collect()
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("not a number: {cell}"))
}

/// Every method trains on real patches; at equal singular values the exact route and Moore-Penrose never fail, and plain does.
#[test]
fn the_unrolled_network_restores_and_the_safe_methods_never_fail() {
    let (output, out) = run(env!("CARGO_BIN_EXE_unrolled"), &["--sampling", "30"], "unrolled");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.join("unrolled");
    let sampled = cells(&folder.join("sampled-30.csv"));
    assert_eq!(sampled.len(), 1 + Method::ALL.len());
    let (input, rows) = sampled.split_first().unwrap();
    for row in rows {
        assert!(number(&row[1]) > number(&input[1]) + 4.0, "{row:?} beside {input:?}");
        assert!(number(&row[2]) > number(&input[2]) + 0.1, "{row:?} beside {input:?}");
    }
    let equal = cells(&folder.join("equal.csv"));
    let of = |method: Method| equal.iter().find(|row| row[1] == method.name()).unwrap();
    for method in [Method::Exact, Method::MoorePenrose] {
        assert!(rows.iter().any(|row| row[0] == method.name() && row[4] == "0"), "{rows:?}");
        assert!(of(method)[3].starts_with("0 of"), "{:?}", of(method));
    }
    assert!(!of(Method::Plain)[3].starts_with("0 of"), "{:?}", of(Method::Plain));
    for file in ["report.md", "losses.svg", "equal.svg", "sampled-30.png"] {
        assert!(fs::metadata(folder.join(file)).unwrap().len() > 500, "{file}");
    }
    fs::remove_dir_all(&out).unwrap();
}

/// The gradient of one low-rank step, in single precision: exact to rounding by one method only.
#[test]
fn only_the_exact_route_is_exact_at_equal_singular_values() {
    for period in [2, 3, 5] {
        let error = |method| error_of(method, 16, period, 3).unwrap();
        assert!(error(Method::Exact) < 1e-5, "{}", error(Method::Exact));
        for method in [Method::MoorePenrose, Method::Taylor, Method::Clip, Method::Plain] {
            assert!(error(method) > 0.05, "{}, {period}: {}", method.name(), error(method));
        }
        assert!((1e-3..0.2).contains(&error(Method::Paper)), "f(s)/s in the place of f′(s): {}", error(Method::Paper));
    }
}

/// Measurement consistency is no better than A⁺y; with equivariance it is, nearly as with the signals themselves.
#[test]
fn equivariance_learns_what_the_measurements_do_not_show() {
    let (output, out) = run(env!("CARGO_BIN_EXE_equivariant"), &[], "equivariant");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.join("equivariant");
    for (table, margin) in [("toy", 6.0), ("inpainting", 2.0)] {
        let rows = cells(&folder.join(format!("{table}.csv")));
        let psnr = |name: &str| number(&rows.iter().find(|row| row[0] == name).unwrap()[1]);
        let (inverse, alone) = (psnr("A⁺ y"), psnr("measurement consistency"));
        assert!(alone < inverse + 1.0, "{table}: {rows:?}");
        assert!(psnr("and equivariance to shifts") > inverse + margin, "{table}: {rows:?}");
        assert!(psnr("supervised") > inverse + margin, "{table}: {rows:?}");
    }
    let toy = cells(&folder.join("toy.csv"));
    let wrong = toy.iter().find(|row| row[0] == "and equivariance to permutations").unwrap();
    let right = toy.iter().find(|row| row[0] == "and equivariance to shifts").unwrap();
    assert!(number(&wrong[1]) + 4.0 < number(&right[1]), "{toy:?}");
    for file in ["report.md", "toy.svg", "toy-losses.svg", "inpainting-losses.svg", "inpainting.png"] {
        assert!(fs::metadata(folder.join(file)).unwrap().len() > 500, "{file}");
    }
    fs::remove_dir_all(&out).unwrap();
}

#[test]
fn wrong_options_say_what_to_do() {
    let few = run(env!("CARGO_BIN_EXE_unrolled"), &["--pixels", "40"], "few").0;
    let none = run(env!("CARGO_BIN_EXE_equivariant"), &["--image", "no-such.png"], "none").0;
    for (output, words) in [(few, "use --pixels 64 or more"), (none, "cannot read the picture")] {
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(words), "{output:?}");
    }
    assert!(networks::unrolled::Options::try_parse_from(["unrolled", "--sampling", "0"]).is_err());
}
