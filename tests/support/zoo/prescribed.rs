//! Random unitary factors around prescribed singular values: the kinds of LAPACK's xDRVBD and of its generator `latms`.

use diffsvd::{Real, Scalar};

use super::super::random::Random;
use super::super::spectra::Spectrum;
use super::{Named, named};

/// All kinds in several shapes.
pub(crate) fn prescribed<S: Scalar>(n: usize) -> Vec<Named<S>> {
    const LATMS: &str = "LAPACK WN 9, Demmel & McKenney, A test matrix generation suite (1989)";
    let mut random = Random::new(0xd1b + n as u64);
    let epsilon = S::Real::EPSILON.to_f64();
    let cond = 1.0 / epsilon;
    let kinds = [
        ("zero", Spectrum::Zero),
        ("unitary", Spectrum::AllEqual),
        ("one large", Spectrum::OneLarge { cond }),
        ("one small", Spectrum::OneSmall { cond }),
        ("geometric", Spectrum::Geometric { cond }),
        ("even", Spectrum::Arithmetic { cond }),
        ("random logarithms", Spectrum::LogUniform { cond }),
        ("equal pairs", Spectrum::Clusters { size: 2, gap: 0.0 }),
        ("clusters of ε", Spectrum::Clusters { size: 3, gap: 2.0 * epsilon }),
        ("clusters of √ε", Spectrum::Clusters { size: 4, gap: epsilon.sqrt() }),
        ("low rank", Spectrum::LowRank { rank: n / 3 }),
        ("two scales", Spectrum::TwoScales { tiny: epsilon * epsilon }),
    ];
    let shapes = [(n, n), (n + n / 3, n), (2 * n + 3, n), (n, 2 * n + 2)];
    let mut all = Vec::new();
    for (i, (name, kind)) in kinds.into_iter().enumerate() {
        // Two of the four shapes each, so that the zoo stays small.
        for (rows, cols) in [shapes[i % 2], shapes[2 + i % 2]] {
            let values = kind.values(rows.min(cols), &mut random);
            all.push(named(name, LATMS, random.with_singular_values(rows, cols, &values)));
        }
    }
    all.push(named("normal entries", "Edelman, SIAM J. Matrix Anal. Appl. 9 (1988)", random.matrix(n, n)));
    all
}
