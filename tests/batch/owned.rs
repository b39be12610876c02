//! Batches that own their entries, against the owned decomposition of each.

use diffsvd::batch::{Batch, BatchSvd, Cotangent, PerItem, Rotations, Same};
use diffsvd::spectral::{KyFan, SoftThreshold};
use diffsvd::{Mat, Rule, Svd, Tolerance, Vectors};

/// 10×9, beyond the sizes that go lane by lane.
fn batch() -> (Batch<f64>, Vec<Mat<f64>>) {
    let entry = |item: usize, row: usize, col: usize| ((item * 31 + row * 7 + col * 13) % 17) as f64 - 8.0;
    let batch = Batch::from_fn(5, 10, 9, entry);
    let all = (0..5).map(|item| Mat::from_fn(10, 9, |row, col| entry(item, row, col))).collect();
    (batch, all)
}

fn assert_same(batch: &Batch<f64>, item: usize, expected: &Mat<f64>) {
    let got = batch.item(item).expect("an item");
    let got = Mat::from_fn(got.rows(), got.cols(), |i, j| got.get(i, j).expect("an entry"));
    assert_eq!(&got, expected, "item {item}");
}

#[test]
fn methods_are_those_of_each_matrix() {
    let (a, all) = batch();
    let svd = BatchSvd::thin(&a).unwrap();
    let f = PerItem(|i| SoftThreshold(0.25 * i as f64));
    let (x, gx) = (svd.map(&f).unwrap(), svd.map_vjp(&f, &a).unwrap());
    let (dx, pinv) = (svd.map_jvp(&f, &a).unwrap(), svd.pinv(Tolerance::Default).unwrap());
    let pinv_bar = svd.pinv_vjp(Tolerance::Default, &pinv).unwrap();
    let gs = svd.values_of_all().as_ref();
    let gradient = svd.vjp(Cotangent { s: Some(gs), ..Cotangent::default() }, &Rule::default()).unwrap();
    let tangent = svd.jvp(&a, &Rule::default()).unwrap();
    let (norms, norm_bar) = (svd.loss(&KyFan::nuclear()).unwrap(), svd.loss_gradient(&KyFan::spectral()).unwrap());
    let values = BatchSvd::values(&a).unwrap();
    for (i, a) in all.iter().enumerate() {
        let alone = Svd::thin(a).unwrap();
        let f = SoftThreshold(0.25 * i as f64);
        assert_eq!(svd.s(i), alone.s());
        assert_same(svd.u(), i, alone.u());
        assert_same(svd.v(), i, alone.v());
        assert_same(&x, i, &alone.map(f).unwrap());
        assert_same(&gx, i, &alone.map_vjp(f, a).unwrap());
        assert_same(&dx, i, &alone.map_jvp(f, a).unwrap());
        assert_same(&pinv, i, &alone.pinv(Tolerance::Default).unwrap());
        let alone_pinv = alone.pinv(Tolerance::Default).unwrap();
        assert_same(&pinv_bar, i, &alone.pinv_vjp(Tolerance::Default, &alone_pinv).unwrap());
        let cotangent = diffsvd::Cotangent { s: Some(alone.s()), ..diffsvd::Cotangent::default() };
        let expected = alone.vjp(&cotangent, &Rule::default()).unwrap();
        assert_same(&gradient.a, i, &expected.a);
        assert_eq!(gradient.reports[i], expected.report);
        let expected = alone.jvp(a, &Rule::default()).unwrap();
        assert_same(&tangent.u, i, &expected.u);
        assert_same(&tangent.v, i, &expected.v);
        assert_eq!(norms[i], alone.loss(&KyFan::nuclear()).unwrap());
        assert_same(&norm_bar, i, &alone.loss_gradient(&KyFan::spectral()).unwrap());
        assert_eq!(values.get(i, 8, 0), Svd::values(a).unwrap().last().copied());
    }
    assert_eq!(svd.s(5), &[] as &[f64]);
    assert!(a.item(5).is_none() && a.get(0, 10, 0).is_none());
}

#[test]
fn an_item_that_fails_is_named() {
    let (mut a, _) = batch();
    a.item_mut(3).unwrap().set(2, 1, f64::NAN);
    let failure = BatchSvd::thin(&a).unwrap_err();
    assert_eq!(failure.to_string(), "item 3: entry (2, 1) of the matrix is NaN");
    // What has to do with the call has no number.
    let square = Batch::<f64>::zeros(2, 3, 2);
    let failure = BatchSvd::thin(&square).unwrap().map(&Rotations).unwrap_err();
    assert_eq!(failure.item, None);
    let svd = BatchSvd::thin(&square).unwrap();
    assert!(svd.map_vjp(&Same(SoftThreshold(0.5)), &Batch::zeros(2, 2, 3)).is_err());
}

#[test]
fn views_and_shapes_are_those_of_the_entries() {
    let (a, all) = batch();
    assert_eq!((a.count(), a.shape(), a.as_slice().len()), (5, (10, 9), 450));
    assert_eq!(a.as_slice()[90 * 3..90 * 4], *all[3].as_slice());
    for (m, n) in [(5, 3), (3, 5), (12, 9)] {
        // Of complete bases the derivatives read the triplets.
        let svd = BatchSvd::new(Batch::<f64>::zeros(2, m, n).as_ref(), Vectors::Full).unwrap();
        assert_eq!((svd.u().shape(), svd.v().shape()), ((m, m), (n, n)));
        let (k, factors) = (m.min(n), svd.factors());
        assert_eq!((factors.u.shape(), factors.s.shape(), factors.v.shape()), ((m, k), (k, 1), (n, k)));
    }
}
