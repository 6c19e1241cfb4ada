//! The browser's half of Beckon.

mod components;

fn main() {}
