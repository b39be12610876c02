//! Functions of the singular values. One program, because every scalar type costs the compiler a whole decomposition.

#[path = "../support/mod.rs"]
mod support;

/// Calls `$check(name, f, the same f in double-double)`.
macro_rules! both {
    ($check:ident, $s:ty, $name:literal, |$number:ident| $f:expr) => {{
        let f = {
            let $number = |x: f64| <$s as diffsvd::Scalar>::Real::from_f64(x);
            let _ = &$number;
            $f
        };
        let wide = {
            let $number = |x: f64| Dd::from_f64(x);
            let _ = &$number;
            $f
        };
        $check::<$s, _, _, _, _>($name, f, wide);
    }};
}

mod factors;
mod losses;
mod maps;
mod second;
mod second_whole;
