//! S51: whatever comes at the same moment as an accept, the two happened in some order:
//! what each was told, what is written down and what it gave are those of that order.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail like the test itself"
)]

mod stage;

use std::sync::Arc;

use app::{
    api::{
        ApiError,
        invitations::{BundleRef, ExtendBundle},
        landing::NeverInvite,
    },
    domain::{
        id::{BundleId, InvitationId, UserId},
        time::CivilDate,
    },
    ports::{Caller, Invitations as _, LandingPort as _, Mine as _},
};
use server::{args, jobs::expiry};
use stage::{Invite, Stage, on_every_engine};

/// So often each pair meets, on each engine.
const ROUNDS: usize = 16;

/// What comes at the same moment as the accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    Revoke,
    Resend,
    Extend,
    Expire,
    Decline,
    Never,
    /// The course that is offered is archived.
    Archive,
    /// It is switched off.
    SwitchOff,
    /// Its inviter is made a learner.
    Demote,
    /// The same person at his home, in another tab.
    Home,
}

const OTHERS: [Other; 10] = [
    Other::Revoke,
    Other::Resend,
    Other::Extend,
    Other::Expire,
    Other::Decline,
    Other::Never,
    Other::Archive,
    Other::SwitchOff,
    Other::Demote,
    Other::Home,
];

/// One person with an account, who has opened the mail's link to a course.
struct Meeting {
    stage: Arc<Stage>,
    user: UserId,
    ada: Caller,
    landed: Caller,
    token: String,
    bundle: BundleId,
    invitation: InvitationId,
}

impl Meeting {
    async fn arrange(stage: &Arc<Stage>, email: &str) -> Self {
        let user = stage.user(email, "Mara", true).await;
        let bundle = stage
            .invite(Invite {
                platform: false,
                items: vec![("course", stage.course)],
                user: Some(user),
                ..stage.to_acme(email)
            })
            .await;
        stage.send_mails().await;
        let token = stage.mailed_token(email);
        let caller = stage.signed_in(user).await;
        let (_, landed) = stage.open(&caller, &token).await.unwrap();
        let invitation = "SELECT CAST(id AS TEXT) FROM invitations WHERE bundle_id = $1";
        let id = if stage.desk.storage.is_postgres() {
            stage.text(invitation, args![bundle]).await
        } else {
            let hex = "SELECT lower(hex(id)) FROM invitations WHERE bundle_id = $1";
            stage.text(hex, args![bundle]).await
        };
        // So that a resend passes its brake.
        stage.clock.advance_seconds(61);
        Self {
            stage: Arc::clone(stage),
            user,
            ada: stage.signed_in(stage.ada).await,
            landed,
            token,
            bundle,
            invitation: InvitationId(uuid::Uuid::parse_str(&id).unwrap()),
        }
    }

    async fn meanwhile(&self, other: Other) -> Result<(), ApiError> {
        let stage = &self.stage;
        let reference = BundleRef {
            tenant: "acme".to_owned(),
            bundle: self.bundle,
        };
        match other {
            Other::Revoke => stage
                .invitations
                .revoke(&self.ada, reference)
                .await
                .map(drop),
            Other::Resend => stage
                .invitations
                .resend(&self.ada, reference)
                .await
                .map(drop),
            Other::Extend => {
                let until = CivilDate {
                    year: 2027,
                    month: 3,
                    day: 1,
                };
                let input = ExtendBundle {
                    tenant: "acme".to_owned(),
                    bundle: self.bundle,
                    until,
                };
                stage.invitations.extend(&self.ada, input).await.map(drop)
            }
            Other::Expire => {
                expiry::expire_batch(&stage.desk).await.unwrap();
                Ok(())
            }
            Other::Decline => {
                let counted = server::jobs::declines::commit_batch(&stage.desk).await;
                assert!(counted.is_ok(), "{counted:?}");
                Ok(())
            }
            Other::Never => {
                let input = NeverInvite {
                    token: Some(self.token.clone()),
                    everywhere: false,
                };
                stage.landing.never(&self.landed, input).await.map(drop)
            }
            Other::Archive => {
                let sql = "UPDATE catalog_items SET archived_at = $2 WHERE id = $1";
                stage.sql(sql, args![stage.course, stage.desk.now()]).await;
                Ok(())
            }
            Other::SwitchOff => stage
                .invitations
                .deactivate(&self.ada, reference)
                .await
                .map(drop),
            Other::Demote => {
                let sql = "UPDATE memberships SET role = 'learner' WHERE user_id = $1";
                stage.sql(sql, args![stage.ada]).await;
                Ok(())
            }
            Other::Home => stage.mine.accept(&self.landed, self.invitation).await,
        }
    }

    /// Everything as before, for the next meeting.
    async fn tidy(&self) {
        let stage = &self.stage;
        let unarchive = "UPDATE catalog_items SET archived_at = NULL WHERE id = $1";
        stage.sql(unarchive, args![stage.course]).await;
        let promote = "UPDATE memberships SET role = 'admin' WHERE user_id = $1";
        stage.sql(promote, args![stage.ada]).await;
    }

    /// What is written down: the end, the places it gave, the events of the accept.
    async fn written(&self) -> (String, i64, i64) {
        let enrolled = "SELECT COUNT(*) FROM enrollments WHERE user_id = $1";
        let events = "SELECT COUNT(*) FROM audit_events
            WHERE action = 'invitation.accepted' AND subject_id = $1";
        (
            self.stage.status(self.bundle).await,
            self.stage.number(enrolled, args![self.user]).await,
            self.stage.number(events, args![self.invitation]).await,
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s51_an_accept_and_whatever_comes_with_it_happen_in_some_order() {
    on_every_engine(|stage| async move {
        let (mut first, mut second) = (0, 0);
        for other in OTHERS {
            for round in 0..ROUNDS {
                let email = format!("{other:?}{round}@new.test").to_lowercase();
                let meeting = Arc::new(Meeting::arrange(&stage, &email).await);
                if other == Other::Expire {
                    // Its time is over for whoever asks a moment later.
                    let ends = "UPDATE bundles SET expires_at = $2 WHERE id = $1";
                    let soon = stage.desk.now().plus_seconds(1);
                    stage.sql(ends, args![meeting.bundle, soon]).await;
                    let ends = "UPDATE invitations SET expires_at = $2 WHERE bundle_id = $1";
                    stage.sql(ends, args![meeting.bundle, soon]).await;
                }
                if other == Other::Decline {
                    let declined = stage.mine.decline(&meeting.landed, meeting.invitation);
                    declined.await.unwrap();
                    stage.clock.advance_seconds(9);
                }
                let accept = {
                    let meeting = Arc::clone(&meeting);
                    async move {
                        meeting
                            .stage
                            .landing
                            .accept(&meeting.landed)
                            .await
                            .map(drop)
                    }
                };
                let meanwhile = {
                    let meeting = Arc::clone(&meeting);
                    async move {
                        if matches!(other, Other::Expire | Other::Decline) {
                            meeting.stage.clock.advance_seconds(1);
                        }
                        meeting.meanwhile(other).await
                    }
                };
                // Each begins first half of the time; who commits first is the database's.
                let (accepted, met) = if round % 2 == 0 {
                    let accepted = tokio::spawn(accept);
                    let met = tokio::spawn(meanwhile);
                    (accepted.await.unwrap(), met.await.unwrap())
                } else {
                    let met = tokio::spawn(meanwhile);
                    let accepted = tokio::spawn(accept);
                    (accepted.await.unwrap(), met.await.unwrap())
                };
                for told in [&accepted, &met] {
                    assert!(
                        matches!(
                            told,
                            Ok(()) | Err(ApiError::NotFound | ApiError::Conflict { .. })
                        ),
                        "{other:?} {round}: {told:?}"
                    );
                }
                let (status, enrolled, events) = meeting.written().await;
                let is_accepted = i64::from(status == "accepted");
                assert_eq!((enrolled, events), (is_accepted, is_accepted), "{other:?}");
                let came = (accepted.is_ok(), met.is_ok(), status.as_str());
                let legal: &[(bool, bool, &str)] = match other {
                    Other::Revoke => &[(true, false, "accepted"), (false, true, "revoked")],
                    // The link dies with the resend, or opens nothing where it is switched
                    // off; the invitation lives on.
                    Other::Resend | Other::SwitchOff => {
                        &[(true, false, "accepted"), (false, true, "pending")]
                    }
                    Other::Extend => &[(true, false, "accepted"), (true, true, "accepted")],
                    Other::Expire => &[(true, true, "accepted"), (false, true, "expired")],
                    // Accepting takes a refusal back, until it counts. Who has the mail may ask
                    // for it afterwards too; nothing waits then.
                    Other::Decline | Other::Never => {
                        &[(true, true, "accepted"), (false, true, "declined")]
                    }
                    Other::Archive | Other::Demote => {
                        &[(true, true, "accepted"), (false, true, "pending")]
                    }
                    Other::Home => &[(true, false, "accepted"), (false, true, "accepted")],
                };
                assert!(legal.contains(&came), "{other:?} {round}: {came:?}");
                if accepted.is_ok() {
                    first += 1;
                } else {
                    second += 1;
                }
                // A repeated accept changes nothing whatever happened.
                let again = meeting.stage.landing.accept(&meeting.landed).await;
                if is_accepted == 1 {
                    assert_eq!(again.unwrap_err(), ApiError::NotFound);
                    let expected = ("accepted".to_owned(), 1, 1);
                    assert_eq!(meeting.written().await, expected);
                }
                stage.check().await;
                meeting.tidy().await;
            }
        }
        assert!(first > 0 && second > 0, "both orders: {first} {second}");
    })
    .await;
}
