//! The host gives what it gave when the programs were built, and the calibration converges here too.

#[test]
fn same_bits_as_at_build_time() {
    let mut out = String::new();
    assert_eq!(checks::run(&mut out), Ok(0), "{out}");
    print!("{out}");
}

#[test]
fn calibration_converges() {
    let mut out = String::new();
    assert_eq!(checks::calibrate(&mut out), Ok(0), "{out}");
    print!("{out}");
}
