//! The server of Beckon.

pub mod clock;
pub mod jobs;
pub mod mail;
pub mod services;
pub mod storage;
