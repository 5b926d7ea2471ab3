//! Keeps one child process running.

use std::io;
use std::process::{Child, ChildStdin, Command, ExitStatus};
use std::time::Duration;

use runtime::Moment;

/// The first wait before a child that ended is started again.
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// The longest.
const WAIT_MOST: Duration = Duration::from_secs(5);
/// A child that ran this long had no trouble starting.
const RAN_WELL: Duration = Duration::from_secs(10);

/// How long to wait before the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BackOff {
    next: Duration,
}

impl BackOff {
    pub(super) fn new() -> Self {
        Self { next: WAIT_FIRST }
    }

    /// A child ended after so long.
    pub(super) fn on_ended(&mut self, ran: Duration) -> Duration {
        let wait = if ran >= RAN_WELL { WAIT_FIRST } else { self.next };
        self.next = (wait * 2).min(WAIT_MOST);
        wait
    }
}

/// What a look at a child found.
#[derive(Debug)]
pub(super) enum Seen {
    /// Nothing new.
    Same,
    /// It ended, and will be started again after so long.
    Ended(ExitStatus, Duration),
    /// It was started again.
    Started,
    /// It cannot be started.
    Failed(io::Error),
}

/// A child and how it is started.
pub(super) struct Keeper {
    pub(super) name: String,
    command: Box<dyn Fn() -> Command + Send>,
    state: State,
    back_off: BackOff,
}

enum State {
    Running {
        child: Child,
        _open: Option<ChildStdin>,
        since: Moment,
    },
    /// Asked to stop, to be started as something else.
    Leaving {
        child: Child,
        until: Moment,
    },
    Waiting {
        until: Moment,
    },
    Over,
}

impl Keeper {
    /// Starts the child.
    pub(super) fn start(
        name: impl Into<String>,
        command: Box<dyn Fn() -> Command + Send>,
        now: Moment,
    ) -> io::Result<Self> {
        let state = spawn(&*command, now)?;
        Ok(Self { name: name.into(), command, state, back_off: BackOff::new() })
    }

    /// Looks at the child; starts it again when it is time.
    pub(super) fn look(&mut self, now: Moment) -> Seen {
        match &mut self.state {
            State::Running { child, since, _open: _ } => match child.try_wait() {
                Ok(None) => Seen::Same,
                Ok(Some(status)) => {
                    let wait = self.back_off.on_ended(now.saturating_duration_since(*since));
                    self.state = State::Waiting { until: now + wait };
                    Seen::Ended(status, wait)
                }
                Err(error) => Seen::Failed(error),
            },
            State::Waiting { until } if now >= *until => match spawn(&*self.command, now) {
                Ok(state) => {
                    self.state = state;
                    Seen::Started
                }
                Err(error) => {
                    let wait = self.back_off.on_ended(Duration::ZERO);
                    self.state = State::Waiting { until: now + wait };
                    Seen::Failed(error)
                }
            },
            State::Leaving { child, until } => {
                let over = !matches!(child.try_wait(), Ok(None));
                if !over && now < *until {
                    return Seen::Same;
                }
                // One that does not stop in its time has lost the right to.
                let _ = child.kill();
                let _ = child.wait();
                self.state = State::Waiting { until: now };
                self.look(now)
            }
            State::Waiting { .. } | State::Over => Seen::Same,
        }
    }

    /// Has the child stop within its time and starts another command in its place.
    pub(super) fn replace(
        &mut self,
        command: Box<dyn Fn() -> Command + Send>,
        within: Duration,
        now: Moment,
    ) {
        self.command = command;
        self.back_off = BackOff::new();
        let state = std::mem::replace(&mut self.state, State::Waiting { until: now });
        self.state = match state {
            // Its standard input is closed by this, which asks it to stop.
            State::Running { child, .. } => State::Leaving { child, until: now + within },
            State::Leaving { child, until } => State::Leaving { child, until },
            State::Waiting { .. } => State::Waiting { until: now },
            State::Over => State::Over,
        };
    }

    /// Asks the child to stop: it hears the end of its standard input.
    pub(super) fn ask_to_stop(&mut self) {
        match &mut self.state {
            State::Running { _open, .. } => *_open = None,
            State::Leaving { .. } => {}
            State::Waiting { .. } | State::Over => self.state = State::Over,
        }
    }

    /// Whether it has ended for good, after it was asked to.
    pub(super) fn is_over(&mut self) -> bool {
        if let State::Running { child, .. } | State::Leaving { child, .. } = &mut self.state
            && matches!(child.try_wait(), Ok(Some(_)) | Err(_))
        {
            self.state = State::Over;
        }
        matches!(self.state, State::Over)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let State::Running { child, .. } | State::Leaving { child, .. } = &mut self.state {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(command: &dyn Fn() -> Command, now: Moment) -> io::Result<State> {
    let mut child = command().spawn()?;
    let open = child.stdin.take();
    Ok(State::Running { child, _open: open, since: now })
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_start_anew_after_a_good_run() {
        let mut back_off = BackOff::new();
        let waits: Vec<u128> =
            (0..8).map(|_| back_off.on_ended(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(back_off.on_ended(RAN_WELL), WAIT_FIRST);
        assert_eq!(back_off.on_ended(Duration::ZERO), 2 * WAIT_FIRST);
    }

    /// `cat` ends when its standard input does, as a child of ours.
    fn cat() -> Box<dyn Fn() -> Command + Send> {
        Box::new(|| {
            let mut command = Command::new("cat");
            command.stdin(Stdio::piped()).stdout(Stdio::null());
            command
        })
    }

    fn look_until(keeper: &mut Keeper, now: &mut Moment, mut wanted: impl FnMut(&Seen) -> bool) {
        for _ in 0..10_000 {
            *now += Duration::from_millis(1);
            if wanted(&keeper.look(*now)) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("it was never seen");
    }

    #[test]
    fn a_child_that_is_killed_is_started_again_and_one_that_is_asked_to_stop_is_not() {
        let mut now = runtime::now();
        let mut keeper = Keeper::start("cat", cat(), now).unwrap();
        let State::Running { child, .. } = &mut keeper.state else { panic!("it runs") };
        child.kill().unwrap();
        child.wait().unwrap();
        look_until(&mut keeper, &mut now, |seen| matches!(seen, Seen::Ended(_, WAIT_FIRST)));
        look_until(&mut keeper, &mut now, |seen| matches!(seen, Seen::Started));
        assert!(!keeper.is_over());
        keeper.ask_to_stop();
        let State::Running { child, .. } = &mut keeper.state else { panic!("it runs") };
        child.wait().unwrap();
        assert!(keeper.is_over());
        assert!(matches!(keeper.look(now + WAIT_MOST), Seen::Same));
    }

    #[test]
    fn a_child_that_is_replaced_stops_first_and_one_that_does_not_stop_is_killed() {
        let mut now = runtime::now();
        let mut keeper = Keeper::start("cat", cat(), now).unwrap();
        let sleeps = || -> Box<dyn Fn() -> Command + Send> {
            Box::new(|| {
                let mut command = Command::new("sleep");
                command.arg("60").stdin(Stdio::piped()).stdout(Stdio::null());
                command
            })
        };
        let long = Duration::from_secs(60);
        keeper.replace(sleeps(), long, now);
        look_until(&mut keeper, &mut now, |seen| matches!(seen, Seen::Started));
        // It takes no notice of its input.
        keeper.replace(cat(), Duration::from_millis(5), now);
        assert!(matches!(keeper.look(now), Seen::Same));
        now += Duration::from_millis(5);
        assert!(matches!(keeper.look(now), Seen::Started));
    }
}
