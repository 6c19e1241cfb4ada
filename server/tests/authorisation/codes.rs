//! A blank invitation for the requests that name one.

use app::domain::{
    id::{BundleId, InvitationId, TenantId, UserId},
    invitation::InvitationKind,
    role::Role,
};
use server::{
    clock::new_id,
    keys::draw_code,
    services::Desk,
    storage::{BlankAct, NewBlank},
};

/// One of a tenant by its admin, or none: its bundle, its source, its code.
pub async fn blank(
    desk: &Desk,
    owner: Option<(TenantId, UserId)>,
    source: String,
) -> (String, String, String) {
    let code = draw_code().unwrap();
    let bundle = BundleId(new_id(desk.now()));
    let Some((tenant, inviter)) = owner else {
        return (bundle.to_string(), source, code.grouped());
    };
    let act = BlankAct {
        tenant,
        inviter,
        source: source.clone(),
        search_text: source.clone(),
        role: Role::Learner,
        active: true,
        starts_at: None,
        ends_at: None,
        expires_at: desk.now().plus_days(30),
        targets: vec![(InvitationKind::Platform, tenant.0)],
        at: desk.now(),
    };
    let blank = NewBlank {
        bundle,
        code_hash: desk.key.code_hash(&code),
        sealed: desk.key.seal(&code, bundle).unwrap(),
        invitations: vec![InvitationId(new_id(desk.now()))],
    };
    desk.storage
        .write(move |tx| {
            let (act, blank) = (act.clone(), blank.clone());
            Box::pin(async move { tx.insert_blanks(&act, &[blank]).await })
        })
        .await
        .unwrap();
    (bundle.to_string(), source, code.grouped())
}
