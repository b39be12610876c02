//! Makes one function of the executable visible to the shared libraries that it loads: see `src/dispatch.rs`.

fn main() {
    println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol=mkl_serv_get_cpu_true");
    println!("cargo::rerun-if-changed=build.rs");
}
