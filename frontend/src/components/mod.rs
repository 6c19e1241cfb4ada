//! The parts every page is built from. They know the look and the keyboard,
//! never the api: pages map their data to what stands here.
//!
//! Every component takes plain values or signals, keeps its own ARIA wiring and
//! passes spread attributes (`on:click=…`, `attr:data-x=…`) to its outermost
//! element. Looks come from classes in `style/`; nothing writes a `style`
//! attribute, which the content security policy would drop.

mod avatar;
mod badge;
mod boot;
mod button;
mod chip;
mod choice;
mod combobox;
mod decimal;
mod dialog;
mod dropzone;
mod feedback;
mod field;
mod focus;
pub mod grid;
mod icon;
mod inputs;
mod menu;
mod nav;
mod page;
mod progress;
mod shell;
mod tabs;
mod theme;
mod time;
mod toast;

pub use avatar::{Avatar, hue};
pub use badge::{Badge, Status, StatusBadge, Tone};
pub use boot::clear_boot_screen;
pub use button::{Button, ButtonKind, ButtonSize, ButtonType, IconButton, LinkButton};
pub use chip::Chip;
pub use choice::{Select, SelectOption, Switch};
pub use combobox::{Choice, Combobox};
pub use dialog::{ConfirmDialog, Dialog, DialogSize};
pub use dropzone::{DropZone, FileButton};
pub use feedback::{EmptyArt, EmptyState, ErrorState, MoreButton, Notice, Skeleton, SkeletonShape};
pub use field::{Field, FieldIds};
pub use icon::{Icon, IconName, Logo};
pub use inputs::{PasswordInput, SearchField, TextInput};
pub use menu::{MenuItem, MenuSeparator, ProfileMenu};
pub use nav::{Breadcrumbs, Crumb, NavItem, NavMatch, SideNav};
pub use page::{Card, PageHead, StatTile};
pub use progress::{Progress, Segment, SplitBar};
pub use shell::{AppShell, DemoBanner};
pub use tabs::{TabDef, TabPanel, Tabs};
pub use theme::ThemeSwitch;
pub use time::{DateStyle, DateText, RelativeTime, ZoneNote, format_count, format_number};
pub use toast::{ToastStore, Toasts, provide_toasts, use_toasts};
