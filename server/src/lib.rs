//! The server of Beckon.

pub mod clock;
pub mod services;
pub mod storage;
