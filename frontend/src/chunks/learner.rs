//! The way into what a mailed link opens, and into the learner's home.

use leptos::prelude::*;

use crate::{pages, routes::Page};

/// Draws one of them.
#[inline(never)]
pub fn draw(page: &Page) -> AnyView {
    match page {
        Page::Landing => pages::landing::LandingPage().into_any(),
        Page::Redeem => pages::landing::RedeemPage().into_any(),
        Page::Never => pages::landing::NeverPage().into_any(),
        Page::Forgot => pages::forgot::ForgotPage().into_any(),
        Page::Reset => pages::reset::ResetPage().into_any(),
        Page::Home => pages::home::HomePage().into_any(),
        // `Chunk::of` sends no other here.
        _ => pages::not_found::NotFoundPage().into_any(),
    }
}
