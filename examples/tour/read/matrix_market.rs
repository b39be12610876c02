//! The Matrix Market exchange format (Boisvert, Pozo & Remington, NISTIR 5935, 1996), read by hand: the crates that read
//! it are unmaintained or bring another linear-algebra library with them.

use diffsvd::Mat;
use num_complex::Complex;

use super::{Input, check_size, real};

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Coordinate,
    Array,
}

#[derive(Clone, Copy, PartialEq)]
enum Field {
    Real,
    Complex,
    Pattern,
}

#[derive(Clone, Copy, PartialEq)]
enum Symmetry {
    General,
    Symmetric,
    Skew,
    Hermitian,
}

struct Header {
    format: Format,
    field: Field,
    symmetry: Symmetry,
}

/// What the size line says.
struct Size {
    line: usize,
    rows: usize,
    cols: usize,
    entries: usize,
}

/// The tokens of a line, and its number for the errors.
struct Line<'a> {
    number: usize,
    tokens: Vec<&'a str>,
}

impl Line<'_> {
    fn error(&self, message: &str) -> String {
        format!("line {}: {message}", self.number)
    }

    fn expect(&self, count: usize, what: &str) -> Result<(), String> {
        if self.tokens.len() == count {
            return Ok(());
        }
        Err(self.error(&format!("expected {what}, found `{}`", self.tokens.join(" "))))
    }

    fn integer(&self, at: usize, what: &str) -> Result<usize, String> {
        self.tokens[at].parse().map_err(|_| self.error(&format!("expected {what}, found `{}`", self.tokens[at])))
    }

    /// The value that starts at this token.
    fn value(&self, at: usize, field: Field) -> Result<Complex<f64>, String> {
        let part = |at: usize| real(self.tokens[at]).map_err(|message| self.error(&message));
        match field {
            Field::Real => Ok(part(at)?.into()),
            Field::Complex => Ok(Complex::new(part(at)?, part(at + 1)?)),
            Field::Pattern => Ok(Complex::new(1.0, 0.0)),
        }
    }
}

pub(crate) fn read(text: &str) -> Result<Input, String> {
    let header = Header::parse(text.lines().next().unwrap_or_default())?;
    let mut lines = text
        .lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.starts_with('%') && !line.trim().is_empty())
        .map(|(i, line)| Line { number: i + 1, tokens: line.split_whitespace().collect() });
    let size = header.size(&lines.next().ok_or("there is no line with the size of the matrix")?)?;
    let mut entries = Mat::zeros(size.rows, size.cols);
    match header.format {
        Format::Coordinate => header.coordinates(&size, &mut lines, &mut entries)?,
        Format::Array => header.columns(&size, &mut lines, &mut entries)?,
    }
    if let Some(line) = lines.next() {
        return Err(line.error(&format!("more than the {} entries that line {} announces", size.entries, size.line)));
    }
    Ok(Input::new(&entries, header.field == Field::Complex))
}

impl Header {
    fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ["%%matrixmarket", "matrix", format, field, symmetry] = words[..] else {
            return Err(format!("line 1: expected `%%MatrixMarket matrix FORMAT FIELD SYMMETRY`, found `{line}`"));
        };
        let format = match format {
            "coordinate" => Format::Coordinate,
            "array" => Format::Array,
            other => return Err(format!("line 1: expected the format coordinate or array, found `{other}`")),
        };
        let field = match field {
            "real" | "integer" | "double" => Field::Real,
            "complex" => Field::Complex,
            "pattern" if format == Format::Coordinate => Field::Pattern,
            other => {
                return Err(format!("line 1: expected the field real, integer, complex or pattern, found `{other}`"));
            }
        };
        let symmetry = match symmetry {
            "general" => Symmetry::General,
            "symmetric" => Symmetry::Symmetric,
            "skew-symmetric" => Symmetry::Skew,
            "hermitian" => Symmetry::Hermitian,
            other => {
                return Err(format!(
                    "line 1: expected general, symmetric, skew-symmetric or hermitian, found `{other}`"
                ));
            }
        };
        Ok(Header { format, field, symmetry })
    }

    fn size(&self, line: &Line<'_>) -> Result<Size, String> {
        let coordinate = self.format == Format::Coordinate;
        let what =
            if coordinate { "the numbers of rows, columns and entries" } else { "the numbers of rows and columns" };
        line.expect(if coordinate { 3 } else { 2 }, what)?;
        let (rows, cols) =
            check_size(line.integer(0, "the number of rows")?, line.integer(1, "the number of columns")?)
                .map_err(|message| line.error(&message))?;
        if self.symmetry != Symmetry::General && rows != cols {
            return Err(line.error(&format!("{rows}×{cols}, but a matrix with this symmetry is square")));
        }
        let entries = if coordinate { line.integer(2, "the number of entries")? } else { self.stored(rows, cols) };
        Ok(Size { line: line.number, rows, cols, entries })
    }

    /// Entries of the array format: every one, or the lower triangle, for a skew matrix without its diagonal.
    fn stored(&self, rows: usize, cols: usize) -> usize {
        match self.symmetry {
            Symmetry::General => rows * cols,
            Symmetry::Skew => rows * rows.saturating_sub(1) / 2,
            Symmetry::Symmetric | Symmetry::Hermitian => rows * (rows + 1) / 2,
        }
    }

    /// Numbers of one value in a line.
    fn width(&self) -> usize {
        match self.field {
            Field::Real => 1,
            Field::Complex => 2,
            Field::Pattern => 0,
        }
    }

    fn coordinates<'a>(
        &self,
        size: &Size,
        lines: &mut impl Iterator<Item = Line<'a>>,
        to: &mut Mat<Complex<f64>>,
    ) -> Result<(), String> {
        let mut given = vec![0; size.rows * size.cols];
        for found in 0..size.entries {
            let line = lines.next().ok_or_else(|| short(found, size))?;
            line.expect(
                2 + self.width(),
                ["row and column", "row, column and value", "row, column, real and imaginary part"][self.width()],
            )?;
            let (row, col) = (line.integer(0, "a row, counted from 1")?, line.integer(1, "a column, counted from 1")?);
            let (i, j) = (row.wrapping_sub(1), col.wrapping_sub(1));
            if i >= size.rows || j >= size.cols {
                return Err(
                    line.error(&format!("entry ({row}, {col}) lies outside of the {}×{} matrix", size.rows, size.cols))
                );
            }
            let earlier = std::mem::replace(&mut given[i + j * size.rows], line.number);
            if earlier > 0 {
                return Err(line.error(&format!("entry ({row}, {col}) was given in line {earlier} already")));
            }
            self.store(&line, (i, j), line.value(2, self.field)?, to)?;
        }
        Ok(())
    }

    fn columns<'a>(
        &self,
        size: &Size,
        lines: &mut impl Iterator<Item = Line<'a>>,
        to: &mut Mat<Complex<f64>>,
    ) -> Result<(), String> {
        let mut found = 0;
        for j in 0..size.cols {
            let first = match self.symmetry {
                Symmetry::General => 0,
                Symmetry::Skew => j + 1,
                Symmetry::Symmetric | Symmetry::Hermitian => j,
            };
            for i in first..size.rows {
                let line = lines.next().ok_or_else(|| short(found, size))?;
                line.expect(self.width(), ["nothing", "one number", "real and imaginary part"][self.width()])?;
                self.store(&line, (i, j), line.value(0, self.field)?, to)?;
                found += 1;
            }
        }
        Ok(())
    }

    /// An entry and its mirror image.
    fn store(
        &self,
        line: &Line<'_>,
        (i, j): (usize, usize),
        value: Complex<f64>,
        to: &mut Mat<Complex<f64>>,
    ) -> Result<(), String> {
        let mirror = match self.symmetry {
            Symmetry::General => {
                to[(i, j)] = value;
                return Ok(());
            }
            Symmetry::Symmetric => value,
            Symmetry::Skew => -value,
            Symmetry::Hermitian => value.conj(),
        };
        if i < j {
            return Err(line.error("above the diagonal, but a file with this symmetry stores the lower triangle"));
        }
        if i == j && mirror != value {
            return Err(line.error(&format!("{value} on the diagonal contradicts the symmetry in line 1")));
        }
        to[(j, i)] = mirror;
        to[(i, j)] = value;
        Ok(())
    }
}

fn short(found: usize, size: &Size) -> String {
    format!("the file ends after {found} of the {} entries that line {} announces", size.entries, size.line)
}
