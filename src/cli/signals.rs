//! Signals that end the process: files that are half written go first, then the process dies of the signal, so that shells see
//! what they expect (`$?` is 128 and the number of the signal).

#[cfg(unix)]
pub use unix::{die_of_closed_pipe, watch};

/// The exit code that shells show for a process that died because nobody reads its output: 128 and SIGPIPE.
pub const CLOSED_PIPE: u8 = 141;

#[cfg(unix)]
mod unix {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use crate::data::remove_unfinished;

    /// Waits for signals in a thread of its own. A signal that the caller ignores (`nohup`, a job in the background) stays
    /// ignored.
    pub fn watch() {
        // A file that may grow no longer (`ulimit -f`) is told as a full disk is: the write fails, once the signal has a handler.
        let _without = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
        let status = std::fs::read_to_string("/proc/self/status").ok();
        let ignored = status.as_deref().and_then(ignored_signals);
        let heeded = |signal: &i32| match ignored {
            Some(mask) => mask >> (signal - 1) & 1 == 0,
            // Without a word from the system: `nohup` is the usual case.
            None => *signal != SIGHUP,
        };
        let heeded: Vec<i32> = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU].into_iter().filter(heeded).collect();
        // Without the thread the process dies as ever, and leaves what it leaves.
        let Ok(mut signals) = Signals::new(heeded) else { return };
        let wait = move || {
            if let Some(signal) = signals.forever().next() {
                remove_unfinished();
                let _never = emulate_default_handler(signal);
            }
        };
        let _without = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    }

    /// Dies as other programs do whose output nobody reads any more.
    pub fn die_of_closed_pipe() {
        remove_unfinished();
        let _never = emulate_default_handler(SIGPIPE);
    }

    /// The signals that are ignored, one bit each, from `/proc/self/status`.
    fn ignored_signals(status: &str) -> Option<u64> {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn ignored_signals_are_read() {
            assert_eq!(ignored_signals("Name:\tx\nSigIgn:\t0000000000001003\nSigCgt:\t1\n"), Some(0x1003));
            assert_eq!(ignored_signals("Name:\tx\n"), None);
        }
    }
}

#[cfg(not(unix))]
pub fn watch() {}

#[cfg(not(unix))]
pub fn die_of_closed_pipe() {}
