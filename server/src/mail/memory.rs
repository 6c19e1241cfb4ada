//! Mails in memory, with failures on order, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Mail, MailFailure};

/// A mail that was taken.
#[derive(Clone)]
pub struct Kept {
    /// As it was handed over.
    pub mail: Mail,
    /// As it would go over the wire.
    pub mime: Vec<u8>,
}

type Rule = Arc<dyn Fn(&Mail) -> Option<MailFailure> + Send + Sync>;

/// Keeps mails; clones share them.
#[derive(Clone, Default)]
pub struct Memory {
    kept: Arc<Mutex<Vec<Kept>>>,
    rule: Arc<Mutex<Option<Rule>>>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// The mails taken so far, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on, mails for which `rule` gives a failure fail with it.
    pub fn refuse(&self, rule: impl Fn(&Mail) -> Option<MailFailure> + Send + Sync + 'static) {
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(rule));
    }

    pub(super) fn keep(&self, mail: &Mail, mime: Vec<u8>) -> Result<(), MailFailure> {
        let rule = self
            .rule
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(failure) = rule.and_then(|rule| rule(mail)) {
            return Err(failure);
        }
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Kept {
                mail: mail.clone(),
                mime,
            });
        Ok(())
    }
}
