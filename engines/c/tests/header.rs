//! `include/diffsvd.h` is what cbindgen makes of the sources. With `DIFFSVD_WRITE_HEADER` set, this writes it.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_header_is_current() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    // The functions of the four scalar types come from one macro, and expanding macros is an option of the compiler that stable ones lack.
    // SAFETY: this test is the only thread of its program.
    #[expect(unsafe_code, reason = "cbindgen starts the compiler with the environment of this program")]
    unsafe {
        env::set_var("RUSTC_BOOTSTRAP", "1");
    }
    let mut made = Vec::new();
    cbindgen::generate_with_config(package, config).expect("cbindgen").write(&mut made);
    let (made, header) = (String::from_utf8(made).unwrap(), package.join("include/diffsvd.h"));
    if env::var_os("DIFFSVD_WRITE_HEADER").is_some() {
        fs::write(&header, &made).unwrap();
    }
    let kept = fs::read_to_string(&header).unwrap_or_default();
    let first = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "include/diffsvd.h is not current (line {}): DIFFSVD_WRITE_HEADER=1 cargo test -p diffsvd-c --test header",
        first.map_or(kept.lines().count().min(made.lines().count()), |line| line + 1)
    );
}
