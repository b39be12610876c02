#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| diffsvd_fuzz::c(bytes));
