//! Instructions of single operations, counted by valgrind: the same on a busy machine as on an idle one.
//!
//! `cargo bench --bench instructions [-- FILTER...] [--save FILE] [--check FILE]`; without a filter the cases of [`USUAL`].
//! `--check` fails where a count exceeds that of the file by more than [`SLACK`]. valgrind knows AVX2 and FMA and no AVX-512:
//! these are the counts of that path. `cargo test --bench instructions` counts one case twice and expects the same number.
//! Where valgrind is not installed both say so and do nothing.

mod cases;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, ExitCode};

const USUAL: [&str; 12] = [
    "thin/f64/3x3",
    "thin/f64/8x8",
    "thin/f64/32x32",
    "thin/f64/128x128",
    "thin/c64/3x3",
    "thin/c64/32x32",
    "thin/c64/128x128",
    "thin/f32/32x32",
    "values/f64/32x32",
    "values/c64/128x128",
    "vjp/f64/32x32",
    "vjp/c64/128x128",
];
/// Another compiler may count a little differently.
const SLACK: f64 = 0.05;

fn main() -> ExitCode {
    let mut filters = vec![];
    let (mut save, mut check, mut bench) = (None, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--child" => return child(&arguments.collect::<Vec<_>>()),
            "--save" => save = arguments.next(),
            "--check" => check = arguments.next(),
            "--bench" => bench = true,
            filter => filters.extend((!filter.starts_with('-')).then(|| filter.to_owned())),
        }
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: no instructions were counted");
        return ExitCode::SUCCESS;
    }
    if !bench {
        let (first, second) = (count("thin/f64/8x8"), count("thin/f64/8x8"));
        println!("thin/f64/8x8: {first:?} and {second:?} instructions");
        return if first.is_some() && first == second { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let names = if filters.is_empty() { USUAL.map(str::to_owned).to_vec() } else { cases::names(&filters) };
    report(&names, save, check)
}

/// Runs the case once, and then so many times more.
fn child(arguments: &[String]) -> ExitCode {
    let [name, times] = arguments else { return ExitCode::FAILURE };
    let mut case = cases::build(name).expect("a case of that name");
    case.check();
    for _ in 0..times.parse::<usize>().expect("a number") {
        case.run().expect("the result that was checked");
    }
    ExitCode::SUCCESS
}

/// Instructions of one operation: what ten more of them add to the count of the whole process.
fn count(name: &str) -> Option<u64> {
    Some((total(name, 10)? - total(name, 0)?) / 10)
}

fn total(name: &str, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--child", name, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("refs:")).filter(|_| output.status.success())?;
    line.rsplit(' ').next()?.replace(',', "").parse().ok()
}

fn report(names: &[String], save: Option<String>, check: Option<String>) -> ExitCode {
    let earlier: BTreeMap<String, u64> = check.map(|path| read(&path)).unwrap_or_default();
    let (mut text, mut good) = (String::new(), true);
    for name in names {
        let Some(now) = count(name) else {
            println!("{name:<20} was not counted");
            good = false;
            continue;
        };
        let change = earlier.get(name).map(|then| now as f64 / *then as f64 - 1.0);
        let note = change.map_or(String::new(), |change| format!("{:+.1} %", change * 100.0));
        println!("{name:<20}{now:>14} {note}");
        good &= change.is_none_or(|change| change <= SLACK);
        let _ = writeln!(text, "{name},{now}");
    }
    if let Some(path) = save {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lines of `name,count`.
fn read(path: &str) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rows = text.lines().filter_map(|line| line.split_once(','));
    rows.filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?))).collect()
}
