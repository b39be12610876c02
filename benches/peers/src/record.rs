//! What goes into the results folder: `results.csv`, row by row while it runs, `machine.txt` and the plots.

use crate::check::Errors;
use crate::lapack::Library;
use crate::plot;
use crate::problem::{Shape, Task};
use crate::table::{self, HEADER, Row, csv};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub struct Record {
    folder: PathBuf,
    table: File,
    rows: Vec<Row>,
}

fn said<T>(result: std::io::Result<T>, what: &Path) -> Result<T, String> {
    result.map_err(|e| format!("{}: {e}", what.display()))
}

impl Record {
    pub fn new(folder: &Path) -> Result<Self, String> {
        said(fs::create_dir_all(folder), folder)?;
        let path = folder.join("results.csv");
        let mut table = said(File::create(&path), &path)?;
        said(writeln!(table, "{HEADER}"), &path)?;
        Ok(Record { folder: folder.to_owned(), table, rows: vec![] })
    }

    pub fn add(&mut self, rows: Vec<Row>) -> Result<(), String> {
        for row in rows {
            said(writeln!(self.table, "{}", csv(&row)), &self.folder)?;
            self.rows.push(row);
        }
        Ok(())
    }

    pub fn finish(self, machine: &str) -> Result<(), String> {
        said(fs::write(self.folder.join("machine.txt"), machine), &self.folder)?;
        draw(&self.rows, &self.folder)
    }
}

/// The plots of these rows.
fn draw(rows: &[Row], folder: &Path) -> Result<(), String> {
    for task in Task::ALL {
        if let Some(svg) = plot::svg(task, rows) {
            said(fs::write(folder.join(format!("{}.svg", task.name())), svg), folder)?;
        }
    }
    Ok(())
}

/// The plots of an earlier run, beside its table, which is printed as Markdown.
pub fn redraw(path: &Path) -> Result<(), String> {
    let text = said(fs::read_to_string(path), path)?;
    let rows: Vec<Row> = text.lines().skip(1).filter_map(parse).collect();
    Task::ALL.into_iter().for_each(|task| println!("{}", table::markdown(task, &rows)));
    draw(&rows, path.parent().unwrap_or(Path::new(".")))
}

fn parse(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').collect();
    let size = |i: usize| fields.get(i)?.parse().ok();
    Some(Row {
        task: Task::ALL.into_iter().find(|task| task.name() == fields[0])?,
        scalar: ["f32", "f64", "c32", "c64"].into_iter().find(|name| *name == fields[1])?,
        shape: Shape { rows: size(2)?, cols: size(3)?, count: size(4)? },
        contestant: (*fields.get(5)?).into(),
        micros: vec![fields.get(6)?.parse().ok()?],
        ratio: fields.get(9)?.parse().ok()?,
        errors: Errors::default(),
    })
}

/// Processor, compiler and libraries; asked for at the end, when MKL has chosen its kernels.
pub fn machine(libraries: &[Library]) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value).to_owned()
    };
    let mut text = format!(
        "processor: {} (family {}, model {})\ncompiler: {}, release, target features {}\nfaer 0.24 without rayon, with AVX-512 (feature nightly); nalgebra 0.35\n",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        env!("PEERS_RUSTC"),
        env!("PEERS_FEATURES")
    );
    for library in libraries {
        text.push_str(&format!("{}: {}\n", library.name, library.description()));
    }
    text
}
