//! The work storage of one matrix, cut into what its stages need.

use super::Core;
use crate::bidiagonal::{PUT_OFF, PutOff};
use crate::block::BLOCK;
use crate::diagonalize::divide_workspace_len;
use crate::kernel::Level;
use crate::plan::Plan;
use crate::scalar::Real;
use crate::workspace::Store;

impl<'w, R: Real> Core<'w, R> {
    pub(crate) fn carve(plan: &Plan, parts: usize, store: &mut Store<'w, R>) -> Self {
        let (m, n) = (plan.rows, plan.cols);
        let stores = plan.stores();
        let copy = store.planes(m, stores.copy, parts);
        let square = store.planes(n, stores.square, parts);
        let rows = store.planes(n, stores.rows, parts);
        let left = store.planes(m, stores.left, parts);
        let right = store.planes(n, stores.right, parts);
        let middle = core::array::from_fn(|_| store.planes(n, stores.middle, 1));
        let joint = store.planes(n, stores.joint, parts);
        let columns = core::array::from_fn(|_| store.planes(m, 1, parts).data);
        let row = store.planes(n, 1, parts).data;
        let bytes = size_of::<R>() * parts;
        let more = store.planes(plan.reduced_rows(), plan.more_pieces(bytes), parts).data;
        let blocks = store.planes(BLOCK, plan.scratch_cols(bytes), parts).data;
        let [turned] = store.reals(plan.turned((size_of::<R>(), parts)) * parts);
        let put_off = if plan.reduced_in_blocks(bytes) > 0 { PUT_OFF } else { 0 };
        let put_off = PutOff {
            t: store.planes(n, put_off, parts),
            u: store.planes(n, put_off, parts),
            w: store.planes(plan.reduced_rows(), put_off, parts),
            factors: store.planes(2 * PUT_OFF, if put_off == 0 { 0 } else { n }, parts),
            rows: core::array::from_fn(|_| store.planes(n, put_off.min(1), parts).data),
        };
        let [d, e] = store.reals(n);
        let scratch = store.reals(n);
        let [tau_q, tau_p] = store.reals::<2>(2 * n).map(|taus| taus.as_chunks_mut().0);
        let row_blocks = plan.row_blocks();
        let [tau_r] = store.reals(2 * n * row_blocks.count()).map(|taus| taus.as_chunks_mut().0);
        let [divide] = store.reals(if plan.divided() { divide_workspace_len(n) } else { 0 });
        Core {
            plan: *plan,
            level: Level::detect(),
            d,
            e,
            scratch,
            tau_q,
            tau_p,
            tau_r,
            columns,
            row,
            more,
            copy,
            square,
            rows,
            left,
            right,
            middle,
            joint,
            row_blocks,
            divide,
            blocks,
            turned,
            put_off,
        }
    }
}
