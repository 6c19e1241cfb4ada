//! The CSV story, pure.

pub mod draft;
