//! The instrumented copy: written, compiled, and written again without the mutants that do not compile.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use syn::visit::Visit;

use crate::Outcome;
use crate::emit::{Emitter, Owner, sort};
use crate::sites::{Finder, Place};

/// Why a mutant has no switch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Code of the tests.
    Test,
    /// Evaluated by the compiler.
    Const,
    /// What it would be put into is not an expression that a switch can stand in.
    NoSwitch,
    /// As a mutant of the source would not either.
    NotCompiled,
}

/// The name and the reason on a line of an earlier run.
fn known_reason(line: &Value) -> Option<(String, LeftOut)> {
    let reason = [LeftOut::Const, LeftOut::NoSwitch, LeftOut::NotCompiled]
        .into_iter()
        .find(|why| line["left_out"] == why.name())?;
    Some((line["name"].as_str()?.into(), reason))
}

impl LeftOut {
    fn name(self) -> &'static str {
        match self {
            LeftOut::Test => "test code",
            LeftOut::Const => "const",
            LeftOut::NoSwitch => "no switch",
            LeftOut::NotCompiled => "not compiled",
        }
    }
}

struct Mutant {
    name: String,
    file: String,
    place: Place,
    replacement: String,
    left_out: Option<LeftOut>,
    switch: Option<(usize, usize)>,
}

pub struct Build {
    root: PathBuf,
    out: PathBuf,
    mutants: Vec<Mutant>,
    /// By file of the copy, what an error in it is laid to.
    owners: HashMap<String, Vec<(Range<usize>, Owner)>>,
    /// By number at run time.
    sites: Vec<Vec<usize>>,
}

fn mutant(entry: &Value, known: &HashMap<String, LeftOut>) -> Option<Mutant> {
    let start = &entry["span"]["start"];
    let number = |of: &Value| Some(of.as_u64()? as usize);
    let file = entry["file"].as_str()?.to_string();
    let name = entry["name"].as_str()?.to_string();
    Some(Mutant {
        left_out: if file.contains("/tests/") { Some(LeftOut::Test) } else { known.get(&name).copied() },
        name,
        file,
        place: (number(&start["line"])?, number(&start["column"])?),
        replacement: entry["replacement"].as_str()?.into(),
        switch: None,
    })
}

/// What has not changed is not compiled again, and the tests reach the same switches.
fn write_new(out: &Path, name: &str, text: &str) -> Outcome<()> {
    let path = out.join(name);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().ok_or("a file in a folder")?)?;
    fs::write(path, text)?;
    fs::write(out.join("tests.jsonl"), "")?;
    Ok(())
}

impl Build {
    /// Of the crate at `root`, whose mutants `cargo mutants --list --json` has written to `list`.
    pub fn new(root: &Path, list: &Path, out: &Path) -> Outcome<Self> {
        let entries: Vec<Value> = serde_json::from_str(&fs::read_to_string(list)?)?;
        let known = fs::read_to_string(out.join("mutants.jsonl")).unwrap_or_default();
        let known = known.lines().filter_map(|line| known_reason(&serde_json::from_str(line).ok()?)).collect();
        let mutants = entries
            .iter()
            .map(|entry| mutant(entry, &known).ok_or("not a list of mutants"))
            .collect::<Result<_, _>>()?;
        Ok(Self { root: root.canonicalize()?, out: out.into(), mutants, owners: HashMap::new(), sites: Vec::new() })
    }

    /// Compiles with the arguments of `cargo test`, as often as it takes.
    pub fn run(&mut self, arguments: &[String]) -> Outcome<()> {
        self.surroundings()?;
        let check = ["check", "--profile", "test", "--lib"].map(String::from);
        let target = arguments.iter().position(|a| a == "--target").map_or(&[][..], |at| &arguments[at..at + 2]);
        let test = ["test", "--no-run"].map(String::from);
        for command in [[&check, target].concat(), [&test, arguments].concat()] {
            loop {
                self.write()?;
                let errors = self.errors(&command)?;
                if errors.is_empty() {
                    break;
                }
                eprintln!("mutants: {} errors, {} sites", errors.len(), self.sites.len());
                self.drop_faulty(&errors)?;
            }
        }
        Ok(())
    }

    /// All but the sources: as it is, without lints, benchmarks and examples.
    fn surroundings(&self) -> Outcome<()> {
        fs::create_dir_all(&self.out)?;
        // A copy, as cargo writes to it.
        fs::copy(self.root.join("Cargo.lock"), self.out.join("Cargo.lock"))?;
        for name in ["tests", "docs", "README.md", "examples"] {
            let link = self.out.join(name);
            if !link.exists() {
                std::os::unix::fs::symlink(self.root.join(name), link)?;
            }
        }
        let manifest = fs::read_to_string(self.root.join("Cargo.toml"))?;
        let unwanted =
            |section: &&str| !["lints.", "[bench]]", "[example]]"].iter().any(|start| section.starts_with(start));
        let kept: Vec<&str> = manifest.split("\n[").filter(unwanted).collect();
        let kept = kept.join("\n[").replacen("\n[dependencies]", "\n[dependencies]\nswitch = { path = \"switch\" }", 1);
        let kept = kept.replacen("[package]", "[package]\nautobenches = false\nautoexamples = false", 1);
        write_new(&self.out, "Cargo.toml", &(kept + "\n[workspace]\n"))?;
        write_new(
            &self.out,
            "switch/Cargo.toml",
            "[package]\nname = \"switch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
        )
    }

    fn write(&mut self) -> Outcome<()> {
        (self.sites, self.owners) = (Vec::new(), HashMap::new());
        self.mutants.iter_mut().for_each(|mutant| mutant.switch = None);
        let mut folders = vec![self.root.join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.root)?.to_str().ok_or("a name that is not UTF-8")?.to_string();
                    self.write_file(&name, &fs::read_to_string(&path)?)?;
                }
            }
        }
        for (number, mutants) in self.sites.iter().enumerate() {
            for (choice, &mutant) in mutants.iter().enumerate() {
                self.mutants[mutant].switch = Some((number, choice + 1));
            }
        }
        let switch = format!("{}\nconst SITES: usize = {};\n", include_str!("switch.rs"), self.sites.len().max(1));
        write_new(&self.out, "switch/src/lib.rs", &switch)?;
        let lines: Vec<String> = self.mutants.iter().map(|mutant| mutant.line().to_string()).collect();
        fs::write(self.out.join("mutants.jsonl"), lines.join("\n"))?;
        Ok(())
    }

    fn write_file(&mut self, name: &str, source: &str) -> Outcome<()> {
        let mut at: HashMap<Place, Vec<usize>> = HashMap::new();
        for (i, mutant) in self.mutants.iter().enumerate() {
            if mutant.file == name && mutant.left_out.is_none() {
                at.entry(mutant.place).or_default().push(i);
            }
        }
        let mut finder = Finder::new(source, at);
        finder.visit_file(&syn::parse_file(source)?);
        let Finder { mut sites, in_const, at, .. } = finder;
        self.leave_out(in_const, LeftOut::Const);
        self.leave_out(at.into_values().flatten(), LeftOut::NoSwitch);
        sort(&mut sites);
        let replacement = |i: usize| self.mutants[i].replacement.as_str();
        let mut emitter = Emitter {
            source,
            sites: &sites,
            first: self.sites.len(),
            replacement: &replacement,
            out: String::new(),
            owners: Vec::new(),
        };
        emitter.text(0..source.len(), 0);
        let Emitter { out, owners, .. } = emitter;
        self.sites.extend(sites.into_iter().map(|site| site.mutants));
        self.owners.insert(name.into(), owners);
        write_new(&self.out, name, &out)
    }

    fn leave_out(&mut self, mutants: impl IntoIterator<Item = usize>, why: LeftOut) {
        mutants.into_iter().for_each(|i| self.mutants[i].left_out = Some(why));
    }

    /// What the compiler says is wrong.
    fn errors(&self, command: &[String]) -> Outcome<Vec<Value>> {
        let output = Command::new("cargo")
            .args(command)
            .args(["--message-format", "json", "--quiet"])
            .env("CARGO_INCREMENTAL", "0")
            // For the feature that it needs; the crate is compiled as ever.
            .env("RUSTC_BOOTSTRAP", "switch")
            .current_dir(&self.out)
            .stderr(std::process::Stdio::inherit())
            .output()?;
        let messages = String::from_utf8(output.stdout)?;
        fs::write(self.out.join("cargo.jsonl"), &messages)?;
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let errors = messages.map(|message| message["message"].clone()).filter(|message| message["level"] == "error");
        let errors: Vec<Value> =
            errors.filter(|message| message["spans"].as_array().is_some_and(|s| !s.is_empty())).collect();
        if errors.is_empty() && !output.status.success() {
            return Err("cargo fails without an error in the source".into());
        }
        Ok(errors)
    }

    fn drop_faulty(&mut self, errors: &[Value]) -> Outcome<()> {
        let known = |this: &Self| this.mutants.iter().filter(|mutant| mutant.left_out.is_some()).count();
        let (before, mut unknown) = (known(self), Vec::new());
        for error in errors {
            match self.owner(error) {
                Some(Owner::Mutant(i)) => self.mutants[i].left_out = Some(LeftOut::NotCompiled),
                Some(Owner::Site(number)) => {
                    let mutants = self.sites[number].clone();
                    self.leave_out(mutants, LeftOut::NoSwitch);
                }
                None => unknown.push(error["rendered"].as_str().unwrap_or_default()),
            }
        }
        // An error elsewhere may follow from one that has been laid to a mutant.
        if known(self) == before {
            return Err(format!("errors that no mutant has made:\n{}", unknown.join("\n")).into());
        }
        Ok(())
    }

    /// The innermost part of the text that has the error in it.
    fn owner(&self, error: &Value) -> Option<Owner> {
        let spans = error["spans"].as_array()?;
        let primary = spans.iter().filter(|span| span["is_primary"] == true).chain(spans);
        primary
            .filter_map(|span| {
                let (start, end) = (span["byte_start"].as_u64()? as usize, span["byte_end"].as_u64()? as usize);
                let around = self
                    .owners
                    .get(span["file_name"].as_str()?)?
                    .iter()
                    .filter(|(range, _)| range.start <= start && end <= range.end);
                around.min_by_key(|(range, _)| range.len()).map(|&(_, owner)| owner)
            })
            .next()
    }
}

impl Mutant {
    fn line(&self) -> Value {
        let reason = self.left_out.map(LeftOut::name);
        json!({ "name": self.name, "file": self.file, "left_out": reason, "switch": self.switch.map(|(site, on)| format!("{site}:{on}")) })
    }
}
