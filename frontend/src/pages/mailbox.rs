//! `/demo/mailbox`: every mail of a demo, as a mail client shows it.

use std::time::Duration;

use app::api::demo::{DemoMail, DemoMails, MailLine, MailView};
use leptos::prelude::*;

use crate::{
    components::{
        ButtonKind, ButtonSize, DateStyle, DateText, EmptyArt, EmptyState, IconName, LinkButton,
        PageHead, RelativeTime, SearchField, SkeletonShape, TabDef, TabPanel, Tabs,
    },
    page::use_title,
    query::{Loaded, Query},
    router::use_router,
    routes::Page,
    session::use_session,
    typing::rested,
};

/// How often new mails are looked for while the page is seen.
const LOOK: Duration = Duration::from_secs(4);

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

    let mails = Query::new(session, move || {
        Some(DemoMails {
            search: search.get(),
        })
    });
    if let Ok(look) = set_interval_with_handle(
        move || {
            if !document().hidden() {
                mails.refetch();
            }
        },
        LOOK,
    ) {
        on_cleanup(move || look.clear());
    }
    let letter = Query::new(session, move || chosen.get().map(|id| DemoMail { id }));
    view! {
        <PageHead title="Demo mailbox">"Every mail that this demo sent. None of them left this machine."</PageHead>
        <div class="filters">
            <SearchField label="Search" value=typed placeholder="Address or subject"/>
        </div>
        <div class="mailbox" class:has-letter=move || chosen.with(Option::is_some)>
            <nav class="mailbox__list" aria-label="Mails">
                <Loaded query=mails what="The mails" shape=SkeletonShape::Rows count=6 let:lines>
                    {list(lines, chosen, search)}
                </Loaded>
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

fn list(lines: Vec<MailLine>, chosen: Memo<Option<String>>, search: RwSignal<String>) -> AnyView {
    if lines.is_empty() {
        return if search.with_untracked(String::is_empty) {
            view! {
                <EmptyState title="No mail was sent yet." art=EmptyArt::Letter>
                    "Invite somebody: the mail appears here within a minute."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <EmptyState title="No mail matches." art=EmptyArt::Search>
                    "Try a part of the address or the subject."
                </EmptyState>
            }
            .into_any()
        };
    }
    lines
        .into_iter()
        .map(|line| {
            let id = line.id.clone();
            let current =
                move || chosen.with(|chosen| (chosen.as_ref() == Some(&id)).then_some("page"));
            view! {
                <a
                    class="mail"
                    href=Page::Mail(line.id).href()
                    aria-current=current
                    data-noscroll=true
                >
                    <span class="mail__to">{line.to}</span>
                    <span class="mail__time">
                        <RelativeTime at=line.sent_at.0/>
                    </span>
                    <span class="mail__subject">{line.subject}</span>
                </a>
            }
        })
        .collect_view()
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
