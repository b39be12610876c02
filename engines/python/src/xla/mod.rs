//! The core as custom calls of XLA, for JAX: no copy, no lock of Python, no callback.

mod abi;
mod frame;
mod handlers;

use abi::{CallFrame, Error};

type Handler = unsafe extern "C" fn(*mut CallFrame) -> *mut Error;

/// The addresses of the handlers by name, to be registered with XLA.
pub(crate) fn targets() -> [(&'static str, usize); 5] {
    let handlers: [(&str, Handler); 5] = [
        ("diffsvd_svd", handlers::svd),
        ("diffsvd_svdvals", handlers::svdvals),
        ("diffsvd_svd_jvp", handlers::svd_jvp),
        ("diffsvd_svd_vjp", handlers::svd_vjp),
        ("diffsvd_spectral_map", handlers::spectral_map),
    ];
    handlers.map(|(name, handler)| (name, handler as usize))
}
