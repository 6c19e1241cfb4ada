//! One batch: how it stands, its invitations, and its codes for those who may see them.

use std::sync::Arc;

use app::{
    api::{
        blanks::{
            BatchPage, BatchRef, BlankLine, BlanksCode, BlanksCodes, BlanksRevoke, BlanksShow,
            RevealedCode,
        },
        invitations::BundleRef,
    },
    domain::{id::BundleId, invitation::InvitationStatus},
};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{cards, codes, further::Further};
use crate::{
    components::{
        Button, ButtonKind, ButtonSize, Card, DateStyle, DateText, Dialog, MoreButton, PageHead,
        SkeletonShape, Status, StatusBadge, TextInput, ToastStore, ZoneNote, format_number,
        use_toasts,
    },
    page::use_title,
    pages::ask::{Ask, Asking, Question},
    query::{Query, Steady},
    routes::Page,
    session::{Session, use_session},
    shared::Shared,
    tenant::{Tenant, use_tenant},
    text::{count_of, failure, status_badge},
};

/// What the parts of the page share. Cheap to copy.
#[derive(Clone, Copy)]
struct Batch {
    session: Session,
    toasts: ToastStore,
    tenant: StoredValue<Tenant>,
    source: StoredValue<String>,
    page: Query<BatchPage>,
    /// Further pages of invitations.
    further: Further<BlankLine, BundleId>,
    busy: RwSignal<bool>,
    asking: Asking,
    /// The code whose dialog is open.
    shown: Shared<Option<RevealedCode>>,
    open: RwSignal<bool>,
    /// The cards that are shown, and where further ones begin.
    cards: Shared<Vec<RevealedCode>>,
    printing: RwSignal<bool>,
    rest: RwSignal<Option<BundleId>>,
}

impl Batch {
    fn named(self, after: Option<BundleId>) -> BatchRef {
        BatchRef {
            tenant: self.tenant.with_value(|tenant| tenant.slug.clone()),
            source: self.source.get_value(),
            after,
        }
    }

    fn unassigned(self) -> u64 {
        self.page
            .ready()
            .map_or(0, |page| page.by_status.of(InvitationStatus::Unassigned))
    }

    /// Runs what takes a while, once at a time.
    fn start(self, work: impl Future<Output = ()> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            work.await;
            self.busy.try_set(false);
        });
    }

    fn show_code(self, bundle: BundleId) {
        self.start(async move {
            let tenant = self.named(None).tenant;
            let input = BundleRef { tenant, bundle };
            match self.session.call(BlanksCode { input }).await {
                Ok(code) if self.shown.try_read_untracked().is_some() => {
                    self.shown.set(Some(code));
                    self.open.try_set(true);
                }
                Ok(_) => {}
                Err(error) => self.toasts.error(failure(&error)),
            }
        });
    }

    fn download(self) {
        self.start(async move {
            let batch = self.named(None);
            match codes::save(self.session, &batch).await {
                Ok(count) => self.toasts.success(format!(
                    "{} saved. That they were shown is written down.",
                    count_of(count as u64, "code is", "codes are")
                )),
                Err(error) => self.toasts.error(failure(&error)),
            }
        });
    }

    /// Fetches cards to print, from the beginning or after some.
    fn lay_out(self, after: Option<BundleId>) {
        self.start(async move {
            let input = self.named(after);
            match self.session.call(BlanksCodes { input }).await {
                Ok(page) if self.cards.try_read_untracked().is_some() => {
                    if page.codes.is_empty() {
                        self.toasts
                            .error("No code of this batch is good any more.".to_owned());
                        return;
                    }
                    self.rest.set(page.next);
                    self.cards.set(page.codes);
                    self.printing.set(true);
                }
                Ok(_) => {}
                Err(error) => self.toasts.error(failure(&error)),
            }
        });
    }

    fn ask_revoke(self) {
        let count = untrack(|| self.unassigned());
        self.asking.ask(Question {
            title: format!("Revoke {}?", count_of(count, "unused code", "unused codes")),
            word: "Revoke",
            kind: ButtonKind::Danger,
            text: "Every code of this batch that nobody has used stops working, also on cards \
                   that are printed. What was accepted stays. This cannot be undone."
                .to_owned(),
            act: Arc::new(move || Box::pin(self.revoke())),
        });
    }

    async fn revoke(self) {
        let mut revoked = 0;
        // The page may be gone before the last of them.
        let batch = self.named(None);
        loop {
            let input = batch.clone();
            match self.session.call(BlanksRevoke { input }).await {
                Ok(some) => {
                    revoked += u64::from(some.revoked);
                    if !some.more {
                        self.toasts.success(format!(
                            "{} revoked.",
                            count_of(revoked, "code is", "codes are")
                        ));
                        break;
                    }
                }
                Err(error) => {
                    self.toasts.error(failure(&error));
                    break;
                }
            }
        }
        if let Some(tenant) = self.tenant.try_get_value() {
            tenant.changed();
        }
    }
}

/// The page of a batch.
pub fn batch(source: String) -> AnyView {
    let tenant = use_tenant();
    let session = use_session();
    let slug = tenant.slug.clone();
    let named = source.clone();
    let page = Query::new(session, move || {
        Some(BlanksShow {
            input: BatchRef {
                tenant: slug.clone(),
                source: named.clone(),
                after: None,
            },
        })
    })
    .follow(tenant.changes());
    let title = source.clone();
    let all = Page::Placeholders(tenant.slug.clone()).href();
    let toasts = use_toasts();
    let (slug, named) = (tenant.slug.clone(), source.clone());
    let further = Further::new(
        toasts,
        tenant.changes(),
        move || page.ready().and_then(|page| page.next),
        Arc::new(move |after| {
            let input = BatchRef {
                tenant: slug.clone(),
                source: named.clone(),
                after: Some(after),
            };
            Box::pin(async move {
                let page = session.call(BlanksShow { input }).await?;
                Ok((page.lines, page.next))
            })
        }),
    );
    let batch = Batch {
        session,
        toasts,
        tenant: StoredValue::new(tenant),
        source: StoredValue::new(source.clone()),
        page,
        further,
        busy: RwSignal::new(false),
        asking: Asking::new(),
        shown: Shared::new(None),
        open: RwSignal::new(false),
        cards: Shared::new(Vec::new()),
        printing: RwSignal::new(false),
        rest: RwSignal::new(None),
    };
    use_title(move || format!("{title} · Placeholders"));
    view! {
        {move || {
            if batch.printing.get() {
                printed(batch)
            } else {
                overview(batch, source.clone(), all.clone())
            }
        }}
        <Ask asking=batch.asking/>
        <CodeDialog batch/>
    }
    .into_any()
}

fn overview(batch: Batch, source: String, all: String) -> AnyView {
    let actions = move || {
        move || {
            let may = batch.page.ready().is_some_and(|page| page.may_reveal);
            let some = batch.unassigned() > 0;
            view! {
                {some
                    .then(|| {
                        view! {
                            <Button kind=ButtonKind::Danger on:click=move |_| batch.ask_revoke()>
                                "Revoke unused"
                            </Button>
                        }
                    })}
                {(some && may)
                    .then(|| {
                        view! {
                            <Button busy=batch.busy on:click=move |_| batch.download()>
                                "Download CSV"
                            </Button>
                            <Button
                                kind=ButtonKind::Primary
                                busy=batch.busy
                                on:click=move |_| batch.lay_out(None)
                            >
                                "Print cards"
                            </Button>
                        }
                    })}
            }
        }
    };
    view! {
        <PageHead title=source actions>
            <a href=all>"All batches"</a>
        </PageHead>
        <Steady query=batch.page what="The batch" shape=SkeletonShape::Rows>
            {move || batch.page.ready().map(|page| body(batch, page))}
        </Steady>
        <ZoneNote/>
    }
    .into_any()
}

fn body(batch: Batch, page: BatchPage) -> AnyView {
    let slug = batch.tenant.with_value(|tenant| tenant.slug.clone());
    let counts: Vec<_> = page
        .by_status
        .iter()
        .map(|(status, count)| {
            view! {
                <span class="cluster">
                    <StatusBadge status=status_badge(status)/>
                    <span class="num">{format_number(count)}</span>
                </span>
            }
        })
        .collect();
    let may = page.may_reveal;
    let first = page.next;
    let count = page.lines.len();
    let lines = page.lines;
    let more_slug = slug.clone();
    view! {
        <Card title="How it stands">
            <div class="stack">
                <div class="cluster">{counts}</div>
                <p class="muted">
                    "Made by " {page.made_by} ", " <DateText at=page.last_at.0 style=DateStyle::Minute/>
                    {(!may)
                        .then_some(
                            ". Who may see codes is a setting of this organisation: now only those who run the platform.",
                        )}
                </p>
            </div>
        </Card>
        <div class="card">
            <div class="table-frame" role="region" aria-label="Invitations" tabindex="0">
                <table class="table table--cards">
                    <thead>
                        <tr>
                            <th scope="col">"Number"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Person"</th>
                            <th scope="col">"Changed"</th>
                            <th scope="col">"Code"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {lines
                            .into_iter()
                            .enumerate()
                            .map(|(place, line)| row(batch, &slug, place + 1, line, may))
                            .collect_view()}
                        {move || {
                            batch
                                .further
                                .lines()
                                .into_iter()
                                .enumerate()
                                .map(|(place, line)| {
                                    row(batch, &more_slug, count + place + 1, line, may)
                                })
                                .collect_view()
                        }}
                    </tbody>
                </table>
            </div>
            {move || {
                let further = batch.further;
                further
                    .next(first)
                    .map(|after| {
                        view! {
                            <MoreButton
                                busy=further.busy
                                on_more=move |()| further.show_more(after)
                            />
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

fn row(batch: Batch, slug: &str, number: usize, line: BlankLine, may: bool) -> AnyView {
    let page = Page::Invitation(slug.to_owned(), line.bundle.to_string()).href();
    let good = line.status == InvitationStatus::Unassigned && line.active;
    let bundle = line.bundle;
    let label = format!("Copy the code of number {number}");
    view! {
        <tr>
            <td class="cell--lead">
                <a class="table__title num" href=page>
                    {format_number(number as u64)}
                </a>
            </td>
            <td data-label="Status">
                <StatusBadge status=status_badge(line.status)/>
                {(!line.active).then(|| view! { <StatusBadge status=Status::Inactive/> })}
            </td>
            <td data-label="Person">{line.who}</td>
            <td data-label="Changed">
                <DateText at=line.changed_at.0 style=DateStyle::Minute/>
            </td>
            <td data-label="Code">
                {(good && may)
                    .then(|| {
                        view! {
                            <Button
                                size=ButtonSize::Small
                                on:click=move |_| batch.show_code(bundle)
                            >
                                "Copy"
                                <span class="visually-hidden">{label.replacen("Copy", "", 1)}</span>
                            </Button>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}

/// The cards, with what one does with them.
fn printed(batch: Batch) -> AnyView {
    let cards = batch.cards.read_untracked();
    let count = cards.len() as u64;
    let actions = move || {
        view! {
            <Button on:click=move |_| {
                batch.cards.set(Vec::new());
                batch.printing.set(false);
            }>"Back"</Button>
            {move || {
                batch
                    .rest
                    .get()
                    .map(|after| {
                        view! {
                            <Button
                                busy=batch.busy
                                on:click=move |_| batch.lay_out(Some(after))
                            >
                                "Next cards"
                            </Button>
                        }
                    })
            }}
            <Button kind=ButtonKind::Primary on:click=move |_| cards::print(batch.toasts)>
                "Print"
            </Button>
        }
    };
    view! {
        <div class="no-print">
            <PageHead title="Cards" actions>
                {format!(
                    "{}, ten on a page of A4. That they were shown is written down.",
                    count_of(count, "card", "cards"),
                )}
            </PageHead>
        </div>
        {move || cards::sheet(&batch.cards.read())}
    }
    .into_any()
}

#[component]
fn CodeDialog(batch: Batch) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let link = RwSignal::new(String::new());
    crate::effects::effect(move || {
        let shown = batch.shown.read();
        let (of_code, of_link) = shown
            .as_ref()
            .as_ref()
            .map(|one| (one.code.clone(), one.link.clone()))
            .unwrap_or_default();
        code.set(of_code);
        link.set(of_link);
    });
    let forget = Callback::new(move |()| batch.shown.set(None));
    let copy = move |_: ev::MouseEvent| {
        let text = code.get_untracked();
        let writing = window().navigator().clipboard().write_text(&text);
        spawn_local(async move {
            match wasm_bindgen_futures::JsFuture::from(writing).await {
                Ok(_) => batch.toasts.success("The code is on the clipboard.".to_owned()),
                Err(_) => batch.toasts.error(
                    "The browser did not let the page use the clipboard. Select the code and copy it."
                        .to_owned(),
                ),
            }
        });
    };
    let footer = move || {
        view! {
            <Button on:click=move |_| batch.open.set(false)>"Close"</Button>
            <Button kind=ButtonKind::Primary on:click=copy>"Copy"</Button>
        }
    };
    view! {
        <Dialog open=batch.open title="A redemption code" on_close=forget footer>
            <div class="stack">
                <TextInput label="Code" value=code/>
                <TextInput label="Link" value=link/>
                <p class="muted">
                    "That you saw it is written down. It is good once, for whoever has it: hand it to one person. An account made by it stays unconfirmed."
                </p>
            </div>
        </Dialog>
    }
}
