//! Tests of a node's share in the gossip.

use proptest::prelude::*;

use super::*;

fn sender() -> impl Strategy<Value = Sender> {
    ("[!-~]{1,128}", any::<u64>()).prop_map(|(name, session)| {
        Sender::new(InstanceId::new(&name).unwrap(), Session::new(session))
    })
}

fn time() -> impl Strategy<Value = Duration> {
    (0..=LONGEST).prop_map(Duration::from_millis)
}

fn round() -> impl Strategy<Value = Round> {
    let last = proptest::option::of("[!-~]{1,20}");
    (
        any::<u64>(),
        0..=u32::MAX >> 1,
        0..=LARGEST,
        (0..=u32::MAX >> 1, 0..=u32::MAX >> 1, any::<u32>()),
        last,
    )
        .prop_map(
            |(incarnation, epoch, writes, (failed, good, leases), last)| Round {
                incarnation: Incarnation::new(incarnation),
                epoch: Epoch::new(epoch.into()),
                writes,
                failed,
                good,
                leases,
                last: last.map(|name| InstanceId::new(&name).unwrap()),
            },
        )
}

fn share() -> impl Strategy<Value = Share> {
    let opinion = prop_oneof![
        Just(Opinion::Idle),
        Just(Opinion::Fine),
        Just(Opinion::Suspect)
    ];
    let order = prop_oneof![
        Just(Order::Automatic),
        Just(Order::ForceOpen),
        Just(Order::Disable)
    ];
    let entry = (sender(), opinion, any::<u64>(), any::<u64>(), time()).prop_map(
        |(from, opinion, seen, rules, member_for)| Entry {
            from,
            opinion,
            seen: Epoch::new(seen),
            rules: Fingerprint::read(&format!("{rules:x}")).unwrap(),
            member_for,
        },
    );
    let claim = (sender(), any::<u64>(), time()).prop_map(|(to, token, remaining)| Claim {
        to,
        token: Token::new(token),
        remaining,
    });
    let lists = (
        proptest::collection::vec(entry, 0..5),
        proptest::collection::vec(claim, 0..3),
    );
    (round(), time(), time(), (0..=LARGEST, order), lists).prop_map(
        |(round, next_probe_in, steps_back_for, (number, order), (entries, claims))| Share {
            round,
            next_probe_in,
            steps_back_for,
            command: Command::new(CommandNumber::new(number), order),
            entries,
            claims,
        },
    )
}

proptest! {
    #[test]
    fn a_share_reads_back_as_it_was_written(share in share()) {
        prop_assert_eq!(Share::read(&share.write()), Some(share));
    }

    #[test]
    fn a_share_that_was_cut_or_changed_is_read_whole_or_not_at_all(
        share in share(), at in any::<proptest::sample::Index>(), with in "\\PC{0,3}"
    ) {
        let text = share.write();
        let at = at.index(text.len());
        prop_assume!(text.is_char_boundary(at));
        let changed = format!("{}{with}", &text[..at]);
        if let Some(read) = Share::read(&changed) {
            prop_assert_eq!(Share::read(&read.write()), Some(read));
        }
    }

    #[test]
    fn garbage_is_no_share(text in "\\PC{0,200}") {
        prop_assert_eq!(Share::read(&text), None);
    }
}

#[test]
fn another_form_of_shares_is_not_read() {
    let share = Share::read("1 a 1 0 0 0 0 - 5 0 0 automatic 0 0").unwrap();
    assert!(share.round.is_open());

    assert_eq!(Share::read("2 a 1 0 0 0 0 - 5 0 0 automatic 0 0"), None);
    assert_eq!(
        Share::read("1 a 1 0 0 0 0 - 5 0 0 automatic 0 0 more"),
        None
    );
    assert_eq!(
        Share::read("1 a 1 0 0 0 0 - 5 0 0 automatic 999999999 0"),
        None
    );
}

#[test]
fn numbers_that_leave_no_room_to_count_on_are_not_read() {
    for large in [u64::from(u32::MAX), u64::MAX] {
        for damaged in [
            format!("1 a {large} 0 0 0 0 - 5 0 0 automatic 0 0"),
            format!("1 a 1 0 0 {large} 0 - 5 0 0 automatic 0 0"),
            format!("1 a 1 0 {large} 0 0 - 5 0 0 automatic 0 0"),
        ] {
            assert_eq!(Share::read(&damaged), None, "{damaged}");
        }
    }
    for large in [LARGEST + 1, u64::MAX] {
        for damaged in [
            format!("1 a 1 {large} 0 0 0 - 5 0 0 automatic 0 0"),
            format!("1 a 1 0 0 0 0 - 5 0 {large} automatic 0 0"),
        ] {
            assert_eq!(Share::read(&damaged), None, "{damaged}");
        }
    }
}
