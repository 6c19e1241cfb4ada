//! The use cases: they implement `app::ports`. The first line of each authorises.

pub mod accounts;
pub mod apps;
pub mod audit;
pub mod blanks;
pub mod catalog;
pub mod days;
pub mod demo;
pub mod desk;
pub mod events;
mod form;
pub mod imports;
pub mod invitations;
pub mod landing;
pub mod mine;
pub mod never;
pub mod password;
pub mod people;
pub mod redeem;
pub mod session_cookie;
pub mod sessions;
pub mod tenants;
pub mod throttle;
mod upload;
pub mod users;

pub use desk::{Desk, Settings};
