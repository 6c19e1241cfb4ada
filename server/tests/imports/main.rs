//! The import's promises (`docs/trust.md`), on both engines.

#![expect(clippy::unwrap_used, reason = "a test ends where a step fails")]

mod job;
mod outcomes;
mod races;
mod refused;
mod submit;
mod undo;
mod uploads;
mod waiting;
mod world;
