//! One file or folder per page. Only pages call the api.

mod ask;
pub mod audit;
pub mod catalog;
mod confirm;
pub mod data_manager;
pub mod forgot;
mod form;
pub mod home;
pub mod imports;
pub mod invitations;
pub mod invite;
pub mod landing;
pub mod mailbox;
pub mod management;
mod no_mail;
pub mod not_found;
pub mod people;
pub mod placeholders;
pub mod reset;
pub mod seats;
pub mod settings;
pub mod sign_in;
pub mod start;
pub mod tenant_settings;
