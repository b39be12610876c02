//! Which tests reach which sites, and which mutants they catch.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::Outcome;

/// A fifth of the processor time, in seconds, that a test may take to be used.
const LONGEST: f64 = 4.0;

struct Test {
    program: String,
    name: String,
    /// Of the unchanged crate; the test is not used where it failed.
    seconds: Option<f64>,
    sites: HashSet<u64>,
}

#[derive(PartialEq)]
enum End {
    Passed,
    Failed,
    OutOfTime,
}

fn lines(file: &Path) -> Vec<Value> {
    fs::read_to_string(file).unwrap_or_default().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn append(file: &Path, line: &Value) -> Outcome<()> {
    Ok(writeln!(fs::File::options().create(true).append(true).open(file)?, "{line}")?)
}

/// Of the programs that have ended, in seconds: that of the clock depends on what else the machine does.
fn processor_time() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // The 16th and 17th of proc(5), in hundredths, after the name of the program, which is the second.
    Ok((fields[13].parse::<f64>()? + fields[14].parse::<f64>()?) / 100.0)
}

impl Test {
    fn read(line: &Value) -> Option<Self> {
        Some(Self {
            program: line["program"].as_str()?.into(),
            name: line["test"].as_str()?.into(),
            seconds: line["seconds"].as_f64(),
            sites: line["sites"].as_array()?.iter().filter_map(Value::as_u64).collect(),
        })
    }

    /// With limits of processor time, memory, and time of the clock, for threads that wait for ever.
    fn run(&self, out: &Path, switch: (&str, &str), seconds: f64) -> Outcome<End> {
        let output = Command::new("timeout")
            .args(["-k", "1", &format!("{}", 60 + 20 * seconds.ceil() as u64), "prlimit"])
            .args([&format!("--cpu={}", 3 + 5 * seconds.ceil() as u64), "--as=2500000000", "--core=0"])
            .args([&self.program, "--exact", &self.name, "--test-threads", "1"])
            .envs([("PROPTEST_MAX_SHRINK_ITERS", "0"), ("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true"), switch])
            .current_dir(out)
            .output()?;
        Ok(match (output.status.code(), output.status.signal()) {
            (Some(0), _) if output.stdout.windows(8).any(|text| text == b"1 passed") => End::Passed,
            (Some(124 | 137 | 152), _) | (None, Some(9 | 24)) => End::OutOfTime,
            _ => End::Failed,
        })
    }
}

/// Runs every test once, if it has not been run, and notes its time and the sites that it evaluates.
fn record(out: &Path) -> Outcome<Vec<Test>> {
    let (file, seen) = (out.join("tests.jsonl"), out.join("seen"));
    let known: HashSet<String> =
        lines(&file).iter().filter_map(Test::read).map(|test| test.program + &test.name).collect();
    let programs = lines(&out.join("cargo.jsonl"));
    for program in programs.iter().filter_map(|artifact| artifact["executable"].as_str()) {
        let list = Command::new(program).args(["--list", "--format", "terse"]).output()?.stdout;
        for name in String::from_utf8(list)?.lines().filter_map(|line| line.strip_suffix(": test")) {
            if known.contains(&format!("{program}{name}")) {
                continue;
            }
            let test = Test { program: program.into(), name: name.into(), seconds: None, sites: HashSet::new() };
            // Of the last test, if this one is stopped before it writes its own.
            let _ = fs::remove_file(&seen);
            let start = processor_time()?;
            let passed = test.run(out, ("SWITCH_SEEN", seen.to_str().ok_or("a name that is not UTF-8")?), LONGEST)?
                == End::Passed;
            let seconds = passed.then_some(processor_time()? - start);
            let sites = fs::read_to_string(&seen).unwrap_or_default();
            let sites: Vec<u64> = sites.lines().filter_map(|site| site.parse().ok()).collect();
            append(&file, &json!({ "program": program, "test": name, "seconds": seconds, "sites": sites }))?;
        }
    }
    Ok(lines(&file).iter().filter_map(Test::read).collect())
}

/// How often a test caught a mutant of a file, of how many.
type Caught = HashMap<(String, usize), (f64, f64)>;

/// The mutant's name, its file and its switch.
fn switched(mutant: &Value) -> Option<(&str, &str, &str)> {
    Some((mutant["name"].as_str()?, mutant["file"].as_str()?, mutant["switch"].as_str()?))
}

/// The last word on each mutant.
fn results(out: &Path) -> HashMap<String, Value> {
    lines(&out.join("results.jsonl"))
        .into_iter()
        .filter_map(|line| Some((line["name"].as_str()?.to_string(), line)))
        .collect()
}

/// Tries the mutants that are not decided, each with tests of at most so many seconds.
pub fn run(out: &Path, seconds: f64) -> Outcome<()> {
    let out = &out.canonicalize()?;
    let tests = record(out)?;
    let (mut results, mut caught) = (results(out), Caught::new());
    for mutant in &lines(&out.join("mutants.jsonl")) {
        let Some((name, file, switch)) = switched(mutant) else { continue };
        let before = results.remove(name).unwrap_or_default();
        if before["state"] == "caught" || before["state"] == "out of time" {
            continue;
        }
        let result = attempt(out, &tests, (file, switch), &before, (seconds, &mut caught))?;
        if result.0 != before["state"] || result.2.len() > before["passed"].as_array().map_or(0, Vec::len) {
            append(
                &out.join("results.jsonl"),
                &json!({ "name": name, "state": result.0, "by": result.1, "passed": result.2 }),
            )?;
        }
    }
    Ok(())
}

/// The state, the test that caught it, and those that passed all the same.
fn attempt(
    out: &Path,
    tests: &[Test],
    (file, switch): (&str, &str),
    before: &Value,
    (budget, caught): (f64, &mut Caught),
) -> Outcome<(&'static str, String, Vec<String>)> {
    let site: u64 = switch.split(':').next().unwrap_or_default().parse()?;
    let mut passed: Vec<String> = serde_json::from_value(before["passed"].clone()).unwrap_or_default();
    let reach = |test: &Test| test.seconds.is_some() && test.sites.contains(&site);
    let mut left: Vec<usize> =
        (0..tests.len()).filter(|&i| reach(&tests[i]) && !passed.contains(&tests[i].name)).collect();
    let nothing = left.is_empty() && passed.is_empty();
    // Most often caught for the time first.
    let mut worth = |i: usize| {
        let &mut (hits, of) = caught.entry((file.into(), i)).or_insert((0.0, 0.0));
        (hits + 0.3) / (of + 1.0) / (tests[i].seconds.unwrap_or_default() + 0.01)
    };
    left.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)));
    let mut spent = 0.0;
    for &i in &left {
        let seconds = tests[i].seconds.unwrap_or_default();
        if spent + seconds > budget {
            continue;
        }
        spent += seconds;
        let end = tests[i].run(out, ("SWITCH", switch), seconds)?;
        let count = caught.entry((file.into(), i)).or_default();
        *count = (count.0 + f64::from(u8::from(end != End::Passed)), count.1 + 1.0);
        match end {
            End::Passed => passed.push(tests[i].name.clone()),
            End::Failed => return Ok(("caught", tests[i].name.clone(), Vec::new())),
            End::OutOfTime => return Ok(("out of time", tests[i].name.clone(), Vec::new())),
        }
    }
    let all = left.iter().all(|&i| passed.contains(&tests[i].name));
    let state = if nothing {
        "not reached"
    } else if all {
        "survived"
    } else {
        "open"
    };
    Ok((state, String::new(), passed))
}

/// How many there are of each kind, and the names of those that nothing caught.
pub fn report(out: &Path) {
    let (results, mut counts, mut names) = (results(out), HashMap::new(), Vec::new());
    for mutant in &lines(&out.join("mutants.jsonl")) {
        let name = mutant["name"].as_str().unwrap_or_default();
        let state = mutant["left_out"].as_str().or_else(|| results.get(name)?["state"].as_str()).unwrap_or("not tried");
        *counts.entry(state.to_string()).or_insert(0) += 1;
        if ["survived", "not reached", "open"].contains(&state) {
            names.push(format!("{state}: {name}"));
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort();
    counts.iter().for_each(|(state, count)| println!("{count:6} {state}"));
    names.iter().for_each(|name| println!("{name}"));
}
