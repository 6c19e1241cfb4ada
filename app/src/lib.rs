//! The contract of Beckon: the pure domain, the CSV story, and the server
//! functions' signatures. Compiled twice: for the browser (`csr`) and for the
//! server (`ssr`). Without either feature only the pure parts are compiled.

pub mod bulk;
pub mod domain;
pub mod json;

#[cfg(any(feature = "csr", feature = "ssr"))]
pub mod api;
#[cfg(feature = "ssr")]
pub mod ports;
