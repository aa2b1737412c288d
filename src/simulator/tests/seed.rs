//! Chance that is the same each time.

use super::super::seed::Seed;

#[test]
fn numbers_stay_within_their_bounds_and_reach_them() {
    let drawn: Vec<i64> = (0..1000).map(|n| Seed::new(1).between(n, -2, 2)).collect();
    assert!(drawn.iter().all(|n| (-2..=2).contains(n)));
    assert!((-2..=2).all(|n| drawn.contains(&n)));
}

#[test]
fn bounds_may_be_wide_equal_or_the_wrong_way_round() {
    let wide: Vec<i64> = (0..100).map(|n| Seed::new(1).between(n, 0, i64::MAX)).collect();
    assert!(wide.iter().any(|n| *n > i64::MAX / 2) && wide.iter().any(|n| *n < i64::MAX / 2));
    assert_eq!(Seed::new(1).between(0, 5, 5), 5);
    assert_eq!(Seed::new(1).between(0, 5, 4), 5);
    assert_eq!(Seed::new(1).between(0, i64::MIN, i64::MAX), i64::MIN, "wider than an amount");
}

#[test]
fn what_is_certain_happens_and_what_is_impossible_does_not() {
    assert!((0..1000).all(|n| Seed::new(n).hits(1.0)));
    assert!(!(0..1000).any(|n| Seed::new(n).hits(0.0)));
}

#[test]
fn what_is_probable_happens_about_as_often() {
    let hits = (0..10_000).filter(|n| Seed::new(3).part(*n).hits(0.2)).count();
    assert!((1800..2200).contains(&hits), "{hits} of 10000");
}

#[test]
fn ids_have_the_shape_of_random_uuids_and_differ() {
    let first = Seed::new(9).uuid(1);
    let groups: Vec<usize> = first.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert_eq!(&first[14..15], "4");
    assert!("89ab".contains(&first[19..20]));
    assert_eq!(first, Seed::new(9).uuid(1));
    assert_ne!(first, Seed::new(9).uuid(2));
}

#[test]
fn garbage_is_neither_text_nor_json() {
    let garbage = Seed::new(4).garbage(100);
    assert_eq!(garbage.len(), 100);
    assert!(str::from_utf8(&garbage).is_err());
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage).is_err());
}
