//! `NumPy`'s own format.

use diffsvd::Mat;
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar};
use num_complex::Complex;

use super::{Input, check_size};

pub(crate) fn read(bytes: &[u8]) -> Result<Input, String> {
    check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|error| format!("not a .npy file: {error}"))?;
    let &[rows, cols] = file.shape() else {
        return Err(format!("expected an array of two dimensions, found the shape {:?}", file.shape()));
    };
    let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let (m, n) = check_size(size(rows), size(cols))?;
    let (order, described) = (file.order(), file.dtype().descr());
    let (entries, complex) = values(file)?;
    let at = |i: usize, j: usize| match order {
        Order::C => entries[i * n + j],
        Order::Fortran => entries[i + j * m],
    };
    let mut input = Input::new(&Mat::from_fn(m, n, at), complex);
    if !described.contains("f8") && !described.contains("c16") {
        input.notes.push(format!("stored as {described}, computed in double precision"));
    }
    Ok(input)
}

/// What the parser of the header does not survive: its time doubles with each bracket that is opened inside of another (a dictionary with a
/// shape and a record type opens four), and it multiplies the lengths of a shape without a check.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    const DEEPEST: usize = 8;
    const DIGITS: usize = 19; // The product of numbers with so many digits together is below 10¹⁹, and that below 2⁶⁴.
    // Magic number and version, then the length of the header in two bytes, or from version 2 on in four.
    let (len, header) = match bytes.split_at_checked(8) {
        Some((start, &[a, b, ref rest @ ..])) if start[6] == 1 => (usize::from(u16::from_le_bytes([a, b])), rest),
        Some((_, &[a, b, c, d, ref rest @ ..])) => (u32::from_le_bytes([a, b, c, d]) as usize, rest),
        _ => return Ok(()), // Too short, as the parser will say.
    };
    let (mut open, mut digits): (usize, usize) = (0, 0);
    for byte in &header[..len.min(header.len())] {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'0'..=b'9' => digits += 1,
            _ => {}
        }
        if open > DEEPEST {
            return Err(format!("not a .npy file: more than {DEEPEST} brackets inside of one another in its header"));
        }
    }
    if digits > DIGITS {
        return Err(format!("not a .npy file of a matrix: {digits} digits in its header"));
    }
    Ok(())
}

/// The entries in the order of the file, and whether they are of a complex type.
fn values(file: NpyFile<&[u8]>) -> Result<(Vec<Complex<f64>>, bool), String> {
    let real = |x: f64| Complex::new(x, 0.0);
    let dtype = file.dtype();
    let DType::Plain(stored) = &dtype else {
        return Err(unsupported(&dtype));
    };
    let entries = match (stored.type_char(), stored.size_field()) {
        (TypeChar::Float, 8) => convert(file, real),
        (TypeChar::Float, 4) => convert(file, |x: f32| real(x.into())),
        (TypeChar::Complex, 16) => convert(file, |x: Complex<f64>| x),
        (TypeChar::Complex, 8) => convert(file, |x: Complex<f32>| Complex::new(x.re.into(), x.im.into())),
        (TypeChar::Int, 8) => convert(file, |x: i64| real(x as f64)),
        (TypeChar::Int, 4) => convert(file, |x: i32| real(x.into())),
        (TypeChar::Int, 2) => convert(file, |x: i16| real(x.into())),
        (TypeChar::Int, 1) => convert(file, |x: i8| real(x.into())),
        (TypeChar::Uint, 8) => convert(file, |x: u64| real(x as f64)),
        (TypeChar::Uint, 4) => convert(file, |x: u32| real(x.into())),
        (TypeChar::Uint, 2) => convert(file, |x: u16| real(x.into())),
        (TypeChar::Uint, 1) => convert(file, |x: u8| real(x.into())),
        (TypeChar::Bool, _) => convert(file, |x: bool| real(x.into())),
        _ => Err(unsupported(&dtype)),
    };
    Ok((entries?, stored.type_char() == TypeChar::Complex))
}

fn convert<T: Deserialize>(file: NpyFile<&[u8]>, to: impl Fn(T) -> Complex<f64>) -> Result<Vec<Complex<f64>>, String> {
    let announced = file.len();
    let entries = file.data::<T>().map_err(|error| error.to_string())?;
    let read: Result<Vec<T>, _> = entries.collect();
    match read {
        Ok(entries) => Ok(entries.into_iter().map(to).collect()),
        Err(_) => Err(format!("the file ends before the last of the {announced} entries that its header announces")),
    }
}

fn unsupported(dtype: &DType) -> String {
    format!("expected float32, float64, complex64, complex128, integers or booleans, found {}", dtype.descr())
}
