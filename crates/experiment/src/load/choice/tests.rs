//! Tests of the choice of targets.

use super::*;

fn counts(choose: &str, names: &[&str]) -> Vec<u32> {
    let choose: Choose = choose.parse().unwrap();
    choose.check(names).unwrap();
    let mut targets = Targets::new(&choose, 5, names);
    let mut counts = vec![0; names.len()];
    for key in 0..30_000 {
        counts[targets.next(key)] += 1;
    }
    counts
}

#[test]
fn targets_get_their_shares() {
    let names = ["A", "B", "C"];
    assert_eq!(counts("round_robin", &names), [10_000; 3]);
    for way in ["random", "sticky", "least_loaded"] {
        for count in counts(way, &names) {
            assert!((9_600..10_400).contains(&count), "{way}: {count}");
        }
    }
    let weighted = counts("weighted:A=3,B=0", &names);
    assert_eq!(weighted[1], 0);
    assert!((22_100..22_900).contains(&weighted[0]), "{weighted:?}");
}

#[test]
fn equals_beside_a_busy_one_are_taken_equally_often() {
    for (loads, equal) in [
        (vec![9, 1, 1], vec![1, 2]),
        (vec![1, 9, 1], vec![0, 2]),
        (vec![2, 2, 5, 2, 2], vec![0, 1, 3, 4]),
        (vec![0; 3], vec![0, 1, 2]),
    ] {
        let mut luck = stream(3, "luck");
        let mut counts = vec![0_usize; loads.len()];
        for _ in 0..12_000 {
            counts[least_loaded(loads.iter().copied(), luck.next_u64())] += 1;
        }
        for (place, count) in counts.into_iter().enumerate() {
            let fair = if equal.contains(&place) {
                12_000 / equal.len()
            } else {
                0
            };
            assert!(count.abs_diff(fair) < 300, "{loads:?}: {place} {count}");
        }
    }
    assert_eq!(least_loaded([], 1), 0);
}

#[test]
fn a_key_has_the_target_with_the_highest_hash_whenever_it_is_asked_for() {
    let names: Vec<String> = (0..100).map(|place| format!("i{place}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let highest = |key: u64| {
        let hash = |name: &str| Draw::new(0).with("sticky").with(name).number(key).bits();
        let places = 0..names.len();
        places.max_by_key(|place| hash(names[*place])).unwrap()
    };
    let mut targets = Targets::new(&Choose::Sticky {}, 1, &names);

    for key in [7, 0, 999_999, 7, 1_000_000, u64::MAX, 0, 7, 1_000_000] {
        assert_eq!(targets.next(key), highest(key), "{key}");
    }
}

#[test]
fn another_target_takes_over_only_its_share_of_the_keys() {
    let mut few = Targets::new(&Choose::Sticky {}, 1, &["A", "B", "C"]);
    let mut more = Targets::new(&Choose::Sticky {}, 2, &["A", "B", "C", "D"]);
    let mut moved = 0;
    for key in 0..8000 {
        let (before, after) = (few.next(key), more.next(key));
        assert!(after == before || after == 3, "{key}");
        moved += u32::from(after == 3);
    }
    assert!((1_800..2_200).contains(&moved), "{moved}");
}

#[test]
fn keys_follow_the_law_of_zipf_when_they_are_skewed() {
    let mut even = Keys::new(1, 10, 0.0);
    let mut skewed = Keys::new(1, 10, 1.0);
    let share = |keys: &mut Keys| (0..20_000).filter(|_| keys.next() == 0).count();

    assert!((1_850..2_150).contains(&share(&mut even)));
    // 1 / (1 + 1/2 + … + 1/10) = 0.3414
    assert!((6_600..7_050).contains(&share(&mut skewed)));
}

#[test]
fn weights_of_nobody_are_refused() {
    let check = |text: &str| {
        text.parse::<Choose>()
            .unwrap()
            .check(&["A", "B"])
            .unwrap_err()
    };
    assert!(check("weighted:D=1").contains("no target `D`; there are A, B"));
    assert!(check("weighted:A=-1").contains("from 0 to"));
    assert!(check("weighted:A=0,B=0").contains("above 0"));
    assert!("sticki".parse::<Choose>().unwrap_err().contains("`sticky`"));
}
