//! A tenant: made, changed.

use app::{
    api::{
        ApiError,
        apps::App,
        tenants::{CreateTenant, EditTenant, TenantCreate, TenantEdit, TenantFacts, TenantLine},
    },
    domain::id::TenantId,
};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::{
        Button, ButtonKind, ButtonType, Dialog, Notice, TextInput, ToastStore, Tone, use_toasts,
    },
    pages::{form::Form, tenant_settings::ZoneInput},
    routes::Page,
    session::{Session, use_session},
    shared::Shared,
    when::when,
};

/// Days until an invitation of a new tenant expires.
const DAYS: &str = "30";

/// What is edited. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Editing {
    session: Session,
    toasts: ToastStore,
    on_saved: Callback<()>,
    open: RwSignal<bool>,
    /// None where it is new.
    tenant: RwSignal<Option<TenantId>>,
    /// As it was when the dialog opened.
    before: Shared<Option<TenantFacts>>,
    name: RwSignal<String>,
    slug: RwSignal<String>,
    zone: RwSignal<String>,
    days: RwSignal<String>,
    /// Slug and name of what was made last.
    made: RwSignal<Option<(String, String)>>,
    form: Form,
}

/// Where the first admin of a tenant is invited.
pub fn first_admin(slug: &str) -> String {
    format!(
        "{}?tenant={slug}&role=admin",
        Page::AddInvitations(App::Platform).path()
    )
}

impl Editing {
    /// Tells when something was saved.
    pub fn new(on_saved: Callback<()>) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            session: use_session(),
            toasts: use_toasts(),
            on_saved,
            open: RwSignal::new(false),
            tenant: RwSignal::new(None),
            before: Shared::new(None),
            name: text(),
            slug: text(),
            zone: text(),
            days: text(),
            made: RwSignal::new(None),
            form: Form::new(),
        }
    }

    fn show(self, tenant: Option<TenantId>, name: &str, slug: &str, zone: &str, days: &str) {
        self.form.clear();
        self.tenant.set(tenant);
        self.name.set(name.to_owned());
        self.slug.set(slug.to_owned());
        self.zone.set(zone.to_owned());
        self.days.set(days.to_owned());
        self.open.set(true);
    }

    /// Opens the dialog for a new one.
    pub fn create(self) {
        self.show(None, "", "", "", DAYS);
    }

    /// Opens the dialog for one that there is.
    pub fn edit(self, line: &TenantLine) {
        self.before.set(Some(TenantFacts {
            name: line.name.clone(),
            time_zone: line.time_zone.clone(),
            default_expiry_days: line.default_expiry_days,
        }));
        self.show(
            Some(line.tenant),
            &line.name,
            &line.slug,
            &line.time_zone,
            &line.default_expiry_days.to_string(),
        );
    }

    fn save(self) {
        let Ok(default_expiry_days) = self.days.get_untracked().trim().parse::<u16>() else {
            self.form
                .wrong("default_expiry_days", "Enter a number of days.");
            return;
        };
        if !self.form.begin() {
            return;
        }
        let (name, time_zone) = (self.name.get_untracked(), self.zone.get_untracked());
        let slug = self.slug.get_untracked().trim().to_owned();
        let tenant = self.tenant.get_untracked();
        let before = (*self.before.read_untracked()).clone();
        spawn_local(async move {
            let said = name.trim().to_owned();
            let answer = if let (Some(tenant), Some(before)) = (tenant, before) {
                let now = TenantFacts {
                    name,
                    time_zone,
                    default_expiry_days,
                };
                let input = EditTenant {
                    tenant,
                    before,
                    now,
                };
                self.session.call(TenantEdit { input }).await
            } else {
                let input = CreateTenant {
                    name,
                    slug: slug.clone(),
                    time_zone,
                    default_expiry_days,
                };
                self.session.call(TenantCreate { input }).await
            };
            let changed = matches!(answer, Err(ApiError::Conflict { .. }));
            if self.form.end(answer).is_none() {
                if changed {
                    // The list below shows what is true by now.
                    self.on_saved.try_run(());
                }
                return;
            }
            self.open.try_set(false);
            if tenant.is_some() {
                self.toasts.success(format!("{said} is saved."));
                // Its name may stand in the own profile menu.
                self.session.refresh();
            } else {
                self.made.try_set(Some((slug, said)));
            }
            self.on_saved.try_run(());
        });
    }

    /// What was made, and what it needs next.
    pub fn made(self) -> AnyView {
        let entry = move || {
            let (slug, name) = self.made.get()?;
            let words = format!("{name} is made. Nobody is in it yet: ");
            Some(view! {
                <Notice tone=Tone::Ok>
                    {words} <a href=first_admin(&slug)>"invite its first admin"</a> "."
                </Notice>
            })
        };
        view! { <div role="status">{entry}</div> }.into_any()
    }
}

/// The dialog.
#[component]
pub fn TenantDialog(
    /// What is edited.
    editing: Editing,
) -> impl IntoView {
    let title = Signal::derive(move || {
        if editing.tenant.get().is_some() {
            "Edit the tenant"
        } else {
            "Add a tenant"
        }
        .to_owned()
    });
    view! {
        <Dialog open=editing.open title>
            {move || form(editing)}
        </Dialog>
    }
}

fn form(editing: Editing) -> AnyView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        editing.save();
    };
    let form = editing.form;
    let is_new = editing.tenant.get_untracked().is_none();
    view! {
        <form class="stack" novalidate=true on:submit=submit>
            {form.alert()}
            <TextInput
                label="Name"
                value=editing.name
                autocomplete="off"
                error=form.at("name")
            />
            {when(
                move || is_new,
                move || {
                    view! {
                        <TextInput
                            label="Address"
                            value=editing.slug
                            autocomplete="off"
                            hint=Some(
                                "Small letters, digits and hyphens, such as acme. It stays."
                                    .to_owned(),
                            )
                            error=form.at("slug")
                        />
                    }
                        .into_any()
                },
            )}
            <ZoneInput value=editing.zone error=form.at("time_zone")/>
            <TextInput
                label="Days until an invitation expires"
                value=editing.days
                input_type="number"
                hint=Some("Where nothing is said: 1 to 365.".to_owned())
                error=form.at("default_expiry_days")
            />
            <div class="cluster cluster--end">
                <Button on:click=move |_| editing.open.set(false)>"Cancel"</Button>
                <Button kind=ButtonKind::Primary button_type=ButtonType::Submit busy=form.busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
