//! Makes one function of the executable visible to the shared libraries that it loads (`src/dispatch.rs`), and notes the
//! compiler for the record.

use std::process::Command;

fn main() {
    println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol=mkl_serv_get_cpu_true");
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("--version").output().map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    println!("cargo::rustc-env=PEERS_RUSTC={}", version.unwrap_or_default().trim());
    println!("cargo::rustc-env=PEERS_FEATURES={features}");
}
