//! Random lives against a pure model: after every command each invitation stands where the
//! model says, and the invariants hold; on both engines.

use app::{
    api::{ApiError, apps::CreateInvitations, invitations::ExtendBundle},
    domain::{
        id::{BundleId, InvitationId, UserId},
        import::RowOutcome,
        invitation::{InvitationEvent as E, InvitationStatus as S},
        time::{CivilTime, Timestamp},
    },
    ports::{Caller, Invitations as _, Mine as _},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use server::{
    args, jobs,
    services::{
        days,
        invitations::{remind_due, send_due},
        tenants,
    },
};

use crate::{
    acme, create, form, page,
    plan::{DAY, Mail, Model, One, SCHEDULE},
    root,
    stage::{Stage, on_every_engine},
};

const PEOPLE: usize = 2;
const ZONE: &str = "Europe/Berlin";

/// What can be done; the numbers choose among people and invitations.
#[derive(Clone, Debug)]
enum Command {
    Invite {
        person: usize,
        active: bool,
        later: Option<u8>,
    },
    Pass(i64),
    SendDue,
    SendMails,
    Expire,
    CommitDeclines,
    RemindDue,
    Resend(usize),
    Remind(usize),
    Extend(usize, u8),
    Revoke(usize),
    Activate(usize),
    Deactivate(usize),
    Reinvite(usize),
    Accept(usize),
    Decline(usize),
    UndoDecline(usize),
}

fn command() -> impl Strategy<Value = Command> {
    let which = 0..6_usize;
    prop_oneof![
        4 => (0..PEOPLE, prop::bool::weighted(0.8), prop::option::weighted(0.4, 1..4_u8))
            .prop_map(|(person, active, later)| Command::Invite { person, active, later }),
        3 => prop_oneof![1..30_i64, 60..7_200_i64, DAY..9 * DAY, 25 * DAY..40 * DAY]
            .prop_map(Command::Pass),
        2 => Just(Command::SendDue),
        3 => Just(Command::SendMails),
        1 => Just(Command::Expire),
        2 => Just(Command::CommitDeclines),
        2 => Just(Command::RemindDue),
        2 => which.clone().prop_map(Command::Resend),
        2 => which.clone().prop_map(Command::Remind),
        1 => (which.clone(), 1..60_u8).prop_map(|(one, days)| Command::Extend(one, days)),
        1 => which.clone().prop_map(Command::Revoke),
        2 => which.clone().prop_map(Command::Activate),
        2 => which.clone().prop_map(Command::Deactivate),
        2 => which.clone().prop_map(Command::Reinvite),
        1 => which.clone().prop_map(Command::Accept),
        2 => which.clone().prop_map(Command::Decline),
        1 => which.prop_map(Command::UndoDecline),
    ]
}

/// The real things of the model.
struct Real<'s> {
    stage: &'s Stage,
    root: Caller,
    ada: Caller,
    people: Vec<(UserId, Caller)>,
    bundles: Vec<(BundleId, InvitationId)>,
    keys: usize,
}

impl Real<'_> {
    async fn invite(
        &mut self,
        person: usize,
        active: bool,
        send_at: Option<CivilTime>,
    ) -> Option<BundleId> {
        self.keys += 1;
        let input = CreateInvitations {
            active,
            send_at,
            ..form(self.stage, &self.keys.to_string(), self.people[person].0)
        };
        let made = create(self.stage, &self.root, input).await.unwrap();
        made[0]
            .bundle
            .filter(|_| made[0].outcome == RowOutcome::Created)
    }

    async fn keep(&mut self, bundle: BundleId) {
        let page = page(self.stage, bundle).await;
        self.bundles.push((bundle, page.line.targets[0].invitation));
    }
}

/// Nine in the morning, so many days from now.
fn nine(now: Timestamp, later: u8) -> CivilTime {
    CivilTime {
        day: tenants::today(now.plus_days(i64::from(later)), ZONE).unwrap(),
        hour: 9,
        minute: 0,
    }
}

fn ok<T>(answer: Result<T, ApiError>) -> bool {
    answer.is_ok()
}

/// Does it in both; whether each says that it was done.
async fn both(real: &mut Real<'_>, model: &mut Model, command: &Command) -> (bool, bool) {
    let stage = real.stage;
    let at = stage.desk.now();
    let now = at.0;
    let desk = &stage.desk;
    let pick = |one: usize| (!real.bundles.is_empty()).then(|| one % real.bundles.len());
    match *command {
        Command::Invite {
            person,
            active,
            later,
        } => {
            let send_at = later.map(|later| nine(at, later));
            let made = real.invite(person, active, send_at).await;
            let free = model.is_free(person, now);
            if free {
                let mut one = One::new(person, now);
                one.active = active;
                if let Some(time) = send_at {
                    let sent = days::at(time, ZONE).unwrap();
                    one.status = S::Scheduled;
                    one.send_at = Some(sent.0);
                    one.expires_at = sent.plus_days(30).0;
                } else if active {
                    one.queue(false, now);
                }
                model.all.push(one);
            }
            if let Some(bundle) = made {
                real.keep(bundle).await;
            }
            (made.is_some(), free)
        }
        Command::Pass(seconds) => {
            stage.clock.advance_seconds(seconds);
            (true, true)
        }
        Command::SendDue => {
            while send_due(desk, 3).await.unwrap() > 0 {}
            for one in &mut model.all {
                let due = one.send_at.is_some_and(|send_at| send_at <= now);
                if one.status == S::Scheduled && due && one.expires_at > now {
                    one.send(now);
                }
            }
            (true, true)
        }
        Command::SendMails => {
            stage.send_mails().await;
            for one in &mut model.all {
                let (open, active) = (one.expires_at > now, one.active);
                let newest = one.mails.iter().rposition(|mail| !mail.1);
                for (place, mail) in one.mails.iter_mut().enumerate() {
                    match mail.2 {
                        Mail::Queued if !open => mail.2 = Mail::Dead,
                        Mail::Queued if active => {
                            mail.2 = Mail::Sent;
                            if Some(place) == newest {
                                one.remind_from = Some(now);
                            }
                        }
                        // Held, or done with.
                        _ => {}
                    }
                }
            }
            (true, true)
        }
        Command::Expire => {
            jobs::expiry::expire_batch(desk).await.unwrap();
            for one in &mut model.all {
                if one.status.is_live() && one.expires_at <= now {
                    one.happen(E::Expire);
                }
            }
            (true, true)
        }
        Command::CommitDeclines => {
            jobs::declines::commit_batch(desk).await.unwrap();
            for one in &mut model.all {
                if one.decline_at.is_some_and(|decline_at| decline_at <= now) {
                    one.happen(E::Decline);
                }
            }
            (true, true)
        }
        Command::RemindDue => {
            remind_due(desk, 100).await.unwrap();
            for (step, days) in SCHEDULE.into_iter().enumerate() {
                for one in &mut model.all {
                    let by = now - days * DAY * 1000;
                    if one.is_offered(now)
                        && one.reminders == step
                        && one.remind_from.is_some_and(|from| from <= by)
                        && one.remind_after <= now
                        && !one.remind(now)
                    {
                        one.remind_after = now + 6 * 3_600_000;
                    }
                }
            }
            (true, true)
        }
        Command::Resend(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .resend(&real.ada, acme(real.bundles[place].0))
                .await;
            let one = &mut model.all[place];
            let may = one.is_open(now)
                && one.active
                && (one.status == S::Scheduled || !one.too_soon(now));
            if may && one.status == S::Scheduled {
                one.send(now);
            } else if may {
                one.give_up();
                one.queue(false, now);
            }
            (ok(done), may)
        }
        Command::Remind(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .remind(&real.ada, acme(real.bundles[place].0))
                .await;
            (ok(done), model.all[place].remind(now))
        }
        Command::Extend(one, by) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let day = tenants::today(at.plus_days(i64::from(by)), ZONE).unwrap();
            let input = ExtendBundle {
                tenant: "acme".to_owned(),
                bundle: real.bundles[place].0,
                until: day,
            };
            let done = stage.invitations.extend(&real.ada, input).await;
            let until = days::end_of(day, ZONE).unwrap().0;
            let one = &mut model.all[place];
            let may = one.is_open(now) && until > one.expires_at;
            if may {
                one.expires_at = until;
            }
            (ok(done), may)
        }
        Command::Revoke(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .revoke(&real.ada, acme(real.bundles[place].0))
                .await;
            let one = &mut model.all[place];
            let may = one.status.after(E::Revoke).is_some();
            one.happen(E::Revoke);
            (ok(done), may)
        }
        Command::Activate(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .activate(&real.ada, acme(real.bundles[place].0))
                .await;
            let one = &mut model.all[place];
            let may = one.is_open(now) && !one.active;
            if may {
                one.active = true;
                if one.status == S::Pending && one.mails.is_empty() {
                    one.queue(false, now);
                }
            }
            (ok(done), may)
        }
        Command::Deactivate(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .deactivate(&real.ada, acme(real.bundles[place].0))
                .await;
            let one = &mut model.all[place];
            let may = one.is_open(now) && one.active;
            if may {
                one.active = false;
            }
            (ok(done), may)
        }
        Command::Reinvite(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let done = stage
                .invitations
                .reinvite(&real.ada, acme(real.bundles[place].0))
                .await;
            let before = &model.all[place];
            let (person, status) = (before.person, before.status);
            let may = !status.is_live() && status != S::Accepted && model.is_free(person, now);
            if may {
                let mut one = One::new(person, now);
                one.previous = Some(place);
                one.queue(false, now);
                model.all.push(one);
            }
            if let Ok(line) = &done {
                real.keep(line.bundle).await;
            }
            (ok(done), may)
        }
        Command::Accept(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let one = &mut model.all[place];
            let done = stage
                .mine
                .accept(&real.people[one.person].1, real.bundles[place].1)
                .await;
            let may = one.is_offered(now) && one.decline_at.is_none_or(|from| from > now);
            if may {
                one.happen(E::Accept);
            }
            (ok(done), may)
        }
        Command::Decline(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let one = &mut model.all[place];
            let done = stage
                .mine
                .decline(&real.people[one.person].1, real.bundles[place].1)
                .await;
            let may = one.is_offered(now);
            if may {
                one.decline_at = one.decline_at.or(Some(now + 10_000));
            }
            (ok(done), may)
        }
        Command::UndoDecline(one) => {
            let Some(place) = pick(one) else {
                return (true, true);
            };
            let one = &mut model.all[place];
            let done = stage
                .mine
                .undo_decline(&real.people[one.person].1, real.bundles[place].1)
                .await;
            let may = one.status == S::Pending && one.decline_at.is_some_and(|from| from > now);
            if may {
                one.decline_at = None;
            }
            (ok(done), may)
        }
    }
}

/// Each invitation stands where the model says.
async fn compare(real: &Real<'_>, model: &Model, done: &[Command]) {
    assert_eq!(real.bundles.len(), model.all.len(), "{done:?}");
    for (place, (one, (bundle, _))) in model.all.iter().zip(&real.bundles).enumerate() {
        let page = page(real.stage, *bundle).await;
        let line = &page.line;
        let sent = one.mails.iter().filter(|mail| mail.2 == Mail::Sent).count();
        let mails = "SELECT COUNT(*) FROM outbox WHERE bundle_id = $1 AND status = 'sent'";
        let stands = (
            line.status,
            line.targets[0].status,
            line.active,
            line.expires_at.0,
            line.send_at.map(|at| at.0),
            usize::from(line.reminders),
            real.stage.number(mails, args![*bundle]).await,
            page.previous,
        );
        let expected = (
            one.status,
            one.status,
            one.active,
            one.expires_at,
            one.send_at,
            one.reminders,
            i64::try_from(sent).unwrap(),
            one.previous.map(|place| real.bundles[place].0),
        );
        assert_eq!(stands, expected, "invitation {place} after {done:?}");
    }
}

async fn live(stage: &Stage, commands: &[Command]) {
    let quota = "UPDATE tenants SET mails_a_day_per_address = 1000000";
    stage.sql(quota, args![]).await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let user = stage.user(&format!("p{n}@new.test"), "Pat", true).await;
        people.push((user, stage.signed_in(user).await));
    }
    let mut real = Real {
        root: root(stage).await,
        ada: stage.signed_in(stage.ada).await,
        stage,
        people,
        bundles: Vec::new(),
        keys: 0,
    };
    let mut model = Model::default();
    for (step, command) in commands.iter().enumerate() {
        let (said, expected) = both(&mut real, &mut model, command).await;
        let done = &commands[..=step];
        assert_eq!(said, expected, "the last of {done:?}");
        compare(&real, &model, done).await;
        stage.check().await;
    }
}

/// Cases of one run; `PROPTEST_CASES` has more of them.
const CASES: u32 = 12;

#[test]
fn i2_i4_i6_i7_random_lives_stand_where_the_model_says() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES);
    let config = Config {
        cases,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let commands = prop::collection::vec(command(), 20..45);
    let ran = TestRunner::new(config).run(&commands, |commands| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(on_every_engine(|stage| {
            let commands = commands.clone();
            async move { live(&stage, &commands).await }
        }));
        Ok(())
    });
    if let Err(failed) = ran {
        panic!("{failed}");
    }
}
