//! How long something takes, how long it will, and when it was.

/// What is left of a stage that has gone on for `stage_s` (s), at the pace so far: `first` of `all` steps were
/// done when it began, `done` are now. Empty before its first step and after its last.
pub fn left(stage_s: f64, first: u64, done: u64, all: u64) -> String {
    let (since, to_do) = (done.saturating_sub(first), all.saturating_sub(done));
    if since == 0 || to_do == 0 {
        return String::new();
    }
    format!("{} left", duration(stage_s * to_do as f64 / since as f64))
}

/// Seconds in two units at most: `1 min 40 s`, `2 h 30 min`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{} min {} s", seconds / 60, seconds % 60),
        600..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Civil date and time of seconds since 1970 in the Gregorian calendar: `2026-02-28 23:59:59 UTC`.
pub fn date(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while 365 + u64::from(leap(year)) <= days {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year}-{month:02}-{:02} {hour:02}:{minute:02}:{:02} UTC", days + 1, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // As `date -u -d @…` prints them.
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00:00 UTC");
        assert_eq!(date(1_798_761_599), "2026-12-31 23:59:59 UTC");
    }

    #[test]
    fn what_is_left_goes_by_the_steps_that_were_done_in_this_run() {
        assert_eq!(left(100.0, 0, 2, 10), "6 min 40 s left");
        // Eight of ten were taken up from a checkpoint.
        assert_eq!(left(100.0, 8, 9, 10), "1 min 40 s left");
        assert_eq!(left(0.0, 8, 8, 10), "");
        assert_eq!(left(100.0, 0, 10, 10), "");
    }

    #[test]
    fn times_are_said_in_two_units_at_most() {
        for (seconds, said) in [
            (0.4, "0 s"),
            (59.0, "59 s"),
            (61.0, "1 min 1 s"),
            (3000.0, "50 min"),
            (9000.0, "2 h 30 min"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }
}
