//! The wakers of a connection that its user drives, which pass on only what the user's task does not know.
//!
//! Sending a request wakes the driver of a connection, and an answer wakes the user that waits for it. That is needed
//! if both are tasks of their own. Here one task takes both turns, one after the other: waking it in one turn for the
//! other, which follows at once, would cost a second round in which there is nothing to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The wakers of one connection.
#[derive(Debug)]
pub(super) struct Wakers {
    standing: Arc<Standing>,
    user: Waker,
    driver: Waker,
}

#[derive(Debug)]
struct Standing(Mutex<(Turn, Waker)>);

/// What the task is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It waits, or is at something else.
    Neither,
    /// Whatever its user is at, the driver comes next.
    User,
    /// The driver, and the user comes next.
    Driver,
}

#[derive(Debug)]
struct ForUser(Arc<Standing>);

#[derive(Debug)]
struct ForDriver(Arc<Standing>);

impl Standing {
    fn lock(&self) -> MutexGuard<'_, (Turn, Waker)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the task, unless it is at that turn after which it looks anyway.
    fn wake_unless(&self, at: Turn) {
        let (turn, task) = &*self.lock();
        if *turn != at {
            task.wake_by_ref();
        }
    }
}

impl Wake for ForUser {
    fn wake(self: Arc<Self>) {
        self.0.wake_unless(Turn::Driver);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_unless(Turn::Driver);
    }
}

impl Wake for ForDriver {
    fn wake(self: Arc<Self>) {
        self.0.wake_unless(Turn::User);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_unless(Turn::User);
    }
}

impl Wakers {
    pub(super) fn new() -> Self {
        let standing = Arc::new(Standing(Mutex::new((Turn::Neither, Waker::noop().clone()))));
        Self {
            user: Waker::from(Arc::new(ForUser(Arc::clone(&standing)))),
            driver: Waker::from(Arc::new(ForDriver(Arc::clone(&standing)))),
            standing,
        }
    }

    /// The user begins something that wakes the driver. Before its task waits, it takes [`turns`](Self::turns).
    pub(super) fn begin(&self) {
        self.standing.lock().0 = Turn::User;
    }

    /// Both turns of the task of `cx`: the user's, that of the driver, and the user's again, until the user
    /// has what it wants.
    pub(super) fn turns<T>(
        &self,
        cx: &Context<'_>,
        mut user: impl FnMut(&mut Context<'_>) -> Poll<T>,
        driver: impl FnOnce(&mut Context<'_>),
    ) -> Poll<T> {
        let mut users = Context::from_waker(&self.user);
        self.enter(Turn::User, cx);
        let mut got = user(&mut users);
        if got.is_pending() {
            self.enter(Turn::Driver, cx);
            driver(&mut Context::from_waker(&self.driver));
            self.enter(Turn::Neither, cx);
            got = user(&mut users);
        }
        // With an answer in hand nobody waits: whoever comes next begins with the driver or with the user.
        got
    }

    /// A turn of the driver alone, for the task of `cx`.
    pub(super) fn drive<T>(
        &self,
        cx: &Context<'_>,
        driver: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.enter(Turn::Neither, cx);
        driver(&mut Context::from_waker(&self.driver))
    }

    fn enter(&self, turn: Turn, cx: &Context<'_>) {
        let waker = {
            let mut standing = self.standing.lock();
            standing.0 = turn;
            let same = standing.1.will_wake(cx.waker());
            (!same).then(|| std::mem::replace(&mut standing.1, cx.waker().clone()))
        };
        // A waker runs foreign code when it goes, so it goes outside the lock.
        drop(waker);
    }
}
