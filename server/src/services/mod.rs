//! The use cases: they implement `app::ports`. The first line of each authorises.

pub mod desk;

pub use desk::{Desk, Settings};
