//! The signals that are listened to.

#[cfg(not(unix))]
pub(super) use elsewhere::Signals;
#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use super::super::Signal;
    use std::{future::pending, io};
    use tokio::signal::unix::{self, SignalKind, signal};

    pub(crate) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        /// None where it does nothing, and shall not.
        hang_up: Option<unix::Signal>,
    }

    impl Signals {
        pub(crate) fn new() -> io::Result<Signals> {
            Ok(Signals {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: is_hang_up_heard().then(|| signal(SignalKind::hangup())).transpose()?,
            })
        }

        pub(crate) async fn next(&mut self) -> Signal {
            let hang_up = async {
                match &mut self.hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                _ = hang_up => Signal::HangUp,
            }
        }

        /// The next that somebody sends who does not want to wait. Of a terminal that is closed, the kernel and the
        /// shell both tell.
        pub(crate) async fn next_of_somebody(&mut self) -> Signal {
            loop {
                let next = self.next().await;
                if next != Signal::HangUp {
                    return next;
                }
            }
        }
    }

    /// Not where whoever started the process has SIGHUP ignored, as `nohup` does: to listen to it would undo
    /// that. The mask is that of `proc_pid_status(5)`; where it cannot be read, the signal does what it always does.
    #[cfg(target_os = "linux")]
    fn is_hang_up_heard() -> bool {
        std::fs::read_to_string("/proc/self/status").is_ok_and(|status| !is_ignored(&status))
    }

    /// Nothing says so.
    #[cfg(not(target_os = "linux"))]
    fn is_hang_up_heard() -> bool {
        false
    }

    /// Whether it is, or may be.
    #[cfg(target_os = "linux")]
    fn is_ignored(status: &str) -> bool {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        // The lowest bit is the signal with the number 1.
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
    }

    #[cfg(test)]
    #[cfg(target_os = "linux")]
    #[test]
    fn what_nohup_ignores_is_known() {
        let status = |mask: &str| format!("Name:\tpenstock\nSigIgn:\t{mask}\nSigCgt:\t0000000000000001\n");
        assert!(!is_ignored(&status("0000000000001000")));
        assert!(is_ignored(&status("0000000000001001")));
        assert!(is_ignored("Name:\tpenstock\n"));
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::super::Signal;
    use std::{future::pending, io};

    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn new() -> io::Result<Signals> {
            Ok(Signals)
        }

        pub(crate) async fn next(&mut self) -> Signal {
            // Fails only where there are no signals at all.
            if tokio::signal::ctrl_c().await.is_err() {
                pending::<()>().await;
            }
            Signal::Interrupt
        }

        pub(crate) async fn next_of_somebody(&mut self) -> Signal {
            self.next().await
        }
    }
}
