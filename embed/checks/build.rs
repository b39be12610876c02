//! Computes the host's results with the same sources and the same features.
use std::{env, fmt::Write, fs, path::Path};

#[allow(dead_code)]
#[path = "src/vectors.rs"]
mod vectors;

fn main() {
    let mut table = String::from("[\n");
    vectors::all(&mut |_, o| {
        writeln!(
            table,
            "Outcome {{ factors: {}, derivatives: {}, distance: {}, defect: {}, adjointness: {} }},",
            o.factors, o.derivatives, o.distance, o.defect, o.adjointness
        )
        .expect("writing to a string");
    })
    .expect("the host decomposes every matrix");
    table.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("host.rs"), table).expect("OUT_DIR can be written");
    println!("cargo:rerun-if-changed=src/vectors.rs");
}
