//! A field that finds what it picks while one types: the editable combobox with a list of
//! the ARIA practices, where the focus stays in the field.

use leptos::{ev, html, prelude::*};

use super::{
    button::{ButtonSize, IconButton},
    field::{Field, FieldIds},
    icon::IconName,
};
use crate::{effects::effect, keyed::keyed, when::when};

/// Something to pick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the page knows it by.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A line in grey below; may be empty.
    pub note: String,
    /// Values and labels that follow from it for another field.
    pub follows: Vec<(String, String)>,
}

/// A field with a list below. What is typed and what is picked belong to the page.
#[component]
pub fn Combobox(
    /// Its accessible name.
    #[prop(into)]
    label: String,
    /// An id of your own, to focus it after a failed submit.
    id: &'static str,
    /// What is typed.
    typed: RwSignal<String>,
    /// What is picked.
    picked: RwSignal<Vec<Choice>>,
    /// What is found; `None` while the server is asked, or nothing was.
    #[prop(into)]
    found: Signal<Option<Vec<Choice>>>,
    /// So many can be picked. Where it is one, the field itself shows it.
    most: usize,
    /// What can be typed.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// Shown in grey below.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Shown in red below; sets `aria-invalid`.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Says *optional* after the label.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let ids = FieldIds::new(Some(id.to_owned()));
    let for_control = ids.clone();
    let list = Picking {
        id,
        typed,
        picked,
        found,
        most,
        open: RwSignal::new(false),
        at: RwSignal::new(None),
    };
    let node = NodeRef::<html::Input>::new();
    // Other answers, another place in them.
    effect(move || {
        found.track();
        list.at.set(None);
    });
    let shown = Memo::new(move |_| {
        list.open.get() && found.with(|found| found.as_ref().is_some_and(|all| !all.is_empty()))
    });
    let nothing = Memo::new(move |_| {
        list.open.get() && found.with(|found| found.as_ref().is_some_and(Vec::is_empty))
    });
    let list_id = format!("{id}-list");
    let controls = list_id.clone();
    // Not the field's own name: that finds one thing alone.
    let said = format!("{label}: matches");
    let of = label.clone();
    view! {
        <Field ids=ids.clone() label hint error optional>
            <div class="combo">
                <input
                    node_ref=node
                    class="input"
                    id=ids.control.clone()
                    type="text"
                    role="combobox"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-autocomplete="list"
                    aria-expanded=move || shown.get().to_string()
                    aria-controls=controls
                    aria-activedescendant=move || {
                        list.at.get().filter(|_| shown.get()).map(|at| format!("{id}-{at}"))
                    }
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=move || {
                        for_control
                            .described_by(hint.with(Option::is_some), error.with(Option::is_some))
                    }
                    prop:value=move || typed.get()
                    on:input:target=move |event| list.type_in(event.target().value())
                    on:keydown=move |event| list.key(&event)
                    on:click=move |_| list.open.set(true)
                    on:blur=move |_| list.open.set(false)
                />
                <ul
                    class="combo__list"
                    class:is-open=shown
                    id=list_id
                    role="listbox"
                    aria-label=said
                >
                    {keyed(
                        move || {
                            let found = if shown.get() { found.get() } else { None };
                            found.unwrap_or_default().into_iter().enumerate().collect()
                        },
                        |(place, choice)| format!("{place} {} {}", choice.value, choice.note),
                        move |(place, choice)| option(list, place, choice),
                    )}
                </ul>
                <div class="combo__none" aria-live="polite">
                    {when(
                        move || nothing.get(),
                        || {
                            view! {
                                <p>
                                    "No match. Try the beginning of another word, or fewer letters."
                                </p>
                            }
                                .into_any()
                        },
                    )}
                </div>
            </div>
            {when(
                move || most > 1 && picked.with(|picked| !picked.is_empty()),
                move || {
                    view! {
                        <ul class="cluster" aria-label=format!("{of}: picked")>
                            {keyed(
                                move || picked.get(),
                                |choice| choice.value.clone(),
                                move |choice| picked_one(list, node, choice),
                            )}
                        </ul>
                    }
                        .into_any()
                },
            )}
        </Field>
    }
}

/// The field's state. Cheap to copy.
#[derive(Clone, Copy)]
struct Picking {
    id: &'static str,
    typed: RwSignal<String>,
    picked: RwSignal<Vec<Choice>>,
    found: Signal<Option<Vec<Choice>>>,
    most: usize,
    open: RwSignal<bool>,
    /// The place of the option that Enter picks.
    at: RwSignal<Option<usize>>,
}

impl Picking {
    fn type_in(self, text: String) {
        self.typed.set(text);
        self.open.set(true);
        if self.most == 1 {
            // What is no longer written there is no longer picked.
            self.picked.set(Vec::new());
        }
    }

    fn len(self) -> usize {
        self.found
            .with_untracked(|found| found.as_ref().map_or(0, Vec::len))
    }

    fn go(self, at: usize) {
        self.at.set(Some(at));
        let option = document().get_element_by_id(&format!("{}-{at}", self.id));
        if let Some(option) = option {
            option.scroll_into_view_with_scroll_into_view_options(&nearest());
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        let len = self.len();
        let open = self.open.get_untracked() && len > 0;
        let at = self.at.get_untracked().filter(|at| open && *at < len);
        match event.key().as_str() {
            "ArrowDown" if event.alt_key() => self.open.set(true),
            "ArrowUp" if event.alt_key() => self.open.set(false),
            "ArrowDown" if len > 0 => {
                self.open.set(true);
                self.go(at.map_or(0, |at| (at + 1) % len));
            }
            "ArrowUp" if len > 0 => {
                self.open.set(true);
                self.go(at.map_or(len - 1, |at| (at + len - 1) % len));
            }
            "Home" if at.is_some() => self.go(0),
            "End" if at.is_some() => self.go(len - 1),
            "Enter" if open => {
                if let Some(at) = at {
                    self.pick(at);
                }
            }
            "Escape" if open => self.open.set(false),
            "Escape" if !self.typed.with_untracked(String::is_empty) => {
                self.type_in(String::new());
                self.open.set(false);
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn pick(self, at: usize) {
        let choice = self
            .found
            .with_untracked(|found| found.as_ref().and_then(|all| all.get(at).cloned()));
        let Some(choice) = choice else { return };
        self.open.set(false);
        if self.most == 1 {
            self.typed.set(choice.label.clone());
            self.picked.set(vec![choice]);
            return;
        }
        self.typed.set(String::new());
        self.picked.update(|picked| {
            if picked.len() < self.most && picked.iter().all(|one| one.value != choice.value) {
                picked.push(choice);
            }
        });
    }
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

fn option(list: Picking, place: usize, choice: Choice) -> AnyView {
    let here = move || list.at.get() == Some(place);
    let typed = list.typed.get_untracked();
    let (before, hit, after) = split_at_match(&choice.label, &typed);
    view! {
        <li
            class="combo__option"
            class:is-active=here
            id=format!("{}-{place}", list.id)
            role="option"
            aria-selected=move || here().to_string()
            on:mousedown=|event: ev::MouseEvent| event.prevent_default()
            on:click=move |_| list.pick(place)
        >
            <span>{before}<mark class="combo__hit">{hit}</mark>{after}</span>
            {(!choice.note.is_empty())
                .then(|| view! { <span class="combo__note">" "{choice.note}</span> })}
        </li>
    }
    .into_any()
}

fn picked_one(list: Picking, node: NodeRef<html::Input>, choice: Choice) -> AnyView {
    let value = choice.value.clone();
    let out = move |_| {
        list.picked
            .update(|picked| picked.retain(|one| one.value != value));
        if let Some(input) = node.get_untracked() {
            // Focus can only fail on a detached element, where nobody minds.
            _ = input.focus();
        }
    };
    view! {
        <li class="combo__picked">
            <span>{choice.label.clone()}</span>
            <IconButton
                label=format!("Remove {}", choice.label)
                icon=IconName::Close
                size=ButtonSize::Small
                on:click=out
            />
        </li>
    }
    .into_any()
}

/// The plain letter of a letter with a mark, as the server's search takes it.
fn plain(letter: char) -> char {
    let text: js_sys::JsString = String::from(letter).into();
    let text = String::from(text.normalize("NFD"));
    let first = text.chars().next().unwrap_or(letter);
    first.to_lowercase().next().unwrap_or(first)
}

/// The label before, at and after where the first typed word begins.
fn split_at_match(label: &str, typed: &str) -> (String, String, String) {
    let letters: Vec<char> = label.chars().collect();
    let folded: Vec<char> = letters.iter().map(|letter| plain(*letter)).collect();
    let word: Vec<char> = typed
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .chars()
        .map(plain)
        .collect();
    let at = if word.is_empty() {
        None
    } else {
        folded.windows(word.len()).position(|part| part == word)
    };
    let (start, end) = at.map_or((0, 0), |at| (at, at + word.len()));
    let text = |part: &[char]| part.iter().collect::<String>();
    (
        text(&letters[..start]),
        text(&letters[start..end]),
        text(&letters[end..]),
    )
}
