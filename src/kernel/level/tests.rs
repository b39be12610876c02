use super::*;
use crate::scalar::Real;

struct Registers<'a, R>(&'a mut usize, core::marker::PhantomData<R>);

impl<R: Real> Task for Registers<'_, R> {
    type Real = R;

    fn run<A: Arith>(self) {
        struct Part<'a, R>(&'a mut usize, core::marker::PhantomData<R>);
        impl<R: Real> Task for Part<'_, R> {
            type Real = R;

            fn run<A: Arith>(self) {
                *self.0 += A::BYTES;
            }
        }
        A::call(Part(self.0, self.1));
    }
}

/// The whole and its parts have the registers of the level.
#[test]
fn every_level_has_registers_of_its_own() {
    assert_eq!(Level::detect(), Level::detect());
    assert_eq!(Level::all().last(), Some(&Level::detect()));
    for (level, bytes) in Level::all().into_iter().zip([16, 32, 64]) {
        let mut found = 0;
        level.run(Registers::<f64>(&mut found, core::marker::PhantomData));
        level.run(Registers::<f32>(&mut found, core::marker::PhantomData));
        let expected = if cfg!(target_arch = "x86_64") { bytes } else { 16 };
        assert_eq!((found, level.register_bytes()), (2 * expected, expected));
        #[cfg(target_arch = "x86_64")]
        let expected = if level == Level::Avx512InHalves { 32 } else { expected };
        assert_eq!(level.bytes_at_once(), expected);
        assert_eq!([level.has_vectors::<f32>(), level.has_vectors::<f64>()], [level != Level::Portable; 2]);
        assert!(!level.has_vectors::<[f64; 2]>());
    }
}

/// One rounding or two.
#[test]
fn products_are_rounded_once_where_they_are_fused() {
    let x = 1.0 + f64::EPSILON;
    assert_eq!(Separate::mul_add(3.0, 4.0, 5.0), 17.0);
    assert_eq!(Separate::mul_add(x, x, -1.0), 2.0 * f64::EPSILON);
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    assert_eq!(Fused::<8>::mul_add(x, x, -1.0), 2.0 * f64::EPSILON + f64::EPSILON * f64::EPSILON);
}

/// In other processes, which run this test alone. Each asks the machine itself: under Valgrind that has fewer instructions for this one than for those.
#[test]
#[cfg(all(feature = "std", target_arch = "x86_64", not(miri)))]
fn the_environment_takes_fewer_instructions() {
    const NAME: &str = "kernel::level::tests::the_environment_takes_fewer_instructions";
    if std::env::var("ASKED_BY").is_ok_and(|name| name == NAME) {
        let has = Level::of_the_machine();
        let expected = match std::env::var("DIFFSVD_LEVEL").unwrap().as_str() {
            "portable" => Level::Portable,
            "avx2" if has != Level::Portable => Level::Avx2,
            _ => has,
        };
        // What was found is kept.
        assert_eq!([(); 3].map(|()| Level::detect()), [expected; 3]);
        return;
    }
    for wanted in ["portable", "avx2", "avx512", ""] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--test-threads", "1"])
            .envs([("DIFFSVD_LEVEL", wanted), ("ASKED_BY", NAME)])
            .output()
            .unwrap();
        let said = std::string::String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{wanted}: {said}");
    }
}
