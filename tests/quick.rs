use diffsvd::*;
use num_complex::Complex;
fn run<S: Scalar>(m: usize, n: usize, a: &[S], vectors: Vectors) -> f64 {
    let k = m.min(n);
    let (uc, vc) = match vectors { Vectors::Full => (m, n), _ => (k, k) };
    let mut u = vec![S::zero(); m * uc];
    let mut s = vec![<S::Real as num_traits::Zero>::zero(); k];
    let mut v = vec![S::zero(); n * vc];
    let mut w = vec![S::zero(); svd_workspace_len::<S>(m, n, vectors)];
    svd_into(MatRef::col_major(a, m, n).unwrap(), vectors, FactorsMut { u: MatMut::col_major(&mut u, m, uc).unwrap(), s: &mut s, v: MatMut::col_major(&mut v, n, vc).unwrap() }, &mut w).unwrap();
    let mut err = 0.0f64;
    for j in 0..n { for i in 0..m {
        let mut x = -a[i + j * m];
        for l in 0..k { x += u[i + l * m].scale(s[l]) * v[j + l * n].conj(); }
        err = err.max(x.modulus().to_f64());
    } }
    let orth = |q: &[S], r: usize, c: usize| { let mut e = 0.0f64; for i in 0..c { for j in 0..c { let mut x = if i == j { -S::one() } else { S::zero() }; for l in 0..r { x += q[l + i * r].conj() * q[l + j * r]; } e = e.max(x.modulus().to_f64()); } } e };
    let s1 = s.first().map_or(1.0, |s| s.to_f64()).max(1e-300);
    let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64();
    let r = (err / s1).max(orth(&u, m, uc)).max(orth(&v, n, vc)) / unit;
    let mut s0 = s.clone();
    singular_values_into(MatRef::col_major(a, m, n).unwrap(), &mut s0, &mut w).unwrap();
    assert!(s0 == s);
    assert!(s.windows(2).all(|w| w[0] >= w[1]));
    r
}
#[test]
fn quick() {
    let mut seed = 12345u64;
    let mut rnd = move || { seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); ((seed >> 33) as f64) / (1u64 << 30) as f64 - 1.0 };
    let mut worst = 0.0f64;
    for m in 0..14 { for n in 0..14 { for vectors in [Vectors::Thin, Vectors::Full] {
        let a: Vec<f64> = (0..m * n).map(|_| rnd()).collect();
        worst = worst.max(run(m, n, &a, vectors));
        let c: Vec<Complex<f64>> = (0..m * n).map(|_| Complex::new(rnd(), rnd())).collect();
        worst = worst.max(run(m, n, &c, vectors));
        let c: Vec<Complex<f32>> = c.iter().map(|c| Complex::new(c.re as f32, c.im as f32)).collect();
        worst = worst.max(run(m, n, &c, vectors));
        let mut z = a.clone();
        for j in 0..n { for i in 0..m { if i != j && i != j + 1 { z[i + j * m] = 0.0; } } }
        worst = worst.max(run(m, n, &z, vectors));
        let mut z: Vec<Complex<f64>> = (0..m * n).map(|_| Complex::new(rnd(), rnd())).collect();
        for j in 0..n { for i in 0..m { if i != j && i + 1 != j { z[i + j * m] = Complex::new(0.0,0.0); } } }
        worst = worst.max(run(m, n, &z, vectors));
    } } }
    for (m, n) in [(100, 100), (200, 30), (50, 130)] {
        let c: Vec<Complex<f64>> = (0..m * n).map(|_| Complex::new(rnd(), rnd())).collect();
        worst = worst.max(run(m, n, &c, Vectors::Thin));
    }
    println!("worst {worst}");
    assert!(worst < 3.0);
}
