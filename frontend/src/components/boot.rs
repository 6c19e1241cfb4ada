//! The outline of the shell that stands in `index.html` while the app loads.

use leptos::prelude::*;

/// Takes the outline away. Call it once, when the app has been mounted.
pub fn clear_boot_screen() {
    if let Some(outline) = document().get_element_by_id("boot") {
        outline.remove();
    }
}
