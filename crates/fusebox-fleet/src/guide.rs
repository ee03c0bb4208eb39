//! A guide to sharing: why votes with a veto, what the lease is worth, and when not to share.
//!
//! No code but examples lives here; each is compiled and run with the tests.
//!
//! # Symbols
//! | symbol | meaning |
//! |---|---|
//! | `N` | instances |
//! | `r` | calls per second of one instance |
//! | `τ` | seconds until a failure is known: the timeout, when calls hang |
//! | `s` | seconds until news has arrived |
//! | `k` | failures that trip a breaker alone |
//! | `k_s` | failures in a row that make an instance suspicious, [`suspicion_run`] |
//! | `T` | open period of the breaker, [`open_for`] |
//! | `R` | time over which a fleet closes, [`stagger`] |
//!
//! # Why votes
//! The simplest way to share is one flag: whoever trips opens all. A breaker trips for three reasons: the
//! downstream is bad, the path to it is bad, or the instance itself is bad. The flag turns the second and the
//! third into an outage of the whole fleet. The next simplest is to merge all counts. Then one bad instance
//! among many good ones is a share of failures too small to notice: nobody opens, and the bad one fails on.
//! [`Mode::AnyOpen`] and [`Mode::PooledNaive`] are here to show this; they are no modes to run with.
//!
//! Votes separate the cases. An instance tells one of three opinions: *idle*, *fine*, *suspect*. The fleet opens
//! when the suspects are at least half of those that have an opinion, and never fewer than two.
//!
//! A vote must mean the same as a trip, on less evidence: a run of `k_s` failures. It must not be a lower
//! threshold. With every fourth call failing, "4 of the last 20" is true most of the time, on most instances, so
//! a fault that each breaker could live with would open all of them; "4 in a row" hardly ever is. When
//! instances err independently, with probability `π` each, a jury of `N` errs with the probability that at least
//! the needed `q` err together. It is better than its members only while `π` is below `q/N`, and worse above:
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
//! A quorum says that *most* see trouble. An instance that sees none knows better about its own path: perhaps
//! it talks to another shard, or from another zone. So an open verdict opens only breakers whose instance
//! suspects the downstream, too; the others stay closed, and say so once ([`Notice::Vetoed`]). When its own
//! calls begin to fail, an instance joins after `k_s` failures instead of `k`.
//!
//! The veto makes coordination safe to have: whatever the others say, an instance whose calls succeed goes
//! on. Only an operator can stop it. And a local trip always works: the fleet can open a breaker sooner,
//! it cannot keep it from opening.
//!
//! The reverse is worth knowing, too. When an instance's own breaker is open while most of the fleet is fine,
//! the failure is its own, and [`Notice::Localised`] says so.
//!
//! # What the lease promises, and what it does not
//! While the fleet is open, one instance at a time has the right to probe: `N` breakers alone send `N/T` probes
//! a second to a downstream that tries to recover, a fleet one per gap. The gap is `T/N`, [`Settings::gap`], so
//! that for about the same load on the downstream its recovery is found up to `N` times sooner. With each probe
//! that fails it grows as the breaker's own open period would, by its back-off, so that a fleet never probes
//! more rarely than its breakers alone.
//!
//! The lease promises:
//! - It ends when it said it would, by the engine's clock, whatever becomes of its holder. A request that is
//!   refused changes nothing, so a fleet that asks all the time does not keep a dead prober's lease alive.
//! - A result that comes after it has ended, or from another instance, is not counted: each lease has a
//!   [`Token`], and only the present one settles.
//! - A prober that failed or fell silent lets another suspect go first for one gap.
//!
//! The lease is a bound on load. It is *no lock*, and nothing is built on its being exclusive: when a
//! replicated server fails over and loses its last write, two instances may probe at once. Then the
//! downstream gets one call more, and the older result is not counted. No state of any breaker is wrong because
//! of it.
//!
//! A prober waits for its own next call. A lease therefore lasts for a call's timeout and three times the mean
//! wait for a call: with a call every two seconds, a shorter one would lapse again and again.
//!
//! An instance whose breaker has tripped by itself asks for the lease like one that the fleet holds. It is not held: with
//! the lease its own open period ends, and its own half-open period is the fleet's probe, which decides in its own breaker,
//! too. Its back-off goes on. So the lease finds the recovery also where every breaker trips before the verdict is
//! heard. Two things are different there. The breakers' own open periods run on, so together they probe up to twice as
//! often as they would alone. And once the fleet has closed, each still closes by a probe of its own, within `R` and
//! its next call. A half-open period that needs several calls may outlive its lease; then its end is the breaker's
//! own, and somebody else probes for the fleet.
//!
//! # Why by turns
//! Breakers alone close at different times. That is a ramp for the downstream, and it comes for free. A
//! fleet that decides together would close in one step, so each instance closes at a random moment within
//! `R`. That costs `N·r·R/2` rejected calls, and the load grows by `N·r/R` a second: choose `R` by what the
//! downstream can take when it is cold.
//!
//! # Without the engine
//! An instance trusts its view for [`stale_after`], counted from when it sent the report that the engine
//! answered. After that it is alone. What the fleet held becomes an open period of the instance's own, of
//! random length, so that a dead engine does not make all instances probe at once; its own half-open probe
//! decides. An engine that has forgotten everything is another [`Incarnation`]. That says nothing about the
//! downstream, so nobody closes because of it. The same happens when the engine lost its last writes: an instance
//! that knows of a later epoch makes it begin a new life.
//!
//! # When not to share
//! Sharing saves the calls that each instance would have to waste on its own evidence. From a total failure
//! until all are open, breakers alone waste `N·(k + r·τ)` calls, breakers that share `k + N·r·(τ + s)`. Both
//! hold the calls `N·r·τ` that were under way before anybody could know. So sharing pays when counting is the
//! slow part, `k/r` much longer than `τ + s`; with long timeouts or much traffic it pays little:
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
//! Do not share, either, what does not fail together. A breaker for a service of four shards knows nothing
//! about shards, and sharing makes it wrong on more instances at once. Give each failure domain a
//! [`BreakerKey`] of its own first.
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
