//! What a list asks for: which bundles, in which order, from which place on.

use app::{
    api::invitations::{InvitationFilter, SortBy},
    domain::{
        id::{BundleId, TenantId},
        time::Timestamp,
    },
};

/// Which bundles.
#[derive(Clone, Debug, Default)]
pub struct BundleFilter {
    /// Whose; `None`: any tenant's.
    pub tenant: Option<TenantId>,
    /// What else must hold; its tenant, its search and its days are read from the other
    /// fields.
    pub asked: InvitationFilter,
    /// Only those with an invitation that was made for nobody yet.
    pub blank: bool,
    /// Folded words; each must be part of the name or the address.
    pub words: Vec<String>,
    /// The search as a canonical address, where it can be one: if somebody has exactly
    /// that, nobody else is meant.
    pub address: Option<String>,
    /// Only bundles made then or later.
    pub from: Option<Timestamp>,
    /// Only bundles made before.
    pub before: Option<Timestamp>,
}

/// Where a page begins, and in which order it goes on.
#[derive(Clone, Debug, Default)]
pub struct BundleOrder {
    /// What decides.
    pub sort: SortBy,
    /// Earliest first, or from Z to A.
    pub reversed: bool,
    /// After this bundle.
    pub after: Option<AfterBundle>,
    /// Rows that are looked at, at most; 0: the usual number.
    pub looked_at: u32,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterBundle {
    /// What the bundle there is ordered by.
    pub value: SortValue,
    /// Its id.
    pub bundle: BundleId,
}

/// What a bundle is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    /// By the id alone, which is in the order of making.
    Id,
    /// A time.
    Time(i64),
    /// The folded name and address.
    Text(String),
}

/// A page's bundles, in their order.
#[derive(Clone, Debug)]
pub struct FoundBundles {
    /// At most as many as were asked for.
    pub bundles: Vec<BundleId>,
    /// Where it goes on, if it does: after the last of them, or after the last row that
    /// was looked at.
    pub more: More,
}

/// Whether a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum More {
    /// It does not.
    No,
    /// After the last bundle of the page.
    AfterLast,
    /// After this place, where no bundle of the page need be.
    After(AfterBundle),
}
