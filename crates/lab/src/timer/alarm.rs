//! An alarm: one instant to wait for, as precisely as the system can.

#[cfg(target_os = "linux")]
pub(crate) use precise::Alarm;

#[cfg(not(target_os = "linux"))]
pub(crate) use coarse::Alarm;

#[cfg(target_os = "linux")]
mod precise {
    use std::os::fd::OwnedFd;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;
    use tokio::time::{Instant, sleep_until};

    const ZERO: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };

    /// One instant to wait for.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        /// Without one (the process may be out of descriptors) the runtime's timer is used.
        timer: Option<AsyncFd<OwnedFd>>,
    }

    impl Alarm {
        /// Call it within a runtime.
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for descriptors that others may close; this one is owned"
        )]
        pub(crate) fn new() -> Self {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
            Self {
                timer: timer.and_then(|timer| AsyncFd::new(timer).ok()),
            }
        }

        /// An alarm by the runtime's timer, whose time a test can move.
        #[cfg(test)]
        pub(crate) fn of_runtime() -> Self {
            Self { timer: None }
        }

        /// Returns at `deadline`, or at once when it has passed. It may be dropped and called again.
        pub(crate) async fn wait_until(&mut self, deadline: Instant) {
            let Some(timer) = &self.timer else {
                return sleep_until(deadline).await;
            };
            // An expiry that is not ours, left over from a wait that was dropped, is waited out.
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return;
                }
                let it_value = Timespec::try_from(left).unwrap_or(Timespec {
                    tv_sec: i64::MAX,
                    tv_nsec: 0,
                });
                let once = Itimerspec {
                    it_interval: ZERO,
                    it_value,
                };
                if timerfd_settime(timer.get_ref(), TimerfdTimerFlags::empty(), &once).is_err() {
                    return sleep_until(deadline).await;
                }
                // Setting the timer has reset the file, so only the flag of the runtime can be stale.
                match timer.readable().await {
                    Ok(mut ready) => ready.clear_ready(),
                    Err(_) => return sleep_until(deadline).await,
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod coarse {
    use tokio::time::{Instant, sleep_until};

    /// One instant to wait for.
    #[derive(Debug)]
    pub(crate) struct Alarm;

    impl Alarm {
        pub(crate) fn new() -> Self {
            Self
        }

        #[cfg(test)]
        pub(crate) fn of_runtime() -> Self {
            Self
        }

        /// Returns at `deadline`, or at once when it has passed. It may be dropped and called again.
        pub(crate) async fn wait_until(&mut self, deadline: Instant) {
            if deadline > Instant::now() {
                sleep_until(deadline).await;
            }
        }
    }
}
