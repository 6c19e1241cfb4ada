//! Places where a test kills this process (F01), or makes it panic (S55).
//!
//! [`hit`] does nothing unless the environment names the very place:
//! `BECKON_FAILPOINT=stop@accept.written` says so on standard error and stands still, so
//! that whoever started the process can kill it there, by `kill -9` and without any
//! clean-up; `panic@…` panics, once. Both only in a build with debug assertions: what is
//! shipped knows no such variable, and the tests need no build of their own.

/// The places, by use case. Each is killed by `server/tests/faults/kill.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// An import was opened, nobody was told.
    SubmitOpened,
    /// A chunk of rows was stored, nobody was told.
    SubmitChunk,
    /// Everything of a small import was written, not committed.
    SubmitWritten,
    /// It was committed, nobody was told.
    SubmitCommitted,
    /// A slice of a large import was written, not committed.
    SliceWritten,
    /// A slice was committed.
    SliceCommitted,
    /// The invitations are accepted, there is no account and no membership yet.
    AcceptMarked,
    /// Everything was written, not committed.
    AcceptWritten,
    /// It was committed, nobody was told.
    AcceptCommitted,
    /// Mails were claimed, none was sent.
    MailClaimed,
    /// The mail server took a mail, nothing was written down (F02).
    MailSent,
    /// What became of it was written, not committed.
    MailWritten,
    /// It was committed.
    MailRecorded,
    /// Invitations were expired, not committed.
    ExpiryWritten,
    /// It was committed.
    ExpiryCommitted,
}

impl Point {
    /// Every place.
    pub const ALL: [Self; 15] = [
        Self::SubmitOpened,
        Self::SubmitChunk,
        Self::SubmitWritten,
        Self::SubmitCommitted,
        Self::SliceWritten,
        Self::SliceCommitted,
        Self::AcceptMarked,
        Self::AcceptWritten,
        Self::AcceptCommitted,
        Self::MailClaimed,
        Self::MailSent,
        Self::MailWritten,
        Self::MailRecorded,
        Self::ExpiryWritten,
        Self::ExpiryCommitted,
    ];

    /// As the variable has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubmitOpened => "submit.opened",
            Self::SubmitChunk => "submit.chunk",
            Self::SubmitWritten => "submit.written",
            Self::SubmitCommitted => "submit.committed",
            Self::SliceWritten => "slice.written",
            Self::SliceCommitted => "slice.committed",
            Self::AcceptMarked => "accept.marked",
            Self::AcceptWritten => "accept.written",
            Self::AcceptCommitted => "accept.committed",
            Self::MailClaimed => "mail.claimed",
            Self::MailSent => "mail.sent",
            Self::MailWritten => "mail.written",
            Self::MailRecorded => "mail.recorded",
            Self::ExpiryWritten => "expiry.written",
            Self::ExpiryCommitted => "expiry.committed",
        }
    }
}

/// The place is come by.
#[cfg(debug_assertions)]
pub fn hit(point: Point) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    };

    static ASKED: OnceLock<Option<String>> = OnceLock::new();
    static DONE: AtomicBool = AtomicBool::new(false);
    let asked = ASKED.get_or_init(|| std::env::var("BECKON_FAILPOINT").ok());
    let Some((act, name)) = asked.as_deref().and_then(|asked| asked.split_once('@')) else {
        return;
    };
    if name != point.name() {
        return;
    }
    if act == "panic" {
        assert!(DONE.swap(true, Ordering::SeqCst), "failpoint {name}");
        return;
    }
    eprintln!("failpoint {name}");
    loop {
        std::thread::park();
    }
}

/// The place is come by; nothing happens in what is shipped.
#[cfg(not(debug_assertions))]
#[inline]
pub fn hit(_: Point) {}
