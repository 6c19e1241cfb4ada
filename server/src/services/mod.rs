//! The use cases: they implement `app::ports`. The first line of each authorises.

pub mod desk;
pub mod password;
pub mod session_cookie;
pub mod sessions;

pub use desk::{Desk, Settings};
