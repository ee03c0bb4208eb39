//! Tests of merged counts, and of verdicts without a veto.

use super::*;

#[test]
fn merged_counts_are_sent_in_batches_and_each_once() {
    let mut rig = Rig::new(Mode::Pooled, |settings| settings);
    rig.tick();
    for _ in 0..10 {
        rig.succeed();
        rig.fail(1);
        rig.pass(30 * MS);
    }
    rig.pass(200 * MS);

    let sum = rig
        .reports
        .iter()
        .fold(crate::counts::Counts::default(), |sum, report| {
            sum.plus(report.counts)
        });
    assert_eq!(sum, crate::counts::Counts::new(10, 10));
    assert!(rig.reports.len() <= 6, "{}", rig.reports.len());
}

#[test]
fn with_merged_counts_only_a_run_of_successes_is_a_veto() {
    let follows = |results: &[CallResult]| {
        let mut rig = Rig::new(Mode::Pooled, |settings| settings);
        rig.tick();
        for result in results {
            rig.tell(Event::Finished(*result));
        }
        holds(&rig.decide(OPEN))
    };
    let (well, badly) = (CallResult::Succeeded, CallResult::Failed);

    assert!(follows(&[well, badly]));
    assert!(follows(&[badly, well]));
    assert!(!follows(&[badly, well, well]));
    assert!(!follows(&[]), "an idle instance has no part in it");
}

#[test]
fn the_contrast_opens_whoever_is_fine() {
    let mut rig = Rig::new(Mode::AnyOpen, |settings| settings);
    rig.tick();
    rig.succeed();

    assert!(holds(&rig.decide(OPEN)));
    let after = Duration::ZERO;
    assert_eq!(
        breaker(rig.decide(Verdict::Closed)),
        [Action::Release { after }]
    );
    rig.fail(5);
    assert_eq!(rig.member.opinion(), Opinion::Fine, "only a trip is a vote");
}
