//! Acts on the selected lines: how many, a question that names the number, progress with
//! a cancel, and what became of them.

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        invitations::{
            BULK_BATCH, BulkAct, BulkBatch, BulkDone, BulkOutcome, InvitationsBulk,
            InvitationsMatching, Matching, Which,
        },
    },
    domain::{counts::Counts, id::BundleId, time::CivilDate},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    acts::{Act, Actions},
    filters::Filters,
    lines::Filter,
    select::Selection,
};
use crate::{
    components::{Button, ButtonKind, ButtonSize, Notice, Progress, Tone, format_number},
    pages::ask::Question,
    random::random_key,
    shared::Shared,
    text::{count_of, failure},
    when::{flag, when},
};

/// A call that the server could not answer is made again so often.
const TRIES: u32 = 3;

/// An act on many that is under way, or over.
#[derive(Clone, Default)]
struct Run {
    act: Option<Act>,
    /// How many there are; none where they were not all counted.
    total: Option<u64>,
    /// It was stopped before the last of them.
    stopped: bool,
    outcomes: Counts<BulkOutcome, u32>,
    over: bool,
    /// Why it ended early.
    trouble: Option<String>,
}

impl Run {
    fn done(&self) -> u64 {
        self.outcomes.values().map(u64::from).sum()
    }
}

/// Which invitations, batch by batch.
enum Batches {
    These(Vec<Vec<BundleId>>),
    Matching(Arc<Filter>),
}

/// What the bar shares with its runs. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Bulk {
    actions: Actions,
    selection: Selection,
    filters: Filters,
    run: Shared<Run>,
    cancelled: StoredValue<bool>,
}

impl Bulk {
    /// For this selection.
    pub fn new(actions: Actions, selection: Selection, filters: Filters) -> Self {
        Self {
            actions,
            selection,
            filters,
            run: Shared::new(Run::default()),
            cancelled: StoredValue::new(false),
        }
    }

    /// How many are selected, and how many of them are live.
    fn selected(self) -> Matching {
        untrack(|| self.selection.all.get()).unwrap_or_else(|| {
            let lines = untrack(|| self.selection.lines());
            let live = lines
                .iter()
                .filter(|line| line.data.with_untracked(|data| data.status.is_live()))
                .count();
            Matching {
                all: lines.len() as u64,
                live: live as u64,
                more: false,
            }
        })
    }

    fn ask(self, act: Act) {
        let selected = self.selected();
        let many = if selected.more {
            // The count stopped before its end.
            format!("more than {} invitations", format_number(selected.live))
        } else {
            count_of(selected.live, "invitation", "invitations")
        };
        let at_end = selected.all.saturating_sub(selected.live);
        let rest = if at_end == 0 {
            String::new()
        } else {
            format!(
                " {} of the selected {} at an end already and {} as {}.",
                format_number(at_end),
                if at_end == 1 { "is" } else { "are" },
                if at_end == 1 { "stays" } else { "stay" },
                if at_end == 1 { "it is" } else { "they are" },
            )
        };
        let (kind, text, doing) = match act {
            Act::Extend => {
                self.actions.extending.ask(
                    format!("Extend {many}?"),
                    Arc::new(move |until: CivilDate| {
                        self.start(Act::Extend, BulkAct::Extend(until));
                        Box::pin(std::future::ready(None))
                    }),
                );
                return;
            }
            Act::Remind => (
                ButtonKind::Primary,
                format!(
                    "Reminders go out, to each person three times at most. The links sent \
                     before go on working.{rest} What is sent cannot be taken back; Cancel \
                     stops what is not done by then."
                ),
                BulkAct::Remind,
            ),
            Act::Activate => (
                ButtonKind::Primary,
                format!("Mails that were held go out, and the people can accept again.{rest}"),
                BulkAct::Activate,
            ),
            Act::Deactivate => (
                ButtonKind::Primary,
                format!(
                    "No mail goes out and nobody can accept until they are activated again. \
                     Their time runs on.{rest}"
                ),
                BulkAct::Deactivate,
            ),
            Act::Resend | Act::SendNow => (
                ButtonKind::Primary,
                format!(
                    "{} out. The links in the mails sent before stop working.{rest} What is \
                     sent cannot be taken back; Cancel stops what is not done by then.",
                    if selected.live == 1 {
                        "A new mail goes".to_owned()
                    } else {
                        let more = if selected.more { "More than " } else { "" };
                        format!("{more}{} new mails go", format_number(selected.live))
                    },
                ),
                BulkAct::Resend,
            ),
            Act::Revoke | Act::Reinvite => (
                ButtonKind::Danger,
                format!(
                    "Every link to {} stops working. What was accepted stays.{rest} This \
                     cannot be undone; Cancel stops what is not done by then.",
                    if selected.live == 1 { "it" } else { "them" },
                ),
                BulkAct::Revoke,
            ),
        };
        self.actions.asking.ask(Question {
            title: format!("{} {many}?", act.word()),
            word: act.word(),
            kind,
            text,
            act: Arc::new(move || {
                self.start(act, doing);
                Box::pin(std::future::ready(()))
            }),
        });
    }

    fn start(self, act: Act, doing: BulkAct) {
        let selected = self.selected();
        let total = (!selected.more).then_some(selected.all);
        let batches = if self.selection.all.with_untracked(Option::is_some) {
            Batches::Matching(untrack(|| self.filters.now.read()))
        } else {
            let ids: Vec<BundleId> = untrack(|| self.selection.lines())
                .iter()
                .map(|line| line.id)
                .collect();
            Batches::These(ids.chunks(BULK_BATCH).map(<[BundleId]>::to_vec).collect())
        };
        self.cancelled.set_value(false);
        self.run.set(Run {
            act: Some(act),
            total,
            ..Run::default()
        });
        self.selection.clear();
        spawn_local(async move {
            let trouble = self.go(doing, batches).await.err();
            if let Some(run) = self.run.try_read_untracked() {
                self.run.set(Run {
                    over: true,
                    trouble: trouble.map(|error| failure(&error)),
                    ..(*run).clone()
                });
                if let Some(tenant) = self.actions.tenant.try_get_value() {
                    tenant.changed();
                }
            }
        });
    }

    async fn go(self, act: BulkAct, batches: Batches) -> Result<(), ApiError> {
        let key = random_key().ok_or(ApiError::Internal)?;
        // The page may be gone before the last batch.
        let slug = self.actions.tenant.with_value(|tenant| tenant.slug.clone());
        let mut number = 0;
        let mut before = None;
        loop {
            let which = match &batches {
                Batches::These(batches) => match batches.get(number) {
                    Some(batch) => Which::These(batch.clone()),
                    None => return Ok(()),
                },
                Batches::Matching(filter) => Which::Matching {
                    filter: filter.asked.clone(),
                    before,
                },
            };
            // Whoever left the page, or cancelled, stops it here.
            if self.cancelled.try_get_value() != Some(false) {
                if let Some(run) = self.run.try_read_untracked() {
                    self.run.set(Run {
                        stopped: true,
                        ..(*run).clone()
                    });
                }
                return Ok(());
            }
            let done = self
                .batch(act, &slug, format!("{key}:{number}"), which)
                .await?;
            number += 1;
            let Some(run) = self.run.try_read_untracked() else {
                return Ok(());
            };
            let mut run = (*run).clone();
            run.outcomes = run
                .outcomes
                .iter()
                .map(|(kind, count)| (kind, count + done.outcomes.of(kind)))
                .chain(
                    done.outcomes
                        .iter()
                        .filter(|(kind, _)| run.outcomes.get(kind).is_none()),
                )
                .collect();
            self.run.set(run);
            before = done.next;
            if matches!(batches, Batches::Matching(_)) && before.is_none() {
                return Ok(());
            }
        }
    }

    /// One batch; the same call again does nothing twice.
    async fn batch(
        self,
        act: BulkAct,
        slug: &str,
        key: String,
        which: Which,
    ) -> Result<BulkDone, ApiError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let input = BulkBatch {
                tenant: slug.to_owned(),
                idempotency_key: key.clone(),
                act,
                which: which.clone(),
            };
            match self.actions.session.call(InvitationsBulk { input }).await {
                Err(ApiError::Offline { .. } | ApiError::Unavailable) if tries < TRIES => {}
                answer => return answer,
            }
        }
    }

    /// Selects all that match, with their number.
    fn select_all(self) {
        let filter = untrack(|| self.filters.now.read());
        let tenant = self.actions.tenant.get_value().slug;
        spawn_local(async move {
            let call = InvitationsMatching {
                tenant,
                filter: filter.asked.clone(),
            };
            match self.actions.session.call(call).await {
                // Another filter meanwhile has its own number.
                Ok(all) if self.filters.now.try_read_untracked() == Some(filter) => {
                    self.selection.all.try_set(Some(all));
                }
                Ok(_) => {}
                Err(error) => self.actions.toasts.error(failure(&error)),
            }
        });
    }
}

/// What became of some, in words.
fn words(outcome: BulkOutcome, act: Act) -> &'static str {
    match (outcome, act) {
        (BulkOutcome::Done, Act::Resend | Act::SendNow) => "sent anew",
        (BulkOutcome::Done, Act::Extend) => "extended",
        (BulkOutcome::Done, Act::Remind) => "reminded",
        (BulkOutcome::RemindedEnough, _) => "reminded three times already",
        (BulkOutcome::NothingToRemindOf, _) => "without a mail that arrived",
        (BulkOutcome::Done, Act::Activate) => "activated",
        (BulkOutcome::Done, Act::Deactivate) => "deactivated",
        (BulkOutcome::AlreadySo, Act::Activate) => "active already",
        (BulkOutcome::AlreadySo, _) => "inactive already",
        (BulkOutcome::Done, Act::Revoke | Act::Reinvite) => "revoked",
        (BulkOutcome::NotLive, _) => "at an end already",
        (BulkOutcome::SwitchedOff, _) => "switched off",
        (BulkOutcome::Scheduled, _) => "to go out later",
        (BulkOutcome::TooSoon, _) => "mailed less than a minute ago",
        (BulkOutcome::OverQuota, _) => "over the mails of a day",
        (BulkOutcome::EndsLater, _) => "end then or later already",
        (BulkOutcome::Suppressed, _) => "asked not to be invited",
        (BulkOutcome::Missing, _) => "no longer there",
    }
}

/// The bar over the table while something is selected; progress and result of an act.
#[component]
pub fn BulkBar(
    /// What it does.
    bulk: StoredValue<Bulk>,
    /// True where more match than are shown.
    more: Signal<bool>,
) -> impl IntoView {
    let bulk = bulk.get_value();
    let selection = bulk.selection;
    let count = selection.count();
    let running = flag(move || {
        let run = bulk.run.read();
        run.act.is_some() && !run.over
    });
    let ended = flag(move || bulk.run.read().over);
    let some = flag(move || *count.read() > 0);
    let bar = move || {
        let button = move |act: Act| {
            view! {
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    on:click=move |_| bulk.ask(act)
                >
                    {act.word()}
                </Button>
            }
        };
        let all = flag(move || more.get() && selection.all.with(Option::is_none));
        let offer = move || {
            view! {
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    on:click=move |_| bulk.select_all()
                >
                    "Select all that match"
                </Button>
            }
            .into_any()
        };
        view! {
            <div class="toolbar" role="toolbar" aria-label="Selected invitations">
                <strong class="toolbar__count">
                    {move || {
                        let more = selection.all.with(|all| all.is_some_and(|all| all.more));
                        let more = if more { "+" } else { "" };
                        format!("{}{more} selected", format_number(*count.read()))
                    }}
                </strong>
                {when(move || all.get(), offer)}
                <span class="toolbar__line"></span>
                {[Act::Resend, Act::Remind, Act::Extend, Act::Activate, Act::Deactivate, Act::Revoke].map(button).collect_view()}
                <span class="toolbar__line"></span>
                <Button
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    on:click=move |_| selection.clear()
                >
                    "Clear"
                </Button>
            </div>
        }
        .into_any()
    };
    let progress = move || {
        let cancel = Callback::new(move |()| bulk.cancelled.set_value(true));
        let label = move || {
            let run = bulk.run.read();
            match run.act {
                Some(Act::Resend) => "Resending",
                Some(Act::Extend) => "Extending",
                Some(Act::Remind) => "Reminding",
                Some(Act::Activate) => "Activating",
                Some(Act::Deactivate) => "Deactivating",
                _ => "Revoking",
            }
            .to_owned()
        };
        let value = move || {
            let run = bulk.run.read();
            run.total.map(|total| run.done() * 1000 / total.max(1))
        };
        let detail = move || {
            let run = bulk.run.read();
            let done = format_number(run.done());
            match run.total {
                Some(total) => format!("{done} of {}", format_number(total)),
                None => format!("{done} so far"),
            }
        };
        view! {
            <div class="card__foot">
                <Progress
                    label=Signal::derive(label)
                    value=Signal::derive(value)
                    detail=Signal::derive(detail)
                    on_cancel=cancel
                />
            </div>
        }
        .into_any()
    };
    view! {
        {when(move || some.get() && !running.get(), bar)}
        {when(move || running.get(), progress)}
        <div role="status">{when(move || ended.get(), move || result(&bulk))}</div>
    }
}

/// What became of each, by kind; and how many were left alone.
fn result(bulk: &Bulk) -> AnyView {
    let bulk = *bulk;
    let run = bulk.run.read_untracked();
    let act = run.act.unwrap_or(Act::Revoke);
    let mut parts: Vec<String> = run
        .outcomes
        .iter()
        .map(|(kind, count)| format!("{} {}", format_number(u64::from(count)), words(kind, act)))
        .collect();
    let left = run.total.unwrap_or(0).saturating_sub(run.done());
    if left > 0 {
        parts.push(format!("{} left as they were", format_number(left)));
    } else if run.stopped || run.trouble.is_some() {
        parts.push("the others left as they were".to_owned());
    }
    let all_well = run.trouble.is_none() && left == 0 && !run.stopped;
    let trouble = run.trouble.clone().map(|text| format!(" {text}"));
    let action = move || {
        view! {
            <Button size=ButtonSize::Small on:click=move |_| bulk.run.set(Run::default())>
                "Close"
            </Button>
        }
    };
    view! {
        <div class="card__foot">
            <Notice tone=if all_well { Tone::Ok } else { Tone::Warn } action>
                {parts.join(", ")} "." {trouble}
            </Notice>
        </div>
    }
    .into_any()
}
