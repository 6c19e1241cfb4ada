//! The icon set and the logo, drawn for Beckon on a 16-unit grid.

use leptos::prelude::*;

/// Every icon there is. Icons say nothing to a screen reader: the control that
/// holds one carries the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IconName {
    Alert,
    ArrowDown,
    ArrowLeft,
    ArrowRight,
    ArrowUp,
    Book,
    Building,
    CheckCircle,
    ChevronDown,
    ChevronRight,
    Close,
    Columns,
    Database,
    Download,
    Edit,
    Error,
    Eye,
    EyeOff,
    File,
    Import,
    Info,
    Invite,
    List,
    Menu,
    Monitor,
    Moon,
    People,
    Plus,
    Program,
    Redo,
    Refresh,
    Search,
    Send,
    Settings,
    SignOut,
    Sun,
    Table,
    Trash,
    Undo,
    Upload,
}

impl IconName {
    /// The drawing, as one SVG path: strokes of 1.5 units, round ends.
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => "M8 2.2 14.4 13.4H1.6ZM8 6.3v3.2M8 11.5v.01",
            Self::ArrowDown => "M8 3v10M3.8 8.9 8 13l4.2-4.1",
            Self::ArrowLeft => "M13 8H3M7.1 3.8 3 8l4.1 4.2",
            Self::ArrowRight => "M3 8h10M8.9 3.8 13 8l-4.1 4.2",
            Self::ArrowUp => "M8 13V3M3.8 7.1 8 3l4.2 4.1",
            Self::Book => {
                "M8 4.2C6.7 3.2 4.9 2.8 2 2.8v9.4c2.9 0 4.7.4 6 1.4 1.3-1 3.1-1.4 6-1.4V2.8c-2.9 0-4.7.4-6 1.4ZM8 4.2v9.4"
            }
            Self::Building => {
                "M3 14V2.8h6.5V14M9.5 6.5H13V14M1.8 14h12.4M5.3 5.5h1.9M5.3 8.2h1.9M5.3 10.9h1.9"
            }
            Self::CheckCircle => {
                "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM5.2 8.2l2 2 3.7-4"
            }
            Self::ChevronDown => "m4 6.2 4 4 4-4",
            Self::ChevronRight => "m6.2 4 4 4-4 4",
            Self::Close => "m4 4 8 8M12 4l-8 8",
            Self::Columns => "M2.2 3h11.6v10H2.2ZM6.1 3v10M9.9 3v10",
            Self::Database => {
                "M2.8 4c0-1.1 2.3-2 5.2-2s5.2.9 5.2 2-2.3 2-5.2 2-5.2-.9-5.2-2ZM2.8 4v8c0 1.1 2.3 2 5.2 2s5.2-.9 5.2-2V4M2.8 8c0 1.1 2.3 2 5.2 2s5.2-.9 5.2-2"
            }
            Self::Download => "M8 2.2v7.6M4.7 6.7 8 9.9l3.3-3.2M2.5 11.5v2h11v-2",
            Self::Edit => "M10.8 2.8 13.2 5.2 5.6 12.8 2.6 13.4l.6-3ZM9 4.6 11.4 7",
            Self::Error => "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4ZM8 5v3.6M8 11v.01",
            Self::Eye => {
                "M1.4 8S3.8 3.6 8 3.6 14.6 8 14.6 8 12.2 12.4 8 12.4 1.4 8 1.4 8ZM8 6.1a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8Z"
            }
            Self::EyeOff => {
                "M6.2 3.9A6 6 0 0 1 8 3.6c4.2 0 6.6 4.4 6.6 4.4a11 11 0 0 1-1.9 2.4M4.1 5A10.6 10.6 0 0 0 1.4 8S3.8 12.4 8 12.4a6.2 6.2 0 0 0 3-.8M2.2 2.2l11.6 11.6"
            }
            Self::File => "M9.2 1.8H3.5v12.4h9V5.1ZM9.2 1.8v3.3h3.3M5.8 8.2h4.4M5.8 10.9h4.4",
            Self::Import => "M2.2 9.2v4.3h11.6V9.2M8 2.3v7.4M5 5.2l3-2.9 3 2.9",
            Self::Info => "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 7.4v3.6M8 5v.01",
            Self::Invite => {
                "M6.3 2.4a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4ZM1.6 13.6c.3-2.6 2-4.1 4.7-4.1 1.3 0 2.4.4 3.2 1M12.2 8.8v5M9.7 11.3h5"
            }
            Self::List => "M5.5 4H14M5.5 8H14M5.5 12H14M2.3 4v.01M2.3 8v.01M2.3 12v.01",
            Self::Menu => "M2.2 4.2h11.6M2.2 8h11.6M2.2 11.8h11.6",
            Self::Monitor => "M1.9 2.8h12.2v7.8H1.9ZM5.2 13.4h5.6M8 10.6v2.8",
            Self::Moon => "M13.6 9.6A6 6 0 0 1 6.4 2.4a6 6 0 1 0 7.2 7.2Z",
            Self::People => {
                "M5.9 2.7a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM1.5 13.4c.2-2.5 1.8-3.9 4.4-3.9s4.2 1.4 4.4 3.9M10.6 3a2.4 2.4 0 0 1 0 4.5M12 9.9c1.5.5 2.4 1.7 2.5 3.5"
            }
            Self::Plus => "M8 3v10M3 8h10",
            Self::Program => "M8 1.9 14.2 5 8 8.1 1.8 5ZM2 8l6 3 6-3M2 11l6 3 6-3",
            Self::Redo => "M13 6.2H6.3a3.6 3.6 0 0 0 0 7.2h3.5M10 3l3.2 3.2L10 9.4",
            Self::Refresh => {
                "M13.4 7A5.5 5.5 0 0 0 3.6 4.7L2.3 6M2.3 2.7V6h3.3M2.6 9a5.5 5.5 0 0 0 9.8 2.3l1.3-1.3M13.7 13.3V10h-3.3"
            }
            Self::Search => "M7 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6ZM10.5 10.5l3.4 3.4",
            Self::Send => "M14 2 7.2 8.8M14 2 9.7 14l-2.5-5.2L2 6.3Z",
            Self::Settings => {
                "M8 5.9a2.1 2.1 0 1 0 0 4.2 2.1 2.1 0 0 0 0-4.2ZM8 1.7v1.9M8 12.4v1.9M1.7 8h1.9M12.4 8h1.9M3.55 3.55l1.35 1.35M11.1 11.1l1.35 1.35M3.55 12.45 4.9 11.1M11.1 4.9l1.35-1.35"
            }
            Self::SignOut => "M6.2 2.6H2.8v10.8h3.4M6.2 8h7.4M10.7 5l2.9 3-2.9 3",
            Self::Sun => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7"
            }
            Self::Table => "M2 3h12v10H2ZM2 6.3h12M2 9.7h12M6 6.3V13",
            Self::Trash => {
                "M2.6 4.2h10.8M6 4.2V2.4h4v1.8M3.9 4.2l.6 9.4h7l.6-9.4M6.6 6.9v4M9.4 6.9v4"
            }
            Self::Undo => "M3 6.2h6.7a3.6 3.6 0 0 1 0 7.2H6.2M6 3 2.8 6.2 6 9.4",
            Self::Upload => "M8 9.9V2.3M4.7 5.5 8 2.3l3.3 3.2M2.5 11.5v2h11v-2",
        }
    }
}

/// One icon, as big as the text around it (16 px) and in its colour.
#[component]
pub fn Icon(
    /// Which drawing.
    name: IconName,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=name.path()></path>
        </svg>
    }
}

/// The mark: a lowercase b that curls round a dot, a hand that draws somebody in. With its name beside it unless
/// the place is too small.
#[component]
pub fn Logo(
    /// Shows the word *Beckon* beside the mark.
    #[prop(default = true)]
    word: bool,
) -> impl IntoView {
    view! {
        <span class="brand">
            <svg class="brand__mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
                <rect class="brand__tile" width="32" height="32" rx="9"></rect>
                <path
                    class="brand__stroke"
                    d="M10 6.8v12.7a6 6 0 1 0 6-6"
                ></path>
                <circle class="brand__dot" cx="16" cy="19.5" r="2.3"></circle>
            </svg>
            {word.then(|| view! { <span class="brand__word">"Beckon"</span> })}
        </span>
    }
}
