//! Acts of the record, in words.

/// Every act that can be filtered by, and its words.
pub const ACTS: [(&str, &str); 52] = [
    ("invitation.created", "Invited"),
    ("invitation.resent", "Invitation resent"),
    ("invitation.sent", "Invitation sent as scheduled"),
    ("invitation.reminded", "Reminded"),
    ("invitation.extended", "Invitation extended"),
    ("invitation.activated", "Invitation activated"),
    ("invitation.deactivated", "Invitation deactivated"),
    ("invitation.revoked", "Invitation revoked"),
    ("invitation.accepted", "Invitation accepted"),
    ("invitation.reinvited", "Invited again"),
    ("invitation.assigned", "Placeholder assigned"),
    ("invitation.code_revealed", "Code shown"),
    ("invitation.declined", "Invitation declined"),
    ("invitation.expired", "Invitation expired"),
    ("invitation.link_copied", "Link copied"),
    ("invitation.taken_over", "Invitation taken over"),
    ("invitation.suppressed", "Asked never to be invited"),
    ("import.done", "List imported"),
    ("import.rejected", "List rejected"),
    ("import.failed", "Import failed"),
    ("import.retried", "Import tried again"),
    ("import.undone", "Import undone"),
    ("import.abandoned", "Import abandoned"),
    ("membership.role_changed", "Role changed"),
    ("membership.group_changed", "Group changed"),
    ("membership.removed", "Member removed"),
    ("membership.external_id_dropped", "External id dropped"),
    ("catalog.created", "Catalog item made"),
    ("catalog.edited", "Catalog item edited"),
    ("catalog.archived", "Catalog item archived"),
    ("tenant.created", "Tenant made"),
    ("tenant.edited", "Tenant edited"),
    ("tenant.disabled", "Tenant disabled"),
    ("tenant.enabled", "Tenant enabled"),
    ("tenant.settings_changed", "Tenant settings changed"),
    ("tenant.seats_set", "Seats set"),
    ("user.created", "Account made"),
    ("user.registered", "Registered"),
    ("user.renamed", "Account renamed"),
    ("user.password_changed", "Password changed"),
    ("user.password_reset", "Password reset"),
    ("user.email_changed", "Email changed"),
    ("user.verified", "Email confirmed"),
    ("user.vouched", "Email vouched for"),
    ("user.deactivated", "Account deactivated"),
    ("user.reactivated", "Account reactivated"),
    ("user.deleted", "Account deleted"),
    ("user.made_admin", "Made an administrator"),
    ("user.made_super_admin", "Made a super-admin"),
    ("session.started", "Signed in"),
    ("session.ended", "Signed out"),
    ("sessions.ended", "Signed out everywhere"),
];

/// The words of an act; one that is not listed shows as it is kept.
pub fn act(action: &str) -> Option<&'static str> {
    ACTS.iter()
        .find(|(known, _)| *known == action)
        .map(|(_, words)| *words)
}

/// A kind of thing, where it has no name to show.
pub fn subject(kind: &str) -> &'static str {
    match kind {
        "bundle" | "invitation" => "An invitation",
        "import" => "An import",
        "user" => "An account",
        "tenant" => "A tenant",
        "catalog_item" => "A catalog item",
        "session" => "A session",
        _ => "–",
    }
}
