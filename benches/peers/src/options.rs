//! The command line.

use crate::problem::{Shape, Task};
use std::path::PathBuf;

pub const HELP: &str = "\
diffsvd beside faer, nalgebra, OpenBLAS and Intel MKL: CPU time on one thread, interleaved, answers checked first.

  --scalar f64,c64     which scalars              (default: f32,f64,c32,c64)
  --task thin,values   thin, values, vjp, jvp, gradient (the SVD alone, and followed by the VJP)   (default: all)
  --shape 32x32,...    m x n, or m x n * count for a batch of different matrices: 3x3*10000
                       (default: the table of shapes in docs/benchmarks.md)
  --max 256            of the default shapes only those with both sides up to this
  --only WORDS         any of the above, comma-separated, in one list: --only f64,thin,32x32
  --peer mkl,faer      only contestants whose name contains one of these (diffsvd always runs)
  --mkl plain          on a processor that is not Intel's: MKL's default kernels, as a user gets them, and not its fastest
  --quick              short slices: a few tenths of a second for each cell
  --seconds 2          CPU time for each cell         --rounds 3..31    limits of the number of rounds
  --out FOLDER         where results.csv and *.svg go (default: results; --out - writes nothing)
  --plot FILE.csv      draw the plots of an earlier run and print its tables as Markdown; measure nothing

OpenBLAS and MKL are looked for where setup.sh puts them, or in the folder that the variable PEERS_LIBRARIES names.
";

pub struct Options {
    pub scalars: Vec<String>,
    pub tasks: Vec<Task>,
    pub shapes: Vec<Shape>,
    pub peers: Vec<String>,
    /// Seconds of CPU time for one contestant in one round.
    pub slice: f64,
    /// Seconds of CPU time for one cell: all contestants, all rounds.
    pub budget: f64,
    pub rounds: (usize, usize),
    pub out: Option<PathBuf>,
    pub plot: Option<PathBuf>,
}

const SCALARS: [&str; 4] = ["f32", "f64", "c32", "c64"];

/// The shapes of the table; a batch stands beside the single matrix of its shape.
const SHAPES: &str = "2x2,3x3,4x4,8x8,16x16,32x32,64x64,128x128,256x256,512x512,1024x1024,\
    1000x10,1000x100,4096x64,100x1000,2x2*10000,3x3*10000,4x4*10000,8x8*4000,16x16*2000,32x32*520";

fn shape(word: &str) -> Option<Shape> {
    let (size, count) = word.split_once('*').unwrap_or((word, "1"));
    let (rows, cols) = size.split_once('x')?;
    let shape = Shape { rows: rows.parse().ok()?, cols: cols.parse().ok()?, count: count.parse().ok()? };
    (shape.short() > 0 && shape.count > 0).then_some(shape)
}

fn task(word: &str) -> Option<Task> {
    Task::ALL.into_iter().find(|task| task.name() == word)
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            scalars: vec![],
            tasks: vec![],
            shapes: vec![],
            peers: vec![],
            slice: 2e-3,
            budget: 2.0,
            rounds: (3, 31),
            out: Some("results".into()),
            plot: None,
        };
        let mut max = usize::MAX;
        while let Some(flag) = arguments.next() {
            if flag == "--quick" {
                (options.slice, options.budget, options.rounds) = (5e-4, 0.1, (3, 15));
                continue;
            }
            if flag == "--help" || flag == "-h" {
                return Err(HELP.into());
            }
            let value = arguments.next().ok_or(format!("{flag} needs a value\n\n{HELP}"))?;
            let number = || value.parse::<f64>().map_err(|e| format!("{flag} {value}: {e}"));
            match flag.as_str() {
                "--scalar" | "--task" | "--shape" | "--only" => options.select(&value)?,
                "--peer" => options.peers.extend(value.split(',').map(str::to_owned)),
                "--max" => max = number()? as usize,
                "--seconds" => options.budget = number()?,
                "--rounds" => {
                    let ends = value.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                    options.rounds = ends.ok_or(format!("--rounds {value}: a range like 3..31"))?;
                }
                "--out" => options.out = (value != "-").then(|| value.into()),
                "--mkl" if value == "plain" => crate::dispatch::PLAIN.store(true, std::sync::atomic::Ordering::Relaxed),
                "--plot" => options.plot = Some(value.into()),
                _ => return Err(format!("unknown option {flag}\n\n{HELP}")),
            }
        }
        options.fill(max);
        Ok(options)
    }

    fn select(&mut self, words: &str) -> Result<(), String> {
        for word in words.split(',') {
            if SCALARS.contains(&word) {
                self.scalars.push(word.into());
            } else if let Some(task) = task(word) {
                self.tasks.push(task);
            } else if let Some(shape) = shape(word) {
                self.shapes.push(shape);
            } else {
                return Err(format!("{word}: neither scalar nor task nor shape\n\n{HELP}"));
            }
        }
        Ok(())
    }

    fn fill(&mut self, max: usize) {
        if self.scalars.is_empty() {
            self.scalars = SCALARS.map(str::to_owned).to_vec();
        }
        if self.tasks.is_empty() {
            self.tasks = Task::ALL.to_vec();
        }
        if self.shapes.is_empty() {
            self.shapes = SHAPES.split(',').filter_map(shape).filter(|s| s.rows.max(s.cols) <= max).collect();
        }
    }

    pub fn wants(&self, contestant: &str) -> bool {
        let named = self.peers.iter().any(|peer| contestant.contains(peer.as_str()));
        self.peers.is_empty() || named || contestant.starts_with("diffsvd")
    }
}
