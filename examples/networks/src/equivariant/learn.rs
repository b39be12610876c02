//! What a network f = G∘A⁺ can be trained on: measurements alone, measurements and a group that the signals do not change under, or the signals.

use candle_core::{Result, Tensor};

use super::physics::Physics;
use crate::layers::mean_square;

/// The loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// ‖A f(y) − y‖²: says nothing about what A does not see.
    Measurements,
    /// The same and ‖f(A T x) − T x‖² for x = f(y) and T of a group.
    Equivariant,
    /// ‖f(y) − x‖², with the signals that the others do without.
    Supervised,
}

impl Objective {
    /// The loss of `network` for the measurements of these signals; `transform` is a random member of the group.
    pub fn loss(
        self,
        signals: &Tensor,
        physics: &dyn Physics,
        network: &dyn Fn(&Tensor) -> Result<Tensor>,
        transform: &mut dyn FnMut(&Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let f = |y: &Tensor| network(&physics.invert(y)?);
        let y = physics.measure(signals)?;
        let restored = f(&y)?;
        if self == Objective::Supervised {
            return mean_square(&(restored - signals)?);
        }
        let consistency = mean_square(&(physics.measure(&restored)? - &y)?)?;
        if self == Objective::Measurements {
            return Ok(consistency);
        }
        let moved = transform(&restored)?;
        consistency + mean_square(&(f(&physics.measure(&moved)?)? - &moved)?)?
    }
}
