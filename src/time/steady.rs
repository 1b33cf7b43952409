//! Whether a system clock that jumps is believed.
//!
//! A clock that is set by hours takes alerts with it: what fires has no data any more, and `for` is over at
//! once. So time goes on evenly from where it was, until the data that arrives tells that the new time is the
//! right one: its senders have clocks of their own. Nothing but these two times is ever believed, so that
//! no sender can move the clock anywhere.
//!
//! Pure: readings of both clocks come in as numbers.

/// Differences up to this are what a clock is corrected by now and then.
const CORRECTION_NS: i64 = 2_000_000_000;
/// Data this near to a time speaks for it.
const NEAR_NS: i64 = 60_000_000_000;
/// The votes of so long count.
const VOTE_NS: i64 = 10_000_000_000;
/// Where nobody votes, a jump is believed after this.
const SILENCE_NS: i64 = 30_000_000_000;

/// Readings of the system at one moment, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Since the epoch; may jump.
    pub wall_ns: i64,
    /// Since the machine started; goes on evenly, also while it sleeps.
    pub boot_ns: i64,
}

impl Reading {
    fn offset_ns(self) -> i64 {
        self.wall_ns.saturating_sub(self.boot_ns)
    }
}

/// A jump about which nothing is decided yet.
#[derive(Clone, Copy, Debug)]
struct Jump {
    offset_ns: i64,
    /// When its votes began to be counted.
    since_ns: i64,
    for_it: u64,
    against: u64,
    /// Votes were against it before.
    refused: bool,
}

/// What happened to the clock at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The system's clock jumped by so much.
    Jumped { by_ns: i64 },
    /// And is believed now.
    Believed { by_ns: i64 },
}

#[derive(Clone, Debug)]
pub struct Steady {
    /// The believed time is the time since the start of the machine and this.
    offset_ns: i64,
    jump: Option<Jump>,
}

impl Steady {
    /// Begins with the system's time, or goes on where an earlier process on the same start of the machine
    /// was.
    pub fn new(now: Reading, earlier_offset_ns: Option<i64>) -> Steady {
        Steady { offset_ns: earlier_offset_ns.unwrap_or(now.offset_ns()), jump: None }
    }

    pub fn offset_ns(&self) -> i64 {
        self.offset_ns
    }

    /// The time, in nanoseconds since the epoch.
    pub fn now_ns(&mut self, now: Reading) -> (i64, Option<Event>) {
        let event = self.look(now);
        (now.boot_ns.saturating_add(self.offset_ns), event)
    }

    /// How far the system's clock is from the believed time.
    pub fn jump_ns(&self) -> i64 {
        self.jump.map_or(0, |jump| jump.offset_ns - self.offset_ns)
    }

    /// Data of a time arrived.
    pub fn arrived(&mut self, time_ns: i64, now: Reading) {
        let Some(jump) = &mut self.jump else { return };
        let is_near =
            |offset_ns: i64| now.boot_ns.saturating_add(offset_ns).abs_diff(time_ns) <= NEAR_NS as u64;
        match (is_near(jump.offset_ns), is_near(self.offset_ns)) {
            (true, false) => jump.for_it += 1,
            (false, true) => jump.against += 1,
            _ => {}
        }
    }

    fn look(&mut self, now: Reading) -> Option<Event> {
        let offset_ns = now.offset_ns();
        let by_ns = offset_ns.saturating_sub(self.offset_ns);
        if by_ns.abs() <= CORRECTION_NS {
            (self.offset_ns, self.jump) = (offset_ns, None);
            return None;
        }
        let fresh = Jump { offset_ns, since_ns: now.boot_ns, for_it: 0, against: 0, refused: false };
        let Some(jump) =
            self.jump.as_mut().filter(|jump| jump.offset_ns.abs_diff(offset_ns) <= CORRECTION_NS as u64)
        else {
            self.jump = Some(fresh);
            return Some(Event::Jumped { by_ns });
        };
        let waited_ns = now.boot_ns - jump.since_ns;
        if waited_ns < VOTE_NS {
            return None;
        }
        let silent = jump.for_it == 0 && jump.against == 0;
        let is_believed = match silent {
            // Who was against it may be away for a while.
            true => !jump.refused && waited_ns >= SILENCE_NS,
            false => jump.for_it > jump.against,
        };
        if is_believed {
            (self.offset_ns, self.jump) = (offset_ns, None);
            return Some(Event::Believed { by_ns });
        }
        if !silent {
            *jump = Jump { refused: true, ..fresh };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const HOUR: i64 = 3_600 * SECOND;
    const EPOCH: i64 = 1_795_694_400 * SECOND;

    /// A machine whose wall clock is set by hand, and whose data has its own time.
    struct Machine {
        steady: Steady,
        boot_ns: i64,
        wall_ahead_ns: i64,
    }

    impl Machine {
        fn new() -> Machine {
            let now = Reading { wall_ns: EPOCH, boot_ns: 0 };
            Machine { steady: Steady::new(now, None), boot_ns: 0, wall_ahead_ns: 0 }
        }

        fn reading(&self) -> Reading {
            Reading { wall_ns: EPOCH + self.boot_ns + self.wall_ahead_ns, boot_ns: self.boot_ns }
        }

        /// Lets seconds pass, each with data that is ahead of the true time by so much; by how much the
        /// believed time is ahead then.
        fn pass(&mut self, seconds: i64, data_ahead_ns: Option<i64>) -> i64 {
            for _ in 0..seconds {
                self.boot_ns += SECOND;
                let now = self.reading();
                data_ahead_ns
                    .iter()
                    .for_each(|ahead| self.steady.arrived(EPOCH + self.boot_ns + ahead - SECOND, now));
                self.steady.now_ns(now);
            }
            self.steady.now_ns(self.reading()).0 - EPOCH - self.boot_ns
        }
    }

    #[test]
    fn corrections_are_followed_at_once() {
        let mut machine = Machine::new();
        machine.wall_ahead_ns = SECOND;
        assert_eq!(machine.pass(1, None), SECOND);
        machine.wall_ahead_ns = 0;
        assert_eq!(machine.pass(1, None), 0);
    }

    #[test]
    fn a_jump_that_no_data_has_is_not_believed_however_long_it_lasts() {
        for by in [HOUR, -HOUR, 24 * HOUR, -24 * HOUR] {
            let mut machine = Machine::new();
            machine.pass(5, Some(0));
            machine.wall_ahead_ns = by;
            assert_eq!(machine.pass(1_000, Some(0)), 0, "{by}");
            assert_eq!(machine.steady.jump_ns(), by);
            assert_eq!(machine.pass(1_000, None), 0, "its senders are away for a while");
            machine.wall_ahead_ns = 0;
            assert_eq!((machine.pass(1, None), machine.steady.jump_ns()), (0, 0));
        }
    }

    #[test]
    fn a_jump_that_the_data_has_too_is_believed() {
        let mut machine = Machine::new();
        machine.wall_ahead_ns = -HOUR;
        assert_eq!(machine.pass(9, Some(-HOUR)), 0);
        assert_eq!(machine.pass(3, Some(-HOUR)), -HOUR);
        machine.wall_ahead_ns = HOUR;
        assert_eq!(machine.pass(25, Some(0)), -HOUR);
        assert_eq!(machine.pass(10, Some(0)), HOUR, "data of neither time is as good as none");
    }

    #[test]
    fn where_there_is_no_data_a_jump_is_believed_after_a_while() {
        let mut machine = Machine::new();
        machine.wall_ahead_ns = 5 * HOUR;
        assert_eq!(machine.pass(29, None), 0);
        assert_eq!(machine.pass(3, None), 5 * HOUR);
    }

    #[test]
    fn a_process_goes_on_where_the_one_before_was() {
        let mut machine = Machine::new();
        machine.pass(100, Some(0));
        machine.wall_ahead_ns = HOUR;
        let earlier = machine.steady.offset_ns();
        machine.steady = Steady::new(machine.reading(), Some(earlier));
        assert_eq!(machine.pass(100, Some(0)), 0);
    }

    #[test]
    fn old_data_is_no_vote() {
        let mut machine = Machine::new();
        machine.pass(5, Some(-72 * HOUR));
        assert_eq!(machine.pass(600, Some(-72 * HOUR)), 0);
        machine.wall_ahead_ns = HOUR;
        assert_eq!(machine.pass(40, Some(-72 * HOUR)), HOUR);
    }
}
