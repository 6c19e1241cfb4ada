//! `/data-manager`: every tenant and every account of the platform, for super-admins.

mod add;
mod apps;
mod blanks;
mod list;
mod paged;
mod person;
pub mod pick;
mod tenants;
pub mod upload;
mod user;
mod users;

pub use add::{AddPage, AddPageProps};
pub use apps::{AppsPage, name_of};
pub use list::{ListPage, ListPageProps};

use app::api::ApiError;
use leptos::prelude::*;

use crate::{
    components::{ButtonKind, LinkButton, PageHead},
    page::use_title,
    pages::{catalog::EverywherePage, not_found::NotFoundPage, sign_in::alert},
    routes::Page,
    text::failure,
};

/// A page of the Data Manager by the rest of its address.
pub fn draw(rest: &str) -> AnyView {
    if let Some(id) = rest.strip_prefix("users/") {
        let id = id.to_owned();
        return user::UserPage(user::UserPageProps { id }).into_any();
    }
    if let Some(what) = rest.strip_prefix("upload/").and_then(upload::What::parse) {
        return upload::UploadPage(upload::UploadPageProps { what }).into_any();
    }
    match rest {
        CATALOG => EverywherePage().into_any(),
        _ => NotFoundPage().into_any(),
    }
}

/// The catalog of all tenants.
const CATALOG: &str = "catalog";

/// Tenants and users.
#[component]
pub fn DataManagerPage() -> impl IntoView {
    use_title(|| "Data Manager".to_owned());
    view! {
        <PageHead
            title="Data Manager"
            actions=|| {
                view! {
                    <LinkButton href=Page::Audit.href()>"Audit"</LinkButton>
                    <LinkButton href=Page::Manage(CATALOG.to_owned()).href()>
                        "Catalog"
                    </LinkButton>
                    <LinkButton href=Page::InvitationApps.href() kind=ButtonKind::Primary>
                        "Catalog Invitation Apps"
                    </LinkButton>
                }
            }
        >
            "Every tenant and every account of the platform."
        </PageHead>
        <tenants::Tenants/>
        <users::Users/>
    }
}

/// Why a form was not saved, with what is wrong at its fields.
pub(super) fn refused(error: &ApiError) -> AnyView {
    alert(match error {
        ApiError::Invalid { message, fields } => {
            let each: Vec<&str> = fields.iter().map(|one| one.message.as_str()).collect();
            if each == [message.as_str()] {
                message.clone()
            } else {
                format!("{message} {}", each.join(" "))
            }
        }
        error => failure(error),
    })
}
