//! The contract of the decomposition over the zoo.

mod support;

use diffsvd::Svd;
use num_complex::Complex;
use support::bounds::Reference;
use support::entry::Entry;
use support::zoo::zoo;

fn zoo_holds<S: Entry>(n: usize) {
    for animal in zoo::<S>(n) {
        let svd = Svd::thin(&animal.matrix).expect("a finite matrix");
        let errors = Reference::<S>::new(animal.matrix.as_ref()).errors(&svd.factors());
        errors.assert(|| format!("{} {}", S::NAME, animal.name));
    }
}

#[test]
fn zoo_of_every_type() {
    for n in [1, 2, 3, 5, 8, 13] {
        zoo_holds::<f32>(n);
        zoo_holds::<f64>(n);
        zoo_holds::<Complex<f32>>(n);
        zoo_holds::<Complex<f64>>(n);
    }
}
