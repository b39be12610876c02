//! The crate `switch` of the instrumented copy: which mutant of a site is on. `SWITCH=site:number` turns one on;
//! with `SWITCH_SEEN=file` the sites that were evaluated are written there at the end.
//! In what the compiler evaluates every site is as it was written; to tell that apart is not stable yet.
#![feature(core_intrinsics, const_eval_select)]
#![allow(internal_features)]

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const UNSEEN: u8 = u8::MAX;
static TABLE: [AtomicU8; SITES] = [const { AtomicU8::new(0) }; SITES];

/// The number of the mutant that is on at this site; 0 where the site is as it was written.
#[inline(always)]
pub const fn at(site: usize) -> u8 {
    std::intrinsics::const_eval_select((site,), written, at_run_time)
}

const fn written(_: usize) -> u8 {
    0
}

#[inline(always)]
fn at_run_time(site: usize) -> u8 {
    let on = TABLE[site].load(Relaxed);
    if on == 0 { 0 } else { chosen(site, on) }
}

#[cold]
#[inline(never)]
fn chosen(site: usize, on: u8) -> u8 {
    if on != UNSEEN {
        return on;
    }
    TABLE[site].store(0, Relaxed);
    0
}

/// Before `main`, as nothing in a test program would call it.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

unsafe extern "C" {
    fn atexit(call: extern "C" fn()) -> i32;
}

extern "C" fn start() {
    if let Some((site, on)) = std::env::var("SWITCH").ok().as_deref().and_then(|on| on.split_once(':')) {
        TABLE[site.parse::<usize>().expect("a site")].store(on.parse().expect("a number"), Relaxed);
    }
    if std::env::var_os("SWITCH_SEEN").is_some() {
        TABLE.iter().for_each(|site| site.store(UNSEEN, Relaxed));
        // SAFETY: a function of the C library, given a function that lives as long as the program.
        unsafe { atexit(write_seen) };
    }
}

extern "C" fn write_seen() {
    let seen: Vec<String> = (0..SITES).filter(|&i| TABLE[i].load(Relaxed) != UNSEEN).map(|i| i.to_string()).collect();
    let file = std::env::var_os("SWITCH_SEEN").expect("it was there at the start");
    std::fs::write(file, seen.join("\n")).expect("the file of sites");
}
