//! The statements that change an invitation's status against the machine of the domain:
//! what it allows happens, what it refuses does not.

use app::domain::{
    id::{InvitationId, UserId},
    invitation::{InvitationEvent, InvitationStatus},
};
use server::{
    args,
    storage::{AcceptOutcome, Claimant, NewLink},
};

use crate::db::{Db, Invited, NOW, after, contract};

/// An invitation of the account, in this status.
async fn in_status(db: &Db, status: InvitationStatus, event: InvitationEvent) -> (Invited, UserId) {
    let slug = format!("{}-{event:?}", status.as_str()).to_lowercase();
    let (tenant, admin) = db.desk(&slug).await;
    let email = format!("mara@{slug}.test");
    let user = db.user(&email).await;
    let invited = db.invite(tenant, admin, &email).await;
    let set = "UPDATE invitations SET status = $2, binding = $3, invitee_key = $4 WHERE id = $1";
    let binding = if status == InvitationStatus::Unassigned {
        "blank"
    } else {
        "user"
    };
    let arguments = args![
        invited.invitation,
        status.as_str(),
        binding,
        user.to_string()
    ];
    db.sql(set, arguments).await;
    let bundle = "UPDATE bundles SET status = $2, user_id = $3 WHERE id = $1";
    db.sql(bundle, args![invited.bundle, status.as_str(), user])
        .await;
    let byte = u8::try_from(db.number("SELECT COUNT(*) FROM links", args![]).await).unwrap();
    let link = NewLink {
        token_hash: [byte; 32],
        tenant,
        bundle: invited.bundle,
        purpose: app::domain::invitation::TokenPurpose::Mail,
        created_at: NOW,
    };
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_links(vec![link]).await?;
            tx.insert_landing([byte; 32], [byte; 32], NOW).await
        })
    })
    .await;
    (invited, user)
}

async fn status_of(db: &Db, invitation: InvitationId) -> InvitationStatus {
    let (word,): (String,) = db
        .write(move |tx| {
            Box::pin(tx.one(
                "SELECT status FROM invitations WHERE id = $1",
                args![invitation],
            ))
        })
        .await;
    InvitationStatus::parse(&word).unwrap()
}

async fn happen(db: &Db, event: InvitationEvent, invited: Invited, user: UserId) {
    let Invited {
        bundle, invitation, ..
    } = invited;
    let by = (None, "cli");
    let end = async |end| {
        db.write(move |tx| {
            Box::pin(async move { tx.end_invitations(&[invitation], end, "", by, NOW).await })
        })
        .await;
    };
    match event {
        InvitationEvent::Accept => {
            let (byte,): (Vec<u8>,) = db
                .write(move |tx| {
                    Box::pin(tx.one(
                        "SELECT token_hash FROM links WHERE bundle_id = $1",
                        args![bundle],
                    ))
                })
                .await;
            let cookie: [u8; 32] = byte.try_into().unwrap();
            let claimant = Claimant::User(user);
            let by_link = db
                .write(move |tx| {
                    Box::pin(async move { tx.accept_landing(cookie, &claimant, NOW).await })
                })
                .await;
            let at_home = db
                .write(move |tx| Box::pin(tx.accept_mine(invitation, user, NOW)))
                .await;
            let accepted = [by_link, at_home]
                .iter()
                .filter(|outcome| matches!(outcome, AcceptOutcome::Accepted { .. }))
                .count();
            assert!(accepted <= 1, "once is enough");
        }
        InvitationEvent::Decline => {
            db.write(move |tx| Box::pin(tx.decline_mine(invitation, user, NOW)))
                .await;
            let due = [(invitation, bundle, Some(user))];
            let counts = after(10);
            db.write(move |tx| Box::pin(async move { tx.commit_declines(&due, counts).await }))
                .await;
            end(InvitationStatus::Declined).await;
        }
        InvitationEvent::Expire => {
            end(InvitationStatus::Expired).await;
            db.write(move |tx| Box::pin(tx.expire_due(1_000, by, after(1_000))))
                .await;
        }
        InvitationEvent::Revoke => end(InvitationStatus::Revoked).await,
        InvitationEvent::Send => {
            db.write(move |tx| Box::pin(tx.send_scheduled(bundle, by, NOW)))
                .await;
        }
        InvitationEvent::Assign => unreachable!("no statement yet"),
    }
}

async fn agrees(db: &Db, event: InvitationEvent) {
    for &status in InvitationStatus::ALL {
        let (invited, user) = in_status(db, status, event).await;
        // Redeeming a blank one has no statement yet: it stays as it is.
        let expected = match (status, event) {
            (InvitationStatus::Unassigned, InvitationEvent::Accept) => status,
            _ => status.after(event).unwrap_or(status),
        };
        happen(db, event, invited, user).await;
        let became = status_of(db, invited.invitation).await;
        assert_eq!(became, expected, "{status:?} and {event:?}");
    }
}

contract!(i7_accept_follows_the_machine, |db| {
    agrees(db, InvitationEvent::Accept).await;
});

contract!(i7_decline_follows_the_machine, |db| {
    agrees(db, InvitationEvent::Decline).await;
});

contract!(i7_expiry_follows_the_machine, |db| {
    agrees(db, InvitationEvent::Expire).await;
});

contract!(i7_revoke_follows_the_machine, |db| {
    agrees(db, InvitationEvent::Revoke).await;
});

contract!(i7_sending_follows_the_machine, |db| {
    agrees(db, InvitationEvent::Send).await;
});
