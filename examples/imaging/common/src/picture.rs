//! Images: read, written, put side by side.

use std::path::Path;

use image::imageops::FilterType;
use image::{ImageReader, RgbImage};
use ndarray::{Array3, ArrayView2, Axis, s};

use crate::Result;

/// Channels, rows, columns; entries between 0 and 1, one channel for grey and three for colour.
pub type Picture = Array3<f64>;

/// The picture in a PNG, JPEG or TIFF file, scaled and cut to `rows`×`cols`.
pub fn read(path: &Path, rows: usize, cols: usize) -> Result<Picture> {
    let failure = |error: &dyn std::fmt::Display| format!("cannot read the picture {}: {error}", path.display());
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|e| failure(&e))?;
    let decoded = reader.decode().map_err(|e| failure(&e))?;
    let scaled = decoded.resize_to_fill(cols as u32, rows as u32, FilterType::Triangle).to_rgb32f();
    Ok(Array3::from_shape_fn((3, rows, cols), |(c, i, j)| f64::from(scaled.get_pixel(j as u32, i as u32)[c])))
}

/// Writes a PNG, JPEG or TIFF file, by its ending; entries beyond 0 and 1 are cut off, grey becomes colour.
pub fn write(path: &Path, picture: &Picture) -> Result<()> {
    let (channels, rows, cols) = picture.dim();
    let byte = |x: f64| (x.clamp(0.0, 1.0) * 255.0).round() as u8;
    let image = RgbImage::from_fn(cols as u32, rows as u32, |j, i| {
        image::Rgb([0, 1, 2].map(|c: usize| byte(picture[(c.min(channels - 1), i as usize, j as usize)])))
    });
    image.save(path).map_err(|error| format!("cannot write the picture {}: {error}", path.display()))?;
    Ok(())
}

/// The luminance, as a picture of one channel (ITU-R BT.601).
pub fn luminance(picture: &Picture) -> Picture {
    if picture.dim().0 == 1 {
        return picture.clone();
    }
    let weights = [0.299, 0.587, 0.114];
    let grey = picture.axis_iter(Axis(0)).zip(weights).map(|(plane, weight)| &plane * weight);
    let zero = ndarray::Array2::zeros((picture.dim().1, picture.dim().2));
    grey.fold(zero, |sum, plane| sum + plane).insert_axis(Axis(0))
}

/// Pictures of one size in rows of `across`, with a white line between them; grey ones become colour.
pub fn sheet(pictures: &[Picture], across: usize) -> Picture {
    const LINE: usize = 4;
    let Some((_, rows, cols)) = pictures.first().map(Array3::dim) else { return Picture::zeros((3, 0, 0)) };
    let across = across.clamp(1, pictures.len());
    let down = pictures.len().div_ceil(across);
    let mut sheet = Picture::ones((3, down * (rows + LINE) - LINE, across * (cols + LINE) - LINE));
    for (index, picture) in pictures.iter().enumerate() {
        let (top, left) = (index / across * (rows + LINE), index % across * (cols + LINE));
        for c in 0..3 {
            let plane: ArrayView2<'_, f64> = picture.index_axis(Axis(0), c.min(picture.dim().0 - 1));
            sheet.slice_mut(s![c, top..top + rows, left..left + cols]).assign(&plane);
        }
    }
    sheet
}

/// The part of `rows`×`cols` from (top, left) on; the whole picture where it is smaller.
pub fn cut(picture: &Picture, (top, left): (usize, usize), (rows, cols): (usize, usize)) -> Picture {
    let (_, m, n) = picture.dim();
    let (rows, cols) = (rows.min(m), cols.min(n));
    let (top, left) = (top.min(m - rows), left.min(n - cols));
    picture.slice(s![.., top..top + rows, left..left + cols]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All three formats; JPEG, told by its content alone, within what it loses.
    #[test]
    fn what_is_written_is_read_back() {
        let picture = crate::scene::landscape(24, 40, 3);
        for (ending, bound) in [("png", 0.5 / 255.0 + 1e-6), ("tiff", 0.5 / 255.0 + 1e-6), ("jpg", 0.05)] {
            let path = std::env::temp_dir().join(format!("imaging-{}.{ending}", std::process::id()));
            write(&path, &picture).unwrap();
            let named = path.with_extension("picture");
            std::fs::rename(&path, &named).unwrap();
            let back = read(&named, 24, 40).unwrap();
            std::fs::remove_file(&named).unwrap();
            assert!(crate::metrics::rmse(&back, &picture) <= bound, "{ending}");
            let error = read(&named, 24, 40).unwrap_err().to_string();
            assert!(error.contains("cannot read the picture"), "{error}");
        }
    }

    #[test]
    fn a_sheet_holds_every_picture() {
        let pictures: Vec<_> = (0..3).map(|i| Picture::from_elem((1, 5, 6), f64::from(i) / 4.0)).collect();
        let sheet = sheet(&pictures, 2);
        assert_eq!(sheet.dim(), (3, 14, 16));
        assert_eq!((sheet[(2, 4, 5)], sheet[(0, 0, 10)], sheet[(1, 9, 0)], sheet[(0, 13, 15)]), (0.0, 0.25, 0.5, 1.0));
    }

    #[test]
    fn grey_has_the_luminance_of_white() {
        assert!((luminance(&Picture::ones((3, 2, 2)))[(0, 1, 1)] - 1.0).abs() < 1e-12);
    }
}
