//! Links, landings, and the offers behind them.

use app::domain::{id::InvitationId, invitation::TokenPurpose, role::Role};
use server::{
    args,
    storage::{LANDING_MINUTES, NewLink},
};

use crate::db::{Db, Invited, NOW, after, clash, contract, refused};

const TOKEN: [u8; 32] = [1; 32];
const COOKIE: [u8; 32] = [2; 32];

/// An invitation with a live link that a browser has opened.
async fn opened(db: &Db) -> Invited {
    let (acme, ada) = db.desk("acme").await;
    let invited = db.invite(acme, ada, "mara@new.test").await;
    let link = NewLink {
        token_hash: TOKEN,
        tenant: acme,
        bundle: invited.bundle,
        purpose: TokenPurpose::Mail,
        created_at: NOW,
    };
    db.write(|tx| {
        Box::pin(async move {
            tx.insert_links(vec![link]).await?;
            tx.insert_landing(COOKIE, TOKEN, NOW).await
        })
    })
    .await;
    invited
}

/// Which of link, landing and home offer something at that second.
async fn offers(db: &Db, invitation: InvitationId, seconds: i64) -> (bool, bool, bool) {
    db.write(move |tx| {
        Box::pin(async move {
            let now = after(seconds);
            Ok((
                tx.offer_of_link(TOKEN, now).await?.is_some(),
                tx.offer_of_landing(COOKIE, now).await?.is_some(),
                tx.offer_of_invitation(invitation, now).await?.is_some(),
            ))
        })
    })
    .await
}

contract!(s04_an_offer_ends_with_whatever_it_stands_on, |db| {
    let one = opened(db).await;
    let offered = offers(db, one.invitation, 0).await;
    assert_eq!(offered, (true, true, true));
    for (breaks, mends) in [
        (
            "UPDATE bundles SET active = 0",
            "UPDATE bundles SET active = 1",
        ),
        (
            "UPDATE tenants SET disabled_at = 1",
            "UPDATE tenants SET disabled_at = NULL",
        ),
        (
            "UPDATE users SET deactivated_at = 1",
            "UPDATE users SET deactivated_at = NULL",
        ),
        (
            "UPDATE memberships SET role = 'instructor'",
            "UPDATE memberships SET role = 'admin'",
        ),
    ] {
        db.sql(breaks, args![]).await;
        let offered = offers(db, one.invitation, 0).await;
        assert_eq!(offered, (false, false, false), "{breaks}");
        db.sql(mends, args![]).await;
        let offered = offers(db, one.invitation, 0).await;
        assert_eq!(offered, (true, true, true), "{mends}");
    }
    let offer = db
        .write(|tx| Box::pin(tx.offer_of_link(TOKEN, NOW)))
        .await
        .unwrap();
    assert_eq!((offer.bundle, offer.role), (one.bundle, Role::Learner));
    assert!(offer.proves_mailbox());
    let targets = db
        .write(move |tx| Box::pin(async move { tx.offered_targets(&offer, NOW).await }))
        .await;
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].title, "ACME");
});

contract!(s07_an_offer_ends_at_its_time, |db| {
    let one = opened(db).await;
    let landing = LANDING_MINUTES * 60;
    db.sql("UPDATE landings SET expires_at = $1", args![after(100)])
        .await;
    assert!(landing > 1_000, "else it would end before the invitation");
    let offered = offers(db, one.invitation, 99).await;
    assert_eq!(offered, (true, true, true));
    let offered = offers(db, one.invitation, 100).await;
    assert_eq!(offered, (true, false, true), "the landing ran out");
    let offered = offers(db, one.invitation, 1_000).await;
    assert_eq!(offered, (false, false, false), "the invitation ran out");
    let forgotten = db.write(|tx| Box::pin(tx.forget_landings(after(99)))).await;
    assert_eq!(forgotten, 0);
    let forgotten = db
        .write(|tx| Box::pin(tx.forget_landings(after(100))))
        .await;
    assert_eq!(forgotten, 1);
});

contract!(s05_a_killed_link_opens_nothing_any_more, |db| {
    let one = opened(db).await;
    for died in [1, 0] {
        let killed = db
            .write(move |tx| Box::pin(async move { tx.kill_links(&[one.bundle], NOW).await }))
            .await;
        assert_eq!(killed, died);
    }
    let offered = offers(db, one.invitation, 0).await;
    assert_eq!(offered, (false, false, true), "the home needs no link");
    assert_eq!(db.number("SELECT COUNT(*) FROM landings", args![]).await, 0);
});

contract!(one_link_is_killed_alone, |db| {
    let one = opened(db).await;
    let (tenant,): (uuid::Uuid,) = db
        .write(|tx| Box::pin(tx.one("SELECT tenant_id FROM links", args![])))
        .await;
    let link = |byte| NewLink {
        token_hash: [byte; 32],
        tenant: app::domain::id::TenantId(tenant),
        bundle: one.bundle,
        purpose: TokenPurpose::Copy,
        created_at: NOW,
    };
    let constraint = clash(
        db.try_write(|tx| Box::pin(tx.insert_links(vec![link(9), link(1)])))
            .await,
    );
    assert!(!constraint.is_empty());
    db.write(|tx| Box::pin(tx.insert_links(vec![link(9)])))
        .await;
    db.write(|tx| Box::pin(tx.kill_link([9; 32], NOW))).await;
    let live = "SELECT COUNT(*) FROM links WHERE dead_at IS NULL";
    assert_eq!(db.number(live, args![]).await, 1);
    assert_eq!(offers(db, one.invitation, 0).await, (true, true, true));
});

contract!(i7_a_link_has_a_known_purpose, |db| {
    opened(db).await;
    refused(
        db.try_sql("UPDATE links SET purpose = 'own'", args![])
            .await,
    );
});
