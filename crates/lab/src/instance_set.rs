//! The set of instances of a lab, each of which can be stopped and started again while the others go on.
//!
//! A stopped instance is absent: a connection to it is refused, and its fleet goes on without it. It keeps its
//! address, its settings and its counters; its breaker begins anew when it is started.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::serve::{Listening, listen};
use crate::settings::Serving;
use crate::shutdown::Stop;

/// All instances, in their order.
pub(crate) struct InstanceSet {
    members: Vec<Member>,
    serving: Serving,
    told: Told,
}

/// Receives the place of an instance that stops, or works again.
type Told = Box<dyn Fn(usize, Turn) + Send + Sync>;

/// The fate of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Stops,
    Starts,
}

/// The reason why an instance is neither stopped nor started.
#[derive(Debug)]
pub(crate) enum Unmoved {
    /// It is already in that state.
    Already,
    /// It still finishes answers that are under way.
    StillStopping,
    /// The lab ends.
    LabEnds,
    /// Its address is taken by another process, or the system refuses it.
    NoAddress(Failure),
}

/// One instance.
struct Member {
    name: String,
    address: SocketAddr,
    instance: Instance,
    work: Mutex<Work>,
}

enum Work {
    Running(Stop, Ended),
    /// It was told to stop, and has stopped once its task has ended.
    Stopping(Ended),
    /// The lab ends, and so does everything that has not ended yet.
    Over,
}

/// Becomes true once an instance has ended.
type Ended = watch::Receiver<bool>;

/// An instance whose task has broken down has ended, too, and cannot say so.
fn has_ended(ended: &Ended) -> bool {
    *ended.borrow() || ended.has_changed().is_err()
}

impl InstanceSet {
    /// Starts these instances; `told` receives each one that is stopped or started again. Call it within a runtime.
    pub(crate) fn start(
        instances: impl IntoIterator<Item = (String, Instance, Listening)>,
        serving: &Serving,
        told: impl Fn(usize, Turn) + Send + Sync + 'static,
    ) -> Self {
        let members = instances
            .into_iter()
            .map(|(name, instance, listening)| Member {
                name,
                address: listening.address,
                work: Mutex::new(run(&instance, listening, serving)),
                instance,
            });
        Self {
            members: members.collect(),
            serving: serving.clone(),
            told: Box::new(told),
        }
    }

    /// The instances, each with its name.
    pub(crate) fn instances(&self) -> impl Iterator<Item = (&str, &Instance)> {
        let members = self.members.iter();
        members.map(|member| (&*member.name, &member.instance))
    }

    /// Where an instance listens, or did before it was stopped.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        let members = self.members.iter();
        members.map(|member| (&*member.name, member.address))
    }

    /// The place of the instance of this name.
    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }

    /// Whether the instance was not stopped.
    pub(crate) fn works(&self, place: usize) -> bool {
        matches!(*self.members[place].work(), Work::Running(..))
    }

    /// Stops an instance. Returns once it no longer listens: answers under way have been given, within their time
    /// limit.
    ///
    /// # Errors
    ///
    /// The reason why it is not stopped.
    pub(crate) async fn stop(&self, place: usize) -> Result<(), Unmoved> {
        let mut ended = {
            let mut work = self.members[place].work();
            let (stop, ended) = match &*work {
                Work::Running(stop, ended) => (stop, ended.clone()),
                Work::Stopping(_) => return Err(Unmoved::Already),
                Work::Over => return Err(Unmoved::LabEnds),
            };
            stop.begin();
            *work = Work::Stopping(ended.clone());
            (self.told)(place, Turn::Stops);
            ended
        };
        // One that is gone has ended, too.
        let _ = ended.wait_for(|ended| *ended).await;
        Ok(())
    }

    /// Starts an instance that was stopped, at the address that it had. Call it within a runtime.
    ///
    /// # Errors
    ///
    /// The reason why it is not started.
    pub(crate) fn start_again(&self, place: usize) -> Result<(), Unmoved> {
        let member = &self.members[place];
        let mut work = member.work();
        match &*work {
            Work::Running(..) => return Err(Unmoved::Already),
            Work::Stopping(ended) if !has_ended(ended) => return Err(Unmoved::StillStopping),
            Work::Stopping(_) => {}
            Work::Over => return Err(Unmoved::LabEnds),
        }
        let who = format!("instance {}", member.name);
        let listening = listen(member.address, &who, "a restart of the lab with --listen");
        let listening = listening.map_err(Unmoved::NoAddress)?;
        member.instance.begin_anew();
        *work = run(&member.instance, listening, &self.serving);
        (self.told)(place, Turn::Starts);
        Ok(())
    }

    /// Ends all instances, and returns once they have ended. None can be started after that.
    ///
    /// # Errors
    ///
    /// If an instance was gone before its end.
    pub(crate) async fn end(&self) -> Result<(), Failure> {
        let ends = self.members.iter().map(|member| {
            let work = std::mem::replace(&mut *member.work(), Work::Over);
            if let Work::Running(stop, _) = &work {
                stop.begin();
            }
            (member, work)
        });
        // All begin to end before the first is waited for.
        let ends: Vec<_> = ends.collect();
        for (member, work) in ends {
            if let Work::Running(_, mut ended) | Work::Stopping(mut ended) = work {
                let ended = ended.wait_for(|ended| *ended).await;
                ended.map_err(|_| Failure::runtime(format!("instance {} failed", member.name)))?;
            }
        }
        Ok(())
    }
}

impl Member {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets an instance answer from now on.
fn run(instance: &Instance, listening: Listening, serving: &Serving) -> Work {
    let (stop, shutdown) = Stop::new();
    let (tell, ended) = watch::channel(false);
    let (instance, serving) = (instance.clone(), serving.clone());
    tokio::spawn(async move {
        instance.serve(listening, serving, shutdown).await;
        tell.send_replace(true);
    });
    Work::Running(stop, ended)
}

impl fmt::Debug for InstanceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.members.iter().map(|member| &member.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_whose_task_has_broken_down_has_ended() {
        let (tell, ended) = watch::channel(false);
        assert!(!has_ended(&ended));
        drop(tell);
        assert!(has_ended(&ended));
    }
}
