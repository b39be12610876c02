//! Patches of pictures as tensors of patches × channels × rows × columns.

use candle_core::{DType, Device, Tensor};
use imaging::options::Source;
use imaging::picture::{self, Picture};
use imaging::{Result, scene};
use ndarray::Array3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// These pictures of one size, as a tensor.
pub fn tensor(pictures: &[Picture], dtype: DType) -> Result<Tensor> {
    let planes = pictures
        .iter()
        .map(|picture| {
            let entries: Vec<f64> = picture.iter().copied().collect();
            Tensor::from_vec(entries, picture.dim(), &Device::Cpu)
        })
        .collect::<candle_core::Result<Vec<_>>>()?;
    Ok(Tensor::stack(&planes, 0)?.to_dtype(dtype)?)
}

/// And back.
pub fn pictures(tensor: &Tensor) -> Result<Vec<Picture>> {
    let (count, channels, rows, cols) = tensor.dims4()?;
    let entries = tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    let one = |entries: &[f64]| Array3::from_shape_vec((channels, rows, cols), entries.to_vec());
    let pictures = entries.chunks(channels * rows * cols).take(count).map(one);
    Ok(pictures.collect::<Result<_, _>>()?)
}

/// The square part that is restored, which no patch to train on touches.
#[derive(Clone, Debug)]
pub struct Split {
    /// To train on: the picture, and others like it.
    pictures: Vec<Picture>,
    /// First row and column of the part, and its size.
    part: ((usize, usize), usize),
}

impl Split {
    /// Of the picture that was asked for, of `otherwise` rows and columns; where it is generated, so are three more to train on.
    pub fn load(source: &Source, otherwise: usize, sizes: (usize, usize), seed: u64) -> Result<Self> {
        let more = if source.image.is_some() { 0 } else { 3 };
        Self::new(&source.load(otherwise, seed)?, sizes, more, seed)
    }

    /// Of the picture, a part of `size`×`size` for patches of `patch`×`patch`. Where the picture was generated, so are `more` pictures to train on.
    pub fn new(picture: &Picture, (size, patch): (usize, usize), more: u64, seed: u64) -> Result<Self> {
        let (_, rows, cols) = picture.dim();
        let least = size + 2 * patch;
        if rows.min(cols) < least {
            let text = format!(
                "{rows} pixels leave nothing to train on beside the part of {size} that is restored: use --pixels {least} or more"
            );
            return Err(text.into());
        }
        let corner = ((rows - size) * 9 / 10, cols / 10);
        let others = (1..=more).map(|other| scene::landscape(rows, cols, seed.wrapping_add(1000 * other)));
        Ok(Split { pictures: std::iter::once(picture.clone()).chain(others).collect(), part: (corner, size) })
    }

    /// The part that is restored.
    pub fn part(&self) -> Picture {
        let (corner, size) = self.part;
        picture::cut(&self.pictures[0], corner, (size, size))
    }

    /// Patches to train on.
    pub fn draw(&self, count: usize, size: usize, random: &mut ChaCha8Rng) -> Vec<Picture> {
        let mut patches = Vec::with_capacity(count);
        while patches.len() < count {
            let from = random.random_range(0..self.pictures.len());
            let (_, rows, cols) = self.pictures[from].dim();
            let corner = (random.random_range(0..=rows - size), random.random_range(0..=cols - size));
            if from > 0 || !self.touches(corner, size) {
                patches.push(picture::cut(&self.pictures[from], corner, (size, size)));
            }
        }
        patches
    }

    fn touches(&self, (i, j): (usize, usize), size: usize) -> bool {
        let ((top, left), part) = self.part;
        i < top + part && top < i + size && j < left + part && left < j + size
    }
}

/// The picture as patches in rows; its size must be a multiple of theirs.
pub fn tiles(picture: &Picture, size: usize) -> Vec<Picture> {
    let (_, rows, cols) = picture.dim();
    let corners = (0..rows / size).flat_map(|i| (0..cols / size).map(move |j| (i * size, j * size)));
    corners.map(|corner| picture::cut(picture, corner, (size, size))).collect()
}

/// And back: `across` patches in a row.
pub fn joined(tiles: &[Picture], across: usize) -> Picture {
    let Some((channels, rows, cols)) = tiles.first().map(Array3::dim) else { return Picture::zeros((0, 0, 0)) };
    let down = tiles.len() / across;
    Picture::from_shape_fn((channels, down * rows, across * cols), |(c, i, j)| {
        tiles[i / rows * across + j / cols][(c, i % rows, j % cols)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_and_tiles_are_undone() {
        let picture = scene::landscape(24, 36, 1);
        let patches = tiles(&picture, 12);
        let back = pictures(&tensor(&patches, DType::F64).unwrap()).unwrap();
        assert_eq!(joined(&back, 3), picture);
    }

    #[test]
    fn no_patch_touches_the_part() {
        let mut picture = Picture::zeros((1, 64, 64));
        let split = Split::new(&picture, (24, 16), 0, 1).unwrap();
        let ((top, left), size) = split.part;
        picture.slice_mut(ndarray::s![.., top..top + size, left..left + size]).fill(1.0);
        let split = Split::new(&picture, (24, 16), 0, 1).unwrap();
        assert!(split.part().iter().all(|&x| x > 0.5));
        let patches = split.draw(50, 16, &mut imaging::random::stream(1, 1));
        assert!(patches.len() == 50 && patches.iter().flatten().all(|&x| x == 0.0));
    }
}
