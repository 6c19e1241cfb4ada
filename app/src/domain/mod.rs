//! The domain: pure types and rules. No clock, no I/O, no leptos.

pub mod actor;
pub mod code;
pub mod counts;
pub mod email;
pub mod email_cure;
pub mod id;
pub mod import;
pub mod invitation;
pub mod metadata;
pub mod policy;
pub mod punycode;
pub mod redirect;
pub mod role;
pub mod text;
pub mod time;
