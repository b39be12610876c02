//! A report: a folder with a page, its tables as CSV and its figures.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::picture::{self, Picture};
use crate::plot::{self, Panel};

/// A table of text, written to the page and to a CSV file.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these names of the columns.
    pub fn new<T: ToString>(header: impl IntoIterator<Item = T>) -> Self {
        Table { header: header.into_iter().map(|name| name.to_string()).collect(), rows: Vec::new() }
    }

    /// One more row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.header).chain(&self.rows)
    }

    fn markdown(&self) -> String {
        let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
        let mut lines: Vec<String> = self.lines().map(line).collect();
        lines.insert(1, format!("|{}\n", "---|".repeat(self.header.len())));
        lines.concat()
    }

    fn csv(&self) -> String {
        let quoted = |cell: &String| {
            if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
        };
        self.lines().map(|cells| cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect()
    }
}

/// The page and the folder. The page is written again with each table, figure and sheet of pictures, so that a run that is stopped leaves what it had.
pub struct Report {
    folder: PathBuf,
    page: String,
}

impl Report {
    /// Creates the folder; files of an earlier report are written over.
    pub fn new(folder: &Path, title: &str) -> Result<Self> {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot create the folder {}: {error}", folder.display()))?;
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let page = format!("# {title}\n\nArguments: `{}`\n\n", arguments.join(" "));
        Ok(Report { folder: folder.to_owned(), page })
    }

    fn add(&mut self, text: &str) {
        self.page += text;
    }

    /// A headline.
    pub fn section(&mut self, title: &str) {
        self.add(&format!("## {title}\n\n"));
    }

    /// A paragraph.
    pub fn text(&mut self, text: &str) {
        self.add(&format!("{text}\n\n"));
    }

    /// A table, also as `name.csv`.
    pub fn table(&mut self, name: &str, table: &Table) -> Result<()> {
        self.file(&format!("{name}.csv"), &table.csv())?;
        self.add(&format!("{}\n", table.markdown()));
        self.save()
    }

    /// Lines over axes, as `name.svg`.
    pub fn figure(&mut self, name: &str, caption: &str, across: usize, panels: &[Panel]) -> Result<()> {
        self.file(&format!("{name}.svg"), &plot::svg(across, panels)?)?;
        self.add(&format!("![{caption}]({name}.svg)\n\n"));
        self.save()
    }

    /// Pictures side by side, as `name.png`, and as a smaller `name.jpg` to be shown elsewhere.
    pub fn pictures(&mut self, name: &str, caption: &str, across: usize, pictures: &[Picture]) -> Result<()> {
        let sheet = picture::sheet(pictures, across);
        picture::write(&self.folder.join(format!("{name}.jpg")), &sheet)?;
        picture::write(&self.folder.join(format!("{name}.png")), &sheet)?;
        self.add(&format!("![{caption}]({name}.png)\n\n{caption}\n\n"));
        self.save()
    }

    fn file(&self, name: &str, content: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, content).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(())
    }

    fn save(&self) -> Result<()> {
        self.file("report.md", &self.page)
    }

    /// Writes the page; says where it is.
    pub fn finish(self) -> Result<PathBuf> {
        self.save()?;
        Ok(self.folder.join("report.md"))
    }
}

/// A number in a table: three digits.
pub fn short(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() { "–".to_owned() } else { "∞".to_owned() };
    }
    if x == 0.0 || (1e-2..1e4).contains(&x.abs()) { format!("{x:.3}") } else { format!("{x:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a run that was stopped leaves behind.
    #[test]
    fn a_report_that_is_not_finished_has_what_was_finished_of_it() {
        let folder = std::env::temp_dir().join(format!("report-{}", std::process::id()));
        let mut report = Report::new(&folder, "A report").unwrap();
        report.section("First");
        let mut table = Table::new(["method"]);
        table.row(["mean"]);
        report.table("first", &table).unwrap();
        report.section("Second");
        drop(report);
        let page = fs::read_to_string(folder.join("report.md")).unwrap();
        assert!(page.contains("## First") && page.contains("| mean |") && !page.contains("Second"), "{page}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_table_is_markdown_and_csv() {
        let mut table = Table::new(["rule", "error"]);
        table.row(["a, b", "1"]);
        assert_eq!(table.markdown(), "| rule | error |\n|---|---|\n| a, b | 1 |\n");
        assert_eq!(table.csv(), "rule,error\n\"a, b\",1\n");
        assert_eq!([short(0.0), short(12.3456), short(1e-9), short(f64::NAN)], ["0.000", "12.346", "1.0e-9", "–"]);
    }
}
