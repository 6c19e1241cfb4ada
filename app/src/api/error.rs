//! One error for the whole wire.

use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// Why a call failed, in words for the person; internals are logged, never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApiError {
    /// 401: sign in first, or again.
    SignInFirst,
    /// 404: missing or foreign; the two answer alike.
    NotFound,
    /// 422: fields are wrong; nothing was changed.
    Invalid {
        /// One sentence for the top of the form.
        message: String,
        /// What is wrong with which field.
        fields: Vec<FieldError>,
    },
    /// 409: somebody or something was first; `message` says what to do.
    Conflict {
        /// A stable word for programs, such as `import_changed`.
        code: String,
        /// The sentence.
        message: String,
    },
    /// 429: too many tries.
    TooMany {
        /// Seconds to wait (also the `Retry-After` header).
        retry_after: u64,
    },
    /// 413: larger than the limit; `message` names it.
    TooLarge {
        /// The sentence.
        message: String,
    },
    /// 400: the request could not be read.
    BadRequest {
        /// The sentence.
        message: String,
    },
    /// 503: the server or its database is busy; nothing is half done.
    Unavailable,
    /// 500: our fault; the log has the details.
    Internal,
    /// Never sent: the browser could not reach the server.
    Offline {
        /// What the browser said.
        message: String,
    },
}

/// What is wrong with one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// The sentence at the field.
    pub message: String,
}

impl ApiError {
    /// The HTTP status (RFC 9110 §15).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignInFirst => 401,
            Self::NotFound => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } => 409,
            Self::TooMany { .. } => 429,
            Self::TooLarge { .. } => 413,
            Self::BadRequest { .. } => 400,
            Self::Unavailable => 503,
            Self::Internal | Self::Offline { .. } => 500,
        }
    }

    /// One field's error as a whole answer.
    #[must_use]
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid {
            message: message.clone(),
            fields: vec![FieldError {
                field: field.to_owned(),
                message,
            }],
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignInFirst => f.write_str("Your session has ended. Sign in to go on."),
            Self::NotFound => f.write_str("There is nothing here that you can see."),
            Self::Invalid { message, .. }
            | Self::Conflict { message, .. }
            | Self::TooLarge { message }
            | Self::BadRequest { message } => f.write_str(message),
            Self::TooMany { retry_after } => {
                write!(
                    f,
                    "Too many tries. Wait {retry_after} seconds, then try again."
                )
            }
            Self::Unavailable => {
                f.write_str("The server is busy. Nothing was changed. Try again in a moment.")
            }
            Self::Internal => f.write_str(
                "Something went wrong on the server. Nothing was changed. Try again, \
                 and tell your administrator if it stays.",
            ),
            Self::Offline { .. } => f.write_str(
                "The server cannot be reached. What you entered is kept here. \
                 Check the connection and try again.",
            ),
        }
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(message) => Self::Offline { message },
            ServerFnErrorErr::Args(message) | ServerFnErrorErr::MissingArg(message) => {
                Self::BadRequest {
                    message: format!("The request could not be read: {message}"),
                }
            }
            _ => Self::Internal,
        }
    }
}
