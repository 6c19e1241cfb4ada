//! The server of Beckon.

pub mod storage;
