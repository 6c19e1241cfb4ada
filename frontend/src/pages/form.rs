//! What a small form keeps: whether it is under way, and what is wrong with it.

use app::api::ApiError;
use leptos::prelude::*;

use crate::{
    pages::sign_in::alert,
    text::{failure, field_error},
};

/// A form that is sent. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Form {
    /// While it is under way.
    pub busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
}

impl Form {
    /// Nothing was sent yet.
    pub fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
        }
    }

    /// Takes the turn to send; false while it is under way.
    pub fn begin(self) -> bool {
        if self.busy.get_untracked() {
            return false;
        }
        self.error.set(None);
        self.busy.set(true);
        true
    }

    /// Nothing is said any more: it is used anew.
    pub fn clear(self) {
        self.error.set(None);
    }

    /// Takes in how it ended; true where all went well.
    pub fn end<T>(self, answer: Result<T, ApiError>) -> Option<T> {
        self.busy.try_set(false);
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                self.error.try_set(Some(error));
                None
            }
        }
    }

    /// Says what is wrong with a field before anything is sent.
    pub fn wrong(self, field: &'static str, message: &'static str) {
        self.error.set(Some(ApiError::field(field, message)));
    }

    /// The sentence at one field.
    pub fn at(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error
                .with(|error| error.as_ref().and_then(|error| field_error(error, field)))
        })
    }

    /// The sentence above the form, where no field is to blame.
    pub fn alert(self) -> AnyView {
        let draw = move || {
            self.error.with(|error| match error {
                None => None,
                Some(ApiError::Invalid { fields, .. }) if !fields.is_empty() => None,
                Some(error) => Some(alert(failure(error))),
            })
        };
        draw.into_any()
    }
}
