//! A guide to sharing: why votes with a veto, what the lease is worth, and when not to share.
//!
//! Every example below runs with the tests.
//!
//! # Symbols
//! | symbol | meaning |
//! |---|---|
//! | `N` | instances |
//! | `r` | calls per second of one instance |
//! | `τ` | seconds until a failure is known: the call timeout, when calls hang |
//! | `s` | seconds that news takes to arrive |
//! | `k` | failures in a row that trip a breaker alone |
//! | `k_s` | failures in a row that make an instance suspect the downstream, [`suspicion_run`] |
//! | `T` | open period of the breaker, [`open_for`] |
//! | `R` | time over which the breakers of a fleet close, [`stagger`] |
//!
//! # Why votes
//! The simplest way to share is one flag: the first breaker that trips opens all. A breaker trips for one of three
//! reasons: the downstream is bad, the path to it is bad, or the instance itself is bad. The flag turns the second
//! and the third into an outage of the whole fleet. The next simplest way is to merge all counts. Then one bad
//! instance among many good ones adds too small a share of failures to matter: no breaker opens, and the bad instance
//! keeps failing. [`Mode::AnyOpen`] and [`Mode::PooledNaive`] exist to show this harm; do not use them in production.
//!
//! Votes separate the cases. Each instance reports one of three opinions: *idle*, *fine* or *suspect*. The fleet
//! opens when at least half of the instances with an opinion suspect the downstream, and never on fewer than two
//! votes.
//!
//! A vote must mean the same as a trip, on less evidence: a run of `k_s` failures. It must not mean a lower
//! threshold. Suppose that every fourth call fails. Then "4 of the last 20" is true most of the time on most
//! instances, so a fault that each breaker could tolerate would open all of them. "4 in a row" is almost never true.
//! When instances err independently with probability `π` each, a jury of `N` errs with the probability that at least
//! the needed `q` err together. The jury is better than its members only while `π` is below `q/N`; above that it is
//! worse:
//!
//! ```
//! /// The probability that at least `q` of `n` happen, each with probability `p`.
//! fn at_least(q: u32, n: u32, p: f64) -> f64 {
//!     let mut term = (1.0 - p).powi(n as i32); // none
//!     let mut below = 0.0;
//!     for happened in 0..q {
//!         below += term;
//!         term *= f64::from(n - happened) / f64::from(happened + 1) * p / (1.0 - p);
//!     }
//!     1.0 - below
//! }
//!
//! let errs = 0.25_f64; // share of failing calls that each breaker could live with
//! let run = errs.powi(4); // the last four all failed
//! let count = at_least(4, 20, errs); // four of the last twenty failed
//! assert!(at_least(5, 10, run) < 1e-9);
//! assert!(count > 0.77 && at_least(5, 10, count) > 0.98);
//! ```
//!
//! # Why a veto
//! A quorum says that *most* instances see trouble. An instance that sees none knows more about its own path: perhaps
//! it talks to another shard, or from another zone. So an open verdict opens only the breakers of instances that
//! suspect the downstream, too. The others stay closed and say so once ([`Notice::Vetoed`]). When its own calls begin
//! to fail, such an instance opens after `k_s` failures instead of `k`.
//!
//! The veto makes coordination safe: whatever the others say, an instance whose calls succeed goes on. Only an
//! operator can stop it. And a local trip always works: the fleet can make a breaker open sooner, but cannot keep it
//! from opening.
//!
//! The reverse case is reported, too. When an instance's own breaker is open while most of the fleet is fine, the
//! failure is on that instance, and [`Notice::Localised`] says so.
//!
//! # What the lease promises, and what it does not
//! While the fleet is open, one instance at a time has the right to probe. `N` breakers alone send `N/T` probes per
//! second to a downstream that tries to recover; a fleet sends one per gap. The gap is `T/N`, see [`Settings::gap`],
//! so for about the same load the recovery is detected up to `N` times sooner. The gap grows with each failed probe
//! as the breaker's own open period would, by its back-off. So a fleet never probes less often than one of its
//! breakers would alone.
//!
//! The lease promises:
//! - It ends at the stated time, by the engine's clock, whatever becomes of its holder. A refused request changes
//!   nothing, so a fleet that keeps asking does not keep a dead prober's lease alive.
//! - A result that comes after the lease has ended, or from another instance, does not count: each lease has a
//!   [`Token`], and only the present one settles.
//! - A prober that failed or fell silent lets another suspect go first for one gap.
//!
//! The lease bounds the load of probes. It is *no lock*, and nothing relies on it being exclusive. When a replicated
//! server fails over and loses its last write, two instances may probe at once. Then the downstream gets one more
//! call, and the older result does not count. No breaker is in a wrong state because of it.
//!
//! A prober waits for its own next call. So a lease lasts for one call timeout plus three times the mean interval
//! between calls. With a call every two seconds, a shorter lease would often end before a call comes.
//!
//! An instance whose breaker has tripped by itself asks for the lease as well, like an instance that the fleet holds.
//! Such a breaker is not held. With the lease, its own open period ends, and its own half-open period is the fleet's
//! probe and also decides in the breaker itself. Its back-off goes on. So the lease helps also where every breaker
//! trips before it hears the verdict. Two things differ there. First, the breakers' own open periods run on, so
//! together they probe up to twice as often as they would alone. Second, once the fleet has closed, each breaker
//! still closes by a probe of its own, within `R` and its next call. A half-open period that needs several calls may
//! outlast its lease; then its end concerns only the breaker, and another instance probes for the fleet.
//!
//! # Why close in turn
//! Breakers alone close at different times, which gives the downstream a ramp for free. A fleet that decides together
//! would close in one step, so each instance closes at a random moment within `R`. That costs `N·r·R/2` rejected
//! calls, and the load grows by `N·r/R` per second. Choose `R` by what the downstream can take when it is cold.
//!
//! # Without the engine
//! An instance trusts its view for [`stale_after`], counted from when it sent the report that the engine answered.
//! After that it is alone. A hold becomes an open period of the breaker's own, of random length, so that a dead
//! engine does not make all instances probe at once; then the breaker's own half-open probe decides. An engine that
//! has forgotten everything has another [`Incarnation`]. That says nothing about the downstream, so no breaker closes
//! because of it. The same happens when the engine has lost its last writes: an instance that knows of a later epoch
//! makes it begin a new life.
//!
//! # When not to share
//! Sharing saves the calls that each instance would have to waste on its own evidence. From a total failure until all
//! breakers are open, `N` breakers alone waste `N·(k + r·τ)` calls, and breakers that share waste `k + N·r·(τ + s)`.
//! Both include the `N·r·τ` calls that were under way before any instance could know. So sharing pays when counting
//! is the slow part, that is, when `k/r` is much longer than `τ + s`. With long timeouts or much traffic it gains
//! little:
//!
//! ```
//! let alone = |n: f64, k: f64, r: f64, timeout: f64| n * (k + r * timeout);
//! let shared = |n: f64, k: f64, r: f64, timeout: f64, news: f64| k + n * r * (timeout + news);
//! let gain = |k, r, timeout| alone(100.0, k, r, timeout) / shared(100.0, k, r, timeout, 0.005);
//!
//! assert!(gain(20.0, 0.2, 0.1) > 80.0); // rare calls, quick failures
//! assert!(gain(5.0, 10.0, 1.0) < 1.5); // timeouts are what takes the time
//! ```
//!
//! Do not share what does not fail together, either. A breaker for a service of four shards knows nothing about
//! shards, and sharing makes it wrong on more instances at once. Give each failure domain a [`BreakerKey`] of its own
//! first.
//!
//! [`suspicion_run`]: crate::SettingsBuilder::suspicion_run
//! [`open_for`]: crate::SettingsBuilder::open_for
//! [`stagger`]: crate::SettingsBuilder::stagger
//! [`stale_after`]: crate::SettingsBuilder::stale_after
//! [`Mode::AnyOpen`]: crate::Mode::AnyOpen
//! [`Mode::PooledNaive`]: crate::Mode::PooledNaive
//! [`Notice::Vetoed`]: crate::Notice::Vetoed
//! [`Notice::Localised`]: crate::Notice::Localised
//! [`Settings::gap`]: crate::Settings::gap
//! [`Token`]: crate::Token
//! [`Incarnation`]: crate::Incarnation
//! [`BreakerKey`]: crate::BreakerKey
