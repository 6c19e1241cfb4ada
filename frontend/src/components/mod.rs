//! The parts every page is built from. They know the look and the keyboard,
//! never the api: pages map their data to what stands here.
//!
//! Every component takes plain values or signals, keeps its own ARIA wiring and
//! passes spread attributes (`on:click=…`, `attr:data-x=…`) to its outermost
//! element. Looks come from classes in `style/`; nothing writes a `style`
//! attribute, which the content security policy would drop.
#![expect(
    dead_code,
    unused_imports,
    reason = "a vocabulary: pages take the words they need, the rest waits for the next page"
)]

mod avatar;
mod badge;
mod boot;
mod button;
mod chip;
mod choice;
mod copy;
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

pub use avatar::{Avatar, AvatarSize, initials};
pub use badge::{Badge, Status, StatusBadge, Tone};
pub use boot::clear_boot_screen;
pub use button::{Button, ButtonKind, ButtonSize, ButtonType, IconButton, LinkButton};
pub use chip::Chip;
pub use choice::{Checkbox, Select, SelectOption, Switch};
pub use copy::CopyButton;
pub use dialog::{ConfirmDialog, Dialog, DialogSize};
pub use dropzone::{DropZone, FileButton};
pub use feedback::{
    EmptyArt, EmptyState, ErrorState, MoreButton, Notice, Skeleton, SkeletonShape, Spinner,
};
pub use field::{Field, FieldIds, unique_id};
pub use icon::{Icon, IconName, Logo};
pub use inputs::{PasswordInput, SearchField, TextArea, TextInput};
pub use menu::{Menu, MenuAlign, MenuButton, MenuHeading, MenuItem, MenuSeparator, ProfileMenu};
pub use nav::{Breadcrumbs, Crumb, NavGroup, NavItem, NavMatch, SideNav};
pub use page::{Card, PageHead, StatTile};
pub use progress::{Progress, Segment, SplitBar};
pub use shell::{AppShell, DemoBanner};
pub use tabs::{TabDef, TabPanel, Tabs};
pub use theme::{Theme, ThemeSwitch};
pub use time::{DateStyle, DateText, RelativeTime, format_bytes, format_number};
pub use toast::{ToastAction, ToastStore, Toasts, provide_toasts, use_toasts};
