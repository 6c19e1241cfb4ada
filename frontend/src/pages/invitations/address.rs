//! The filter as it stands in the page's address.

use app::{
    api::invitations::{InvitationFilter, SortBy},
    bulk::date::{parse_iso, to_iso},
    domain::{
        invitation::{DeliveryStatus, InvitationKind, InvitationStatus},
        role::Role,
    },
};

use super::{columns::Columns, lines::Filter};

/// The words of the orders.
pub const SORTS: [(SortBy, &str); 4] = [
    (SortBy::Created, "created"),
    (SortBy::Expires, "expires"),
    (SortBy::Changed, "changed"),
    (SortBy::Invitee, "invitee"),
];

/// Writes an order; a minus turns it round.
pub fn sort_word(filter: &Filter) -> String {
    let word = SORTS
        .iter()
        .find(|(sort, _)| *sort == filter.sort)
        .map_or("created", |(_, word)| word);
    format!("{}{word}", if filter.reversed { "-" } else { "" })
}

/// Reads an order; anything else is the usual one.
pub fn read_sort(word: &str) -> (SortBy, bool) {
    let (reversed, word) = match word.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, word),
    };
    SORTS
        .iter()
        .find(|(_, known)| *known == word)
        .map_or((SortBy::Created, false), |(sort, _)| (*sort, reversed))
}

/// Whether an invitation is switched on, as a word.
pub const fn active_word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Reads the filter; what cannot be read is not there.
pub fn read(param: &dyn Fn(&str) -> Option<String>) -> Filter {
    let word = |name: &str| param(name).unwrap_or_default();
    let (sort, reversed) = read_sort(&word("sort"));
    Filter {
        asked: InvitationFilter {
            search: word("q"),
            status: InvitationStatus::parse(&word("status")),
            delivery: DeliveryStatus::parse(&word("mail")),
            role: Role::parse(&word("role")),
            kind: InvitationKind::parse(&word("to")),
            inviter: word("by").parse().ok(),
            import: word("import").parse().ok(),
            target: word("target").parse().ok(),
            source: word("source"),
            active: match word("active").as_str() {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
            placeholder: false,
            tenant: word("tenant"),
            from: parse_iso(&word("from")),
            to: parse_iso(&word("until")),
        },
        sort,
        reversed,
        hidden: Columns::read(&word("hide")),
    }
}

/// Writes the filter as an address's query; empty where it is the usual one.
pub fn query(filter: &Filter) -> String {
    let asked = &filter.asked;
    let text =
        |text: &str| (!text.is_empty()).then(|| String::from(js_sys::encode_uri_component(text)));
    let search = text(&asked.search);
    let active = asked.active.map(|on| active_word(on).to_owned());
    let hidden = filter.hidden.word();
    let sort = sort_word(filter);
    let parts: Vec<String> = [
        ("q", search),
        ("status", asked.status.map(|one| one.as_str().to_owned())),
        ("mail", asked.delivery.map(|one| one.as_str().to_owned())),
        ("role", asked.role.map(|one| one.as_str().to_owned())),
        ("to", asked.kind.map(|one| one.as_str().to_owned())),
        ("by", asked.inviter.map(|one| one.to_string())),
        ("import", asked.import.map(|one| one.to_string())),
        ("target", asked.target.map(|one| one.to_string())),
        ("source", text(&asked.source)),
        ("active", active),
        ("tenant", text(&asked.tenant)),
        ("from", asked.from.map(to_iso)),
        ("until", asked.to.map(to_iso)),
        ("sort", (sort != "created").then_some(sort)),
        ("hide", (!hidden.is_empty()).then_some(hidden)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
    .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("?{}", parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_reads_back_from_its_address() {
        let filter = Filter {
            asked: InvitationFilter {
                status: Some(InvitationStatus::Pending),
                delivery: Some(DeliveryStatus::Bounced),
                role: Some(Role::Instructor),
                kind: Some(InvitationKind::Course),
                inviter: "00000000-0000-7000-8000-000000000001".parse().ok(),
                import: "00000000-0000-7000-8000-000000000002".parse().ok(),
                from: parse_iso("2026-11-01"),
                to: parse_iso("2026-11-30"),
                target: "00000000-0000-7000-8000-000000000003".parse().ok(),
                active: Some(false),
                ..InvitationFilter::default()
            },
            sort: SortBy::Expires,
            reversed: true,
            hidden: Columns::read("mail.created"),
        };
        let text = query(&filter);
        let param = |name: &str| {
            text.trim_start_matches('?')
                .split('&')
                .filter_map(|part| part.split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_owned())
        };
        assert_eq!(read(&param), filter);
        assert_eq!(query(&Filter::default()), "");
        let nonsense = |_: &str| Some("-%".to_owned());
        assert_eq!(read(&nonsense).sort, SortBy::Created);
        assert_eq!(read(&nonsense).asked.status, None);
    }
}
