//! One error for the whole wire.

use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// Why a call failed, in words for the person; internals are logged, never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Sent", into = "Sent")]
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

/// An error as it is sent: its kind, and whatever that kind has. An enum tagged inside
/// would be the same text, but reading one keeps a general reader for any value at all.
#[derive(Serialize, Deserialize)]
struct Sent {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<FieldError>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    SignInFirst,
    NotFound,
    Invalid,
    Conflict,
    TooMany,
    TooLarge,
    BadRequest,
    Unavailable,
    Internal,
    Offline,
}

impl From<ApiError> for Sent {
    fn from(error: ApiError) -> Self {
        let mut sent = Self {
            kind: Kind::Internal,
            code: None,
            message: None,
            fields: None,
            retry_after: None,
        };
        let (kind, message) = match error {
            ApiError::SignInFirst => (Kind::SignInFirst, None),
            ApiError::NotFound => (Kind::NotFound, None),
            ApiError::Invalid { message, fields } => {
                sent.fields = Some(fields);
                (Kind::Invalid, Some(message))
            }
            ApiError::Conflict { code, message } => {
                sent.code = Some(code);
                (Kind::Conflict, Some(message))
            }
            ApiError::TooMany { retry_after } => {
                sent.retry_after = Some(retry_after);
                (Kind::TooMany, None)
            }
            ApiError::TooLarge { message } => (Kind::TooLarge, Some(message)),
            ApiError::BadRequest { message } => (Kind::BadRequest, Some(message)),
            ApiError::Unavailable => (Kind::Unavailable, None),
            ApiError::Internal => (Kind::Internal, None),
            ApiError::Offline { message } => (Kind::Offline, Some(message)),
        };
        sent.kind = kind;
        sent.message = message;
        sent
    }
}

impl From<Sent> for ApiError {
    fn from(sent: Sent) -> Self {
        let message = sent.message.unwrap_or_default();
        match sent.kind {
            Kind::SignInFirst => Self::SignInFirst,
            Kind::NotFound => Self::NotFound,
            Kind::Invalid => Self::Invalid {
                message,
                fields: sent.fields.unwrap_or_default(),
            },
            Kind::Conflict => Self::Conflict {
                code: sent.code.unwrap_or_default(),
                message,
            },
            Kind::TooMany => Self::TooMany {
                retry_after: sent.retry_after.unwrap_or_default(),
            },
            Kind::TooLarge => Self::TooLarge { message },
            Kind::BadRequest => Self::BadRequest { message },
            Kind::Unavailable => Self::Unavailable,
            Kind::Internal => Self::Internal,
            Kind::Offline => Self::Offline { message },
        }
    }
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

    /// The state of things is against it; `code` is stable, `message` is for the person.
    #[must_use]
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code: code.to_owned(),
            message: message.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_sent_as_documented() {
        let message = || "Why.".to_owned();
        for (error, sent) in [
            (ApiError::SignInFirst, r#"{"kind":"sign_in_first"}"#),
            (ApiError::NotFound, r#"{"kind":"not_found"}"#),
            (
                ApiError::field("email", "Why."),
                r#"{"kind":"invalid","message":"Why.","fields":[{"field":"email","message":"Why."}]}"#,
            ),
            (
                ApiError::Conflict {
                    code: "import_changed".to_owned(),
                    message: message(),
                },
                r#"{"kind":"conflict","code":"import_changed","message":"Why."}"#,
            ),
            (
                ApiError::TooMany { retry_after: 7 },
                r#"{"kind":"too_many","retry_after":7}"#,
            ),
            (
                ApiError::TooLarge { message: message() },
                r#"{"kind":"too_large","message":"Why."}"#,
            ),
            (
                ApiError::BadRequest { message: message() },
                r#"{"kind":"bad_request","message":"Why."}"#,
            ),
            (ApiError::Unavailable, r#"{"kind":"unavailable"}"#),
            (ApiError::Internal, r#"{"kind":"internal"}"#),
            (
                ApiError::Offline { message: message() },
                r#"{"kind":"offline","message":"Why."}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&error).unwrap(), sent);
            assert_eq!(serde_json::from_str::<ApiError>(sent).unwrap(), error);
            assert_eq!(crate::json::read::<ApiError>(sent).unwrap(), error);
        }
    }
}
