use std::sync::Arc;

use super::*;
use crate::mode::Mode;
use crate::settings::Settings;

const MS: Duration = Duration::from_millis(1);

/// The votes, counted by looking at every entry.
fn by_hand(roll: &Roll, now: Duration) -> (u32, u32) {
    let alive: Vec<Opinion> = roll.all_alive(now).map(|(_, it)| it.opinion).collect();
    let many = |of: &dyn Fn(&Opinion) -> bool| {
        u32::try_from(alive.iter().filter(|it| of(it)).count()).unwrap()
    };
    (many(&|it| it.votes()), many(&|it| *it == Opinion::Suspect))
}

fn sender(number: u64, session: u64) -> Sender {
    let name = InstanceId::new(&format!("i{number}")).unwrap();
    Sender::new(name, Session::new(session))
}

#[test]
fn votes_that_are_kept_are_those_of_the_entries_in_any_history() {
    let settings = Arc::new(Settings::builder(Mode::Quorum).build().unwrap());
    let opinions = [Opinion::Idle, Opinion::Fine, Opinion::Suspect];
    let mut luck = fastrand::Rng::with_seed(7);
    let (mut roll, mut now) = (Roll::default(), 60_000 * MS);
    for _ in 0..20_000 {
        let (number, session) = (luck.u64(0..8), luck.u64(0..2));
        match luck.u32(0..20) {
            0 => {
                roll.strike(&sender(number, session));
            }
            1 => roll.withdraw_suspicions(),
            2 => roll.drop_lapsed(now),
            // Time passes, a long one now and then, and steps back.
            3..=6 => now += luck.u32(0..500) * MS,
            7 => now += luck.u32(0..8_000) * MS,
            8 => now -= luck.u32(0..2_000) * MS,
            _ => {
                let opinion = opinions[luck.usize(0..3)];
                let from = sender(number, session);
                let report = Report::new(from, opinion, Arc::clone(&settings));
                roll.drop_lapsed(now);
                roll.write(now, &report, luck.bool());
            }
        }

        assert_eq!(roll.count(now), by_hand(&roll, now));
        let asked = sender(number, 0).instance;
        let mut others = roll.all_alive(now).filter(|(name, _)| **name != asked);
        let suspect = others.any(|(_, entry)| entry.opinion == Opinion::Suspect);
        assert_eq!(roll.suspects_beside(now, &asked), suspect);
    }
}
