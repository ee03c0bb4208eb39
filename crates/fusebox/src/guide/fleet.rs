//! Fleets: what a fleet of breakers may decide for one of them, and what remains the breaker's own decision.
//!
//! Each instance has its own breaker, which learns from its own calls. A host that asks the other instances can pass
//! on what they know through [`Breaker::fleet`](crate::Breaker::fleet). The breaker itself asks no other instance and
//! waits for none: a command is one step under its lock, off the path of the calls. The host decides who votes, how
//! many votes open the breakers, and who gets the lease. The crate `fusebox-fleet` is such a host.
//!
//! | command | applies to | effect | cause |
//! |---|---|---|---|
//! | `hold` | closed | open with no end set | `fleet` |
//! | `hint` | held, probing | rejections say how long to stay away | – |
//! | `grant_probe` | held | half-open for exactly the next call | `fleet_probe` |
//! | `release` | held, probing | closed, at once or after a turn | `fleet` |
//! | `hasten` | open by its own rules | the open period ends sooner | – |
//! | `probe_now` | open or half-open by its own rules | its own probes begin with the next call | – |
//! | `force_open`, `disable` | any state, unless an operator of this breaker ordered it | the order that an operator gave to the whole fleet | `manual` |
//! | `end_order` | the state that such an order led to | closed | `manual` |
//! | `lose_engine` | held, probing, turn | open by itself, then its own probes | `engine_lost` |
//!
//! Each command returns whether it applied. One that does not apply changes nothing. So a host may be late, repeat
//! itself, or lose a race against the breaker's own rules.
//!
//! # The verdict
//! A breaker that trips on `n` failures in a row at `r` calls per second needs `n / r` seconds of an outage and
//! wastes `n` calls. A breaker that is held needs only the time that the news takes to arrive. The back-off is the
//! same afterwards: a hold neither raises nor lowers its level.
//!
//! ```
//! use fusebox::{Breaker, Cause, Config, RejectReason};
//!
//! let breaker = Breaker::new("db", Config::builder().consecutive_failures(5).build()?);
//! breaker.try_acquire()?.failure();
//! breaker.try_acquire()?.failure();
//! // Two failures in a row are a suspicion, and enough others have it too.
//! assert_eq!(breaker.snapshot().consecutive_failures, 2);
//! assert!(breaker.fleet().hold(1));
//!
//! assert_eq!(breaker.try_acquire().unwrap_err().reason, RejectReason::Fleet);
//! let snapshot = breaker.snapshot();
//! assert_eq!((snapshot.totals.trips(Cause::Fleet), snapshot.openings), (1, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The lease
//! `N` breakers that recover on their own make `N` probes per open period. A fleet can let one of them probe for all.
//! That probe cannot get lost: it succeeds, fails or is cancelled, or its lease ends. Each of these is a transition
//! whose cause says which. In every case the breaker is held again, ready for the next lease.
//!
//! ```
//! use fusebox::{Breaker, Cause, Config, ManualClock, Outcome};
//! use std::time::Duration;
//!
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("db", Config::default(), clock.clone());
//! breaker.fleet().hold(1);
//! breaker.fleet().grant_probe(Duration::from_secs(2)).unwrap();
//! let hangs = breaker.try_acquire()?;
//!
//! clock.advance(Duration::from_secs(2));
//! breaker.poll_transitions();
//!
//! let last = *breaker.snapshot().transitions.last().unwrap();
//! assert_eq!(last.cause, Cause::FleetProbeExpired);
//! assert_eq!(hangs.success(), Outcome::Late);
//! assert!(breaker.fleet().grant_probe(Duration::from_secs(2)).is_some());
//! # Ok::<(), fusebox::Rejected>(())
//! ```
//!
//! A breaker that tripped by itself before the fleet's verdict came is not held, but it can probe for the others just
//! as well. `probe_now` ends its open period, and the result of its own half-open period is the fleet's:
//!
//! ```
//! use fusebox::{Breaker, Config};
//!
//! let breaker = Breaker::new("db", Config::builder().consecutive_failures(5).build()?);
//! for _ in 0..5 {
//!     breaker.try_acquire()?.failure();
//! }
//! assert!(breaker.fleet().grant_probe(std::time::Duration::from_secs(2)).is_none(), "nobody holds it");
//!
//! assert!(breaker.fleet().probe_now().is_some());
//! breaker.try_acquire()?.failure();
//! assert_eq!(breaker.snapshot().openings, 2, "its own back-off goes on");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The turn
//! Breakers that close by themselves do so at different times, and the load returns in steps. Breakers that a fleet
//! closes would all close at once. So `release` takes a wait, which the host draws evenly from 0 to `R` for each
//! breaker. With `I` instances, the load then rises by `I · r / R` per second, and `I · r · R / 2` calls are rejected
//! that could have passed. In addition, [`CloseRamp`](crate::CloseRamp) gives each breaker a ramp.
//!
//! # When the fleet is gone
//! A hold does not end with time, because only the fleet knows when it should. A host that can no longer hear its
//! fleet calls `lose_engine`, and the breaker goes on by itself. A breaker that is saved while held is saved as open
//! by its own rules, because the next process may have no fleet.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State};
//! use std::time::Duration;
//!
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("db", Config::default(), clock.clone());
//! breaker.fleet().hold(1);
//! assert!(breaker.fleet().lose_engine(Duration::from_secs(3)));
//!
//! clock.advance(Duration::from_secs(3));
//! breaker.try_acquire()?.success();
//! assert_eq!(breaker.state(), State::Closed);
//! # Ok::<(), fusebox::Rejected>(())
//! ```
