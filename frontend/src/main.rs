//! The browser's half of Beckon.

mod app_root;
mod components;
mod effects;
mod frame;
mod live;
mod page;
mod pages;
mod query;
mod routes;
mod session;
mod tenant;
mod text;
mod typing;

fn main() {
    leptos::mount::mount_to_body(app_root::App);
}
