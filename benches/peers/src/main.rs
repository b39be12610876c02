//! diffsvd beside its peers. `docs/benchmarks.md` says how to run it and what came out.

mod check;
mod dispatch;
mod formula;
mod lapack;
mod measure;
mod number;
mod options;
mod ours;
mod ours_batch;
mod ours_fixed;
mod plot;
mod problem;
mod record;
mod rust_peers;
mod table;

use lapack::{Driver, Lapack, Library};
use num_complex::Complex;
use number::Number;
use options::Options;
use problem::{Contestant, Output, Problem, Shape, Task};
use record::Record;
use std::path::Path;
use table::Row;

/// Everyone who takes part in this cell, diffsvd first.
fn contestants<S: Number>(
    libraries: &[Library],
    problem: &Problem<S>,
    options: &Options,
) -> Vec<Box<dyn Contestant<S>>> {
    let ours = |backward| -> Box<dyn Contestant<S>> {
        if problem.shape.count > 1 {
            Box::new(ours_batch::Batched::new(problem, backward))
        } else {
            Box::new(ours::Diffsvd::new(problem, backward))
        }
    };
    let mut all = vec![ours(false)];
    if problem.task == Task::Gradient {
        all.push(ours(true));
    }
    if matches!(problem.task, Task::Thin | Task::Values) {
        if let Some(fixed) = ours_fixed::Fixed::new(problem.shape) {
            all.push(Box::new(fixed));
        }
        all.push(Box::new(rust_peers::Faer::new(problem)));
        let (m, n) = (problem.shape.rows, problem.shape.cols);
        if m.max(n) <= 32 {
            all.push(Box::new(rust_peers::Dynamic));
        }
        if let Some(fixed) = rust_peers::Static::new(problem.shape) {
            all.push(Box::new(fixed));
        }
        for library in libraries {
            for driver in [Driver::Gesdd, Driver::Gesvd] {
                match Lapack::new(*library, driver, problem) {
                    Ok(lapack) => all.push(Box::new(lapack)),
                    Err(reason) => eprintln!("left out: {reason}"),
                }
            }
        }
    }
    if matches!(problem.task, Task::Vjp | Task::Jvp) {
        for library in libraries {
            match formula::Formula::new(*library, problem) {
                Ok(formula) => all.push(Box::new(formula)),
                Err(reason) => eprintln!("left out: {reason}"),
            }
        }
    }
    all.retain(|c| options.wants(&c.name()));
    all
}

/// Checks, then measures one task, scalar and shape.
fn cell<S: Number>(libraries: &[Library], task: Task, shape: Shape, options: &Options) -> Vec<Row> {
    let problem = Problem::<S>::new(task, shape, 0x5eed);
    let mut all = contestants(libraries, &problem, options);
    let (mut reference, mut out) = (Output::new(shape), Output::new(shape));
    all[0].sweep(&problem, &mut reference, 1);
    let mut errors = vec![];
    all.retain_mut(|contestant| {
        let done = contestant.sweep(&problem, &mut out, 1);
        let found = check::errors(&problem, &mut out, contestant.stores_adjoint(), &mut reference);
        let good = done && found.acceptable();
        if good {
            errors.push(found);
        } else {
            eprintln!("wrong, not timed: {} {} {} {} {found:?}", task.name(), S::NAME, shape.name(), contestant.name());
        }
        good
    });
    if !all.first().is_some_and(|c| c.name() == "diffsvd") {
        return vec![];
    }
    let series = measure::interleaved(&mut all, &problem, &mut out, options);
    let row = |((contestant, seconds), errors): ((&Box<dyn Contestant<S>>, &Vec<f64>), check::Errors)| Row {
        task,
        scalar: S::NAME,
        shape,
        contestant: contestant.name(),
        micros: seconds.iter().map(|t| t * 1e6).collect(),
        ratio: measure::median(seconds.iter().zip(&series[0]).map(|(t, ours)| t / ours)),
        errors,
    };
    all.iter().zip(&series).zip(errors).map(row).collect()
}

fn run(options: &Options) -> Result<(), String> {
    if let Some(path) = &options.plot {
        return record::redraw(path);
    }
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join(".peers");
    let root = std::env::var_os("PEERS_LIBRARIES").map_or_else(beside, Into::into);
    let mut libraries = vec![];
    for library in [Library::openblas(&root), Library::mkl(&root)] {
        match library {
            Ok(library) => libraries.push(library),
            Err(reason) => eprintln!("left out: {reason}"),
        }
    }
    let mut record = options.out.as_deref().map(Record::new).transpose()?;
    println!("{}", table::heading());
    for &task in &options.tasks {
        for scalar in &options.scalars {
            for &shape in &options.shapes {
                let cell = match scalar.as_str() {
                    "f32" => cell::<f32>(&libraries, task, shape, options),
                    "f64" => cell::<f64>(&libraries, task, shape, options),
                    "c32" => cell::<Complex<f32>>(&libraries, task, shape, options),
                    _ => cell::<Complex<f64>>(&libraries, task, shape, options),
                };
                println!("{}", table::line(&cell));
                if let Some(record) = &mut record {
                    record.add(cell)?;
                }
            }
        }
    }
    let machine = record::machine(&libraries);
    print!("{machine}");
    record.map_or(Ok(()), |record| record.finish(&machine))
}

fn main() {
    let done = Options::parse(std::env::args().skip(1)).and_then(|options| run(&options));
    if let Err(reason) = done {
        eprintln!("{reason}");
        std::process::exit(1);
    }
}
