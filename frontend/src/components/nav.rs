//! Where one is, and where one can go.

use app::domain::counts::COUNTED_OF_TENANT;
use leptos::prelude::*;

use super::{
    field::unique_id,
    icon::{Icon, IconName},
    time::format_count,
};
use crate::router::use_router;

/// One step of the path from the start to here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// Its words.
    pub label: String,
    /// Where it leads; `None` for the last, which is here.
    pub href: Option<String>,
}

impl Crumb {
    /// A step that leads somewhere.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
        }
    }

    /// The page itself.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// The path to this page. On phones only its last step is shown.
#[component]
pub fn Breadcrumbs(
    /// The steps, the page itself last.
    crumbs: Vec<Crumb>,
) -> impl IntoView {
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol class="crumbs__list">
                {crumbs
                        .into_iter()
                        .map(|crumb| {
                            let step = match crumb.href {
                                Some(href) => view! { <a href=href>{crumb.label}</a> }.into_any(),
                                None => {
                                    view! { <span aria-current="page">{crumb.label}</span> }.into_any()
                                }
                            };
                            view! { <li>{step}</li> }.into_any()
                        })
                        .collect_view()}
            </ol>
        </nav>
    }
}

/// When a link of the navigation counts as the present page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NavMatch {
    /// At its address and below.
    #[default]
    Prefix,
    /// At its address only: for start pages.
    Exact,
}

impl NavMatch {
    fn holds(self, path: &str, href: &str) -> bool {
        let path = path.trim_end_matches('/');
        let href = href.trim_end_matches('/');
        path == href
            || (self == Self::Prefix
                && path
                    .strip_prefix(href)
                    .is_some_and(|rest| rest.starts_with('/')))
    }
}

/// The list inside the shell's navigation.
#[component]
pub fn SideNav(
    /// [`NavItem`]s.
    children: Children,
) -> impl IntoView {
    view! { <ul class="sidenav">{children()}</ul> }
}

/// One link. Its count is its description, not part of its name.
#[component]
pub fn NavItem(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// Drawn before the words.
    #[prop(optional)]
    icon: Option<IconName>,
    /// How many entries wait there.
    #[prop(optional, into)]
    count: Signal<Option<u64>>,
    /// When it counts as the present page.
    #[prop(optional)]
    matches: NavMatch,
    /// Draws it as the heading of the group below it.
    #[prop(optional)]
    heading: bool,
    /// The words: its accessible name.
    children: Children,
) -> impl IntoView {
    let path = use_router().path();
    let target = href.clone();
    let current = move || {
        path.with(|path| matches.holds(path, &target))
            .then_some("page")
    };
    let count_id = unique_id("count");
    let describes = count_id.clone();
    view! {
        <li>
            <a
                class="sidenav__link"
                class:sidenav__link--heading=heading
                href=href
                aria-current=current
                aria-describedby=move || count.get().map(|_| describes.clone())
            >
                {icon.map(|name| view! { <Icon name/> })}
                <span class="sidenav__words">{children()}</span>
                {move || {
                    let id = count_id.clone();
                    count
                        .get()
                        .map(|count| {
                            view! {
                                <span class="sidenav__count" id=id aria-hidden="true">
                                    {format_count(count, COUNTED_OF_TENANT)}
                                </span>
                            }
                        })
                }}
            </a>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::NavMatch;

    #[test]
    fn a_start_page_is_current_alone() {
        let start = "/t/acme/management";
        assert!(NavMatch::Exact.holds("/t/acme/management/", start));
        assert!(!NavMatch::Exact.holds("/t/acme/management/invite", start));
        assert!(NavMatch::Prefix.holds("/t/acme/management/invite", start));
        assert!(!NavMatch::Prefix.holds("/t/acme/management-old", start));
    }
}
