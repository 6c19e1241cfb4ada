//! `/demo/mailbox`: every mail of a demo, as a mail client shows it.

use std::time::Duration;

use app::api::{
    ApiError,
    demo::{DemoMail, DemoMails, MailLine, MailView, MailsPage},
};
use leptos::{prelude::*, task::spawn_local};

use crate::effects::effect;
use crate::keyed::keyed;
use crate::{
    components::{
        ButtonKind, ButtonSize, DateStyle, DateText, EmptyArt, EmptyState, ErrorState, IconName,
        LinkButton, MoreButton, PageHead, RelativeTime, SearchField, Skeleton, SkeletonShape,
        TabDef, TabPanel, Tabs,
    },
    page::use_title,
    query::{Loaded, Query},
    router::use_router,
    routes::Page,
    session::use_session,
    text::failure,
    typing::rested,
};

/// How often new mails are looked for while the page is seen.
const LOOK: Duration = Duration::from_secs(4);

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// The first page of another search.
    Anew,
    /// What came since.
    Newest,
    /// The next page.
    More,
}

/// What is shown, page after page. Cheap to copy.
#[derive(Clone, Copy)]
struct Mails {
    known: RwSignal<Option<MailsPage>>,
    failed: RwSignal<Option<ApiError>>,
    more_busy: RwSignal<bool>,
    load: Callback<Want>,
}

impl Mails {
    /// Follows `search`; a late answer to an earlier question is dropped.
    fn new(search: RwSignal<String>) -> Self {
        let session = use_session();
        let known = RwSignal::new(None::<MailsPage>);
        let failed = RwSignal::new(None);
        let more_busy = RwSignal::new(false);
        let turn = StoredValue::new(0_u64);
        let load = Callback::new(move |want: Want| {
            if want == Want::Newest && more_busy.get_untracked() {
                return;
            }
            let mine = turn.try_update_value(|turn| {
                *turn += 1;
                *turn
            });
            more_busy.set(want == Want::More);
            let next = || known.with_untracked(|known| known.as_ref()?.next.clone());
            let call = DemoMails {
                search: search.get_untracked(),
                after: if want == Want::More { next() } else { None },
            };
            spawn_local(async move {
                let answer = session.call(call).await;
                if mine.is_none() || turn.try_get_value() != mine {
                    return;
                }
                more_busy.set(false);
                let now = known.get_untracked();
                match answer {
                    Ok(page) => {
                        failed.set(None);
                        let then = match (want, now.clone()) {
                            (Want::Newest, Some(known)) => with_newest(known, page),
                            (Want::More, Some(known)) => with_more(known, page),
                            _ => page,
                        };
                        if now.as_ref() != Some(&then) {
                            known.set(Some(then));
                        }
                    }
                    // The next look tells; what is there stays.
                    Err(_) if want == Want::Newest && now.is_some() => {}
                    Err(error) => failed.set(Some(error)),
                }
            });
        });
        effect(move || {
            search.track();
            load.run(Want::Anew);
        });
        Self {
            known,
            failed,
            more_busy,
            load,
        }
    }
}

/// The first page as it is now, before what is known behind it.
fn with_newest(known: MailsPage, mut page: MailsPage) -> MailsPage {
    if let Some(end) = page.next.take() {
        let behind = known.mails.into_iter().filter(|line| line.id < end);
        page.mails.extend(behind);
        page.next = known.next.map(|next| next.min(end));
    }
    page
}

/// What is known, and the page behind it.
fn with_more(mut known: MailsPage, page: MailsPage) -> MailsPage {
    known.mails.extend(page.mails);
    known.next = page.next;
    known
}

/// The list and the letter.
#[component]
pub fn MailboxPage() -> impl IntoView {
    use_title(|| "Demo mailbox".to_owned());
    let session = use_session();
    let path = use_router().path();
    let chosen = Memo::new(move |_| match Page::parse(&path.get()) {
        Some(Page::Mail(id)) => Some(id),
        _ => None,
    });
    let typed = RwSignal::new(String::new());
    let search = rested(typed);

    let mails = Mails::new(search);
    if let Ok(look) = set_interval_with_handle(
        move || {
            if !document().hidden() {
                mails.load.run(Want::Newest);
            }
        },
        LOOK,
    ) {
        on_cleanup(move || look.clear());
    }
    let state = Memo::new(move |_| match mails.failed.get() {
        Some(error) => State::Failed(error),
        None => mails.known.with(|known| match known {
            None => State::Waiting,
            Some(page) if !page.mails.is_empty() => State::Lines,
            Some(page) if page.next.is_some() => State::NoneSoFar,
            Some(_) if search.with(String::is_empty) => State::NoneYet,
            Some(_) => State::NoneMatches,
        }),
    });
    let leave = Memo::new(move |_| session.demo().is_some_and(|demo| demo.mails_leave));
    let letter = Query::new(session, move || chosen.get().map(|id| DemoMail { id }));
    view! {
        <PageHead title="Demo mailbox">
            {move || if leave.get() {
                "Every mail that this demo sent. They went to the mail server as well."
            } else {
                "Every mail that this demo sent. None of them left this machine."
            }}
        </PageHead>
        <div class="filters">
            <SearchField label="Search" value=typed placeholder="Address or subject"/>
        </div>
        <div class="mailbox" class:has-letter=move || chosen.with(Option::is_some)>
            <nav class="mailbox__list" aria-label="Mails">
                {move || list(state.get(), mails, chosen)}
            </nav>
            <div class="letter">
                {move || {
                    if chosen.with(Option::is_some) {
                        view! {
                            <Loaded query=letter what="The mail" count=6 let:mail>
                                {show(mail)}
                            </Loaded>
                        }
                            .into_any()
                    } else {
                        view! {
                            <EmptyState title="No mail is open." art=EmptyArt::Letter>
                                "Choose one from the list."
                            </EmptyState>
                        }
                            .into_any()
                    }
                }}
            </div>
        </div>
    }
}

/// What the list shows; changes only when something else is to be drawn.
#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Failed(ApiError),
    NoneYet,
    NoneMatches,
    NoneSoFar,
    Lines,
}

fn list(state: State, mails: Mails, chosen: Memo<Option<String>>) -> AnyView {
    match state {
        State::Waiting => view! { <Skeleton shape=SkeletonShape::Rows count=6/> }.into_any(),
        State::Failed(error) => view! {
            <ErrorState
                title="The mails could not be loaded."
                message=failure(&error)
                on_retry=Callback::new(move |()| mails.load.run(Want::Anew))
            />
        }
        .into_any(),
        State::NoneYet => view! {
            <EmptyState title="No mail was sent yet." art=EmptyArt::Letter>
                "Invite somebody: the mail appears here within a minute."
            </EmptyState>
        }
        .into_any(),
        State::NoneMatches => view! {
            <EmptyState title="No mail matches." art=EmptyArt::Search>
                "Try a part of the address or the subject."
            </EmptyState>
        }
        .into_any(),
        State::NoneSoFar => view! {
            <EmptyState title="None of the newest mails matches." art=EmptyArt::Search>
                "Older ones have not been looked at yet."
            </EmptyState>
            {more(mails)}
        }
        .into_any(),
        State::Lines => view! {
            {keyed(
                move || mails.known.get().unwrap_or_default().mails,
                |line| line.id.clone(),
                move |line| row(line, chosen),
            )}
            {more(mails)}
        }
        .into_any(),
    }
}

fn more(mails: Mails) -> AnyView {
    let has_more = move || {
        mails
            .known
            .with(|known| known.as_ref().is_some_and(|page| page.next.is_some()))
    };
    view! {
        <Show when=has_more>
            <MoreButton
                busy=mails.more_busy
                on_more=Callback::new(move |()| mails.load.run(Want::More))
            />
        </Show>
    }
    .into_any()
}

fn row(line: MailLine, chosen: Memo<Option<String>>) -> AnyView {
    let id = line.id.clone();
    let current = move || chosen.with(|chosen| (chosen.as_ref() == Some(&id)).then_some("page"));
    view! {
        <a class="mail" href=Page::Mail(line.id).href() aria-current=current data-noscroll=true>
            <span class="mail__to">{line.to}</span>
            <span class="mail__time">
                <RelativeTime at=line.sent_at.0/>
            </span>
            <span class="mail__subject">{line.subject}</span>
        </a>
    }
    .into_any()
}

fn show(mail: MailView) -> AnyView {
    let selected = RwSignal::new("message");
    let tabs = vec![
        TabDef::new("message", "Message"),
        TabDef::new("text", "Text"),
        TabDef::new("headers", "Headers"),
    ];
    let html = format!("{}/html", Page::Mail(mail.line.id.clone()).path());
    let headers = mail
        .headers
        .into_iter()
        .map(|(name, value)| {
            view! {
                <dt>{name}</dt>
                <dd>{value}</dd>
            }
        })
        .collect_view();
    view! {
        <header class="letter__head">
            <div class="letter__bar letter__back">
                <LinkButton
                    href=Page::Mailbox.href()
                    kind=ButtonKind::Quiet
                    size=ButtonSize::Small
                    icon=IconName::ArrowLeft
                >
                    "All mails"
                </LinkButton>
            </div>
            <h2 class="letter__subject">{mail.line.subject}</h2>
            <dl class="facts">
                <dt>"From"</dt>
                <dd>{mail.line.from}</dd>
                <dt>"To"</dt>
                <dd>{mail.line.to}</dd>
                <dt>"Sent"</dt>
                <dd>
                    <DateText at=mail.line.sent_at.0 style=DateStyle::Full/>
                </dd>
            </dl>
            <Tabs label="Parts of the mail" tabs selected/>
        </header>
        <div class="letter__body">
            <TabPanel id="message" selected>
                // The mail's own links open at the top, and only by a click.
                <iframe
                    class="letter__frame"
                    title="The mail as it looks"
                    sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
                    src=html
                ></iframe>
            </TabPanel>
            <TabPanel id="text" selected>
                <pre class="letter__text">{mail.text}</pre>
            </TabPanel>
            <TabPanel id="headers" selected>
                <dl class="facts letter__text">{headers}</dl>
            </TabPanel>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::domain::time::Timestamp;

    fn page(ids: &[u32], next: Option<u32>) -> MailsPage {
        let name = |id: &u32| format!("{id:03}");
        let line = |id: &u32| MailLine {
            id: name(id),
            to: String::new(),
            from: String::new(),
            subject: String::new(),
            sent_at: Timestamp(0),
        };
        MailsPage {
            mails: ids.iter().map(line).collect(),
            next: next.as_ref().map(name),
        }
    }

    #[test]
    fn new_mails_push_none_out_of_the_list() {
        let known = page(&[5, 4], Some(4));
        let known = with_newest(known, page(&[7, 6], Some(6)));
        // 5 and 4 were shown before and still follow.
        assert_eq!(known, page(&[7, 6, 5, 4], Some(4)));
        let known = with_more(known, page(&[3, 2], None));
        assert_eq!(known, page(&[7, 6, 5, 4, 3, 2], None));
        let known = with_newest(known, page(&[8, 7], Some(7)));
        assert_eq!(known, page(&[8, 7, 6, 5, 4, 3, 2], None));
        assert_eq!(with_newest(known, page(&[9], None)), page(&[9], None));
    }

    #[test]
    fn a_search_that_went_on_without_a_find_does_not_start_again() {
        let known = with_more(page(&[], Some(50)), page(&[], Some(20)));
        assert_eq!(with_newest(known, page(&[], Some(51))), page(&[], Some(20)));
    }
}
