//! Comma-separated values: one row a line.

use csv::StringRecord;
use diffsvd::Mat;
use num_complex::Complex;

use super::{Input, check_size};

/// The entries, row by row, and what was learnt on the way.
struct Rows {
    entries: Vec<Vec<Complex<f64>>>,
    complex: bool,
    /// Number of the first line that counts, and of its entries.
    first: Option<(usize, usize)>,
    /// Number of the line that was skipped as a heading.
    heading: Option<usize>,
}

pub(crate) fn read(text: &str) -> Result<Input, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut rows = Rows { entries: Vec::new(), complex: false, first: None, heading: None };
    let delimiter = delimiter(text);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| counts(line)) {
        rows.push(number + 1, &fields(line, delimiter)?)?;
    }
    let Some(first) = rows.entries.first() else {
        return Err("there is no row of numbers".to_owned());
    };
    let (m, n) = check_size(rows.entries.len(), first.len())?;
    let mut input = Input::new(&Mat::from_fn(m, n, |i, j| rows.entries[i][j]), rows.complex);
    input.notes.extend(rows.heading.map(|line| format!("line {line} was taken for a heading")));
    Ok(input)
}

impl Rows {
    fn push(&mut self, number: usize, fields: &StringRecord) -> Result<(), String> {
        if self.first.is_none() && fields.iter().all(|field| !field.is_empty() && !numeric(field)) {
            (self.first, self.heading) = (Some((number, fields.len())), Some(number));
            return Ok(());
        }
        let (first, expected) = *self.first.get_or_insert((number, fields.len()));
        if fields.len() != expected {
            return Err(format!("line {number}: {} entries, but line {first} has {expected}", fields.len()));
        }
        let mut row = Vec::with_capacity(expected);
        for (column, field) in fields.iter().enumerate() {
            let (x, complex) =
                entry(field).map_err(|message| format!("line {number}, entry {}: {message}", column + 1))?;
            self.complex |= complex;
            row.push(x);
        }
        self.entries.push(row);
        Ok(())
    }
}

/// The fields of one line: read one by one, because the reader's own line numbers do not count comments.
fn fields(line: &str, delimiter: u8) -> Result<StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .trim(csv::Trim::All)
        .buffer_capacity(line.len() + 1)
        .from_reader(line.as_bytes());
    let mut record = StringRecord::new();
    reader.read_record(&mut record).map_err(|error| error.to_string())?;
    Ok(record)
}

/// Whether a line is neither empty nor a comment.
fn counts(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// What separates the entries of the first line that is not a comment.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| counts(line)).unwrap_or_default();
    [b';', b'\t'].into_iter().find(|&delimiter| line.contains(char::from(delimiter))).unwrap_or(b',')
}

/// Whether a token was meant for a number: then its line is not a heading.
fn numeric(token: &str) -> bool {
    token.trim_start_matches(['+', '-', '(', '.', ' ']).starts_with(|c: char| c.is_ascii_digit())
        || entry(token).is_ok()
        || token.parse::<f64>().is_ok()
}

/// An entry, and whether it is written as a complex one: 1+2i, 1-2j, (1+2j), 3i, 1 + 2im.
fn entry(token: &str) -> Result<(Complex<f64>, bool), String> {
    let inner = token.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(token);
    if inner.is_empty() {
        return Err("expected a number, found nothing".to_owned());
    }
    if let Ok(x) = inner.parse::<f64>() {
        return if x.is_finite() { Ok((x.into(), false)) } else { Err(format!("`{token}` is not finite")) };
    }
    let inner = inner.strip_suffix('m').filter(|rest| rest.ends_with('i')).unwrap_or(inner);
    match inner.parse::<Complex<f64>>() {
        Ok(x) if x.is_finite() => Ok((x, true)),
        Ok(_) => Err(format!("`{token}` is not finite")),
        Err(_) if inner.contains(char::is_whitespace) => {
            Err(format!("expected commas, semicolons or tabs between numbers, found `{token}`"))
        }
        Err(_) => Err(format!("expected a number such as 1.5, -2e-3 or 1+2i, found `{token}`")),
    }
}
