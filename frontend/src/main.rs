//! The browser's half of Beckon.

mod app_root;
mod ask;
mod chunks;
mod components;
mod effects;
mod frame;
mod keyed;
mod live;
mod page;
mod pages;
mod query;
mod random;
mod router;
mod routes;
mod session;
mod shared;
mod tenant;
mod text;
mod turns;
mod typing;
mod when;

fn main() {
    leptos::mount::mount_to_body(app_root::App);
}
