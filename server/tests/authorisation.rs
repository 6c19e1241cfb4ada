//! Who may do what, by hand, and every cell of it driven over HTTP with real
//! sessions on both engines (S21). A route or server function that is not in the
//! table makes the test fail (S22).

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

#[macro_use]
mod common;
#[path = "authorisation/codes.rs"]
mod codes;
#[path = "authorisation/requests.rs"]
mod requests;

use std::collections::BTreeSet;

use common::{Answer, TestApp};
use requests::{Of, prepare};

/// A line for each server function and route. For each of the callers, the answer for
/// the *own* thing, a *foreign* one and a *missing* one; `-` where there is no such thing.
///
/// Own is what belongs to the caller's tenant, or to the caller, or what the link in the
/// caller's hand opens. Foreign is the other tenant's, or another person's. A super-admin
/// has every tenant: own is the first one's.
const TABLE: &str = "
#                                anonymous    learner      instructor   admin of A   admin of B   super-admin
#                                own for mis  own for mis  own for mis  own for mis  own for mis  own for mis
/api/session/current             200  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/api/session/sign_in             200  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/api/session/sign_out            401  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/api/session/sign_out_everywhere 401  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/api/accounts/forgot             200  -   -    200  -   -    200  -   -    200  -   -    200  -   -    200  -   -
/api/accounts/reset_check        200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/accounts/reset              200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/accounts/profile            401  -   -    200  -   -    200  -   -    200  -   -    200  -   -    200  -   -
/api/accounts/rename             401  -   -    200  -   -    200  -   -    200  -   -    200  -   -    200  -   -
/api/accounts/change_password    401  -   -    200  -   -    200  -   -    200  -   -    200  -   -    200  -   -
/api/accounts/change_email       401  -   -    200  -   -    200  -   -    200  -   -    200  -   -    200  -   -
/api/accounts/send_code          401  -   -    409  -   -    409  -   -    409  -   -    409  -   -    409  -   -
/api/accounts/confirm            401  -   -    409  -   -    409  -   -    409  -   -    409  -   -    409  -   -
/api/accounts/delete             401  -   -    422  -   -    422  -   -    422  -   -    422  -   -    422  -   -
/api/users/list                  401  -   -    404  -   -    404  -   -    404  -   -    404  -   -    200  -   -
/api/users/find                  401  -   -    404  -   -    404  -   -    404  -   -    404  -   -    200  -   -
/api/tenants/find                401  -   -    404  -   -    404  -   -    404  -   -    404  -   -    200  -   -
/api/catalog/find                401  -   -    404  -   -    404  -   -    404  -   -    404  -   -    200  -   -
/api/apps/counts                 401  -   -    404  -   -    404  -   -    404  -   -    404  -   -    200  -   -
/api/apps/preview                401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/apps/create                 401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/show                  401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/create                401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/users/upload                401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/catalog/upload              401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/users/edit                  401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/vouch                 401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/deactivate            401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/reactivate            401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/users/delete                401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/tenants/overview            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/tenants/list                401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/tenants/create              401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/tenants/edit                401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/tenants/disable             401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/tenants/enable              401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/catalog/everywhere          401  -   -   404  -   -   404  -   -   404  -   -   404  -   -   200  -   -
/api/people/list                 401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/tenants/settings            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/tenants/change_settings     401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/tenants/seats               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/tenants/set_seats           401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/people/ties                 401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/people/set_role             401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/people/set_group            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/people/remove               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/catalog/list                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/catalog/show                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/catalog/create              401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/catalog/edit                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/catalog/archive             401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/check               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/begin               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/chunk               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 404 404
/api/imports/commit              401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 404 404
/api/imports/status              401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/outcomes            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/show                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/rows                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/failed              401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/undo                401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  409 409 404
/api/imports/retry               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/abandon             401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/imports/list                401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/list            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/counts          401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/resend          401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/revoke          401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/remind          401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  409 409 404
/api/invitations/reinvite        401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/activate        401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  409 409 404
/api/invitations/deactivate      401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/show            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/extend          401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/inviters        401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/matching        401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/named           401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/bulk            401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/invitations/copy_link       401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  200 200 404
/api/blanks/create               401  -  401  404  -  404  404  -  404  404  -  404  404  -  404  200  -  404
/api/blanks/list                 401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/blanks/show                 401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/blanks/code                 401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  200 200 404
/api/blanks/codes                401 401 401  404 404 404  404 404 404  409 404 404  409 404 404  200 200 404
/api/blanks/assign               401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/blanks/revoke_rest          401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/redeem/open                 200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/redeem/register             200  -  404  409  -  404  409  -  404  409  -  404  409  -  404  409  -  404
/api/audit/list                  401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/api/landing/open                200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/landing/show                200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/landing/register            200  -  404  409  -  404  409  -  404  409  -  404  409  -  404  409  -  404
/api/landing/accept              401 401 401  200 409 404  200 409 404  200 409 404  200 409 404  200 409 404
/api/landing/never               200  -  404  200  -  404  200  -  404  200  -  404  200  -  404  200  -  404
/api/mine/home                   401  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/api/mine/accept                 401 401 401  200 404 404  200 404 404  200 404 404  200 404 404  200 404 404
/api/mine/decline                401 401 401  200 404 404  200 404 404  200 404 404  200 404 404  200 404 404
/api/mine/undo_decline           401 401 401  409 404 404  409 404 404  409 404 404  409 404 404  409 404 404
/api/demo/mails                  404  -   -   404  -   -   404  -   -   404  -   -   404  -   -   404  -   -
/api/demo/mail                   404  -  404  404  -  404  404  -  404  404  -  404  404  -  404  404  -  404
/api/events                      401 401 401  404 404 404  404 404 404  200 404 404  200 404 404  200 200 404
/healthz                         200  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
/demo/mailbox/{id}/html          404  -  404  404  -  404  404  -  404  404  -  404  404  -  404  404  -  404
/{*path}                         200  -   -   200  -   -   200  -   -   200  -   -   200  -   -   200  -   -
";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    Learner,
    Instructor,
    AdminOfA,
    AdminOfB,
    SuperAdmin,
}

impl Who {
    const ALL: [Self; 6] = [
        Self::Anonymous,
        Self::Learner,
        Self::Instructor,
        Self::AdminOfA,
        Self::AdminOfB,
        Self::SuperAdmin,
    ];
}

struct Line {
    name: &'static str,
    /// By caller, then own, foreign, missing.
    cells: [[Option<u16>; 3]; 6],
}

fn table() -> Vec<Line> {
    TABLE
        .lines()
        .filter(|line| line.starts_with('/'))
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap();
            let numbers: Vec<Option<u16>> = words.map(|word| word.parse().ok()).collect();
            let numbers: [Option<u16>; 18] = numbers.try_into().expect(line);
            let cells = std::array::from_fn(|who| std::array::from_fn(|of| numbers[who * 3 + of]));
            Line { name, cells }
        })
        .collect()
}

/// A route or server function without a line, or a line without one, fails here.
#[test]
fn s22_every_route_has_its_line() {
    use server::http::{Route, server_functions};
    let mut served: BTreeSet<&str> = server_functions().into_iter().collect();
    served.extend(
        Route::ALL
            .into_iter()
            .filter(|route| *route != Route::Api)
            .map(Route::path),
    );
    let lines: Vec<&str> = table().iter().map(|line| line.name).collect();
    let listed: BTreeSet<&str> = lines.iter().copied().collect();
    assert_eq!(lines.len(), listed.len(), "a line stands twice");
    let missing: Vec<_> = served.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&served).collect();
    assert!(
        missing.is_empty(),
        "without a line in the table: {missing:?}"
    );
    assert!(stale.is_empty(), "in the table, but not served: {stale:?}");
}

on_both_engines!(s21_every_cell_of_the_table_holds, |app| {
    let mut wrong = Vec::new();
    for line in table() {
        for (who, cells) in Who::ALL.into_iter().zip(line.cells) {
            let mut refusals: Vec<(Of, String)> = Vec::new();
            for (of, expected) in [Of::Own, Of::Foreign, Of::Missing].into_iter().zip(cells) {
                let Some(expected) = expected else {
                    continue;
                };
                for of in variants(line.name, of) {
                    let (answer, before) = ask(app, line.name, who, of).await;
                    // What mixes the own tenant with another's thing is missing for everybody.
                    let expected = match of {
                        Of::ForeignThing if matches!(expected, 200 | 409) => 404,
                        _ => expected,
                    };
                    if answer.status != expected {
                        wrong.push(format!(
                            "{} {who:?} {of:?}: {} instead of {expected}: {}",
                            line.name,
                            answer.status,
                            answer.text()
                        ));
                    }
                    // What was refused has left nothing behind.
                    let after = counts(app).await;
                    if answer.status >= 400 && after != before {
                        wrong.push(format!(
                            "{} {who:?} {of:?}: refused, but {before:?} became {after:?}",
                            line.name
                        ));
                    }
                    if answer.status == 404 && of != Of::Own {
                        refusals.push((of, whole(&answer)));
                    }
                }
            }
            // Foreign and missing answer the same, to the byte.
            for pair in refusals.windows(2) {
                if pair[0].1 != pair[1].1 {
                    wrong.push(format!("{} {who:?}: {pair:#?} differ", line.name));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
});

/// Where a call names a tenant and a thing in it, either may be foreign or missing.
fn variants(name: &str, of: Of) -> Vec<Of> {
    let names_a_thing = requests::THINGS.contains(&name);
    match of {
        Of::Foreign if names_a_thing => vec![Of::Foreign, Of::ForeignThing],
        Of::Missing if names_a_thing => vec![Of::Missing, Of::MissingThing],
        of => vec![of],
    }
}

/// Rows of what an action could leave behind.
async fn counts(app: &TestApp) -> [i64; 6] {
    let row: (i64, i64, i64, i64, i64, i64) = app
        .desk
        .storage
        .read(|tx| {
            Box::pin(tx.one(
                "SELECT (SELECT COUNT(*) FROM audit_events), (SELECT COUNT(*) FROM invitations),
                        (SELECT COUNT(*) FROM imports), (SELECT COUNT(*) FROM memberships),
                        (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM users)",
                server::args![],
            ))
        })
        .await
        .unwrap();
    [row.0, row.1, row.2, row.3, row.4, row.5]
}

/// The answer, and what there was right before the call.
async fn ask(app: &TestApp, name: &'static str, who: Who, of: Of) -> (Answer, [i64; 6]) {
    let session = session_of(app, who).await;
    prepare(app, &session, name, who, of).await
}

/// A demo shows its mails to everybody: the lines that are 404 elsewhere, driven once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_the_demos_lines_hold_in_a_demo() {
    let app = TestApp::start_with(common::Engine::Sqlite, |settings| settings.demo = true).await;
    std::fs::create_dir(&app.mail_folder).unwrap();
    std::fs::write(
        app.mail_folder.join("0198.eml"),
        "From: a@b.test\r\nTo: c@d.test\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n",
    )
    .unwrap();
    for who in Who::ALL {
        let session = session_of(&app, who).await;
        let post = async |path: &str, arguments| session.call(path, arguments).await.0;
        let search = serde_json::json!({ "search": "" });
        assert_eq!(post("/api/demo/mails", search).await, 200, "{who:?}");
        for (id, status) in [("0198", 200), ("0199", 404), ("../0198", 404)] {
            let arguments = serde_json::json!({ "id": id });
            assert_eq!(post("/api/demo/mail", arguments).await, status, "{who:?}");
            let path = format!("/demo/mailbox/{}/html", id.replace('/', "%2F"));
            assert_eq!(session.get(&path).await.status, status, "{who:?} {id}");
        }
    }
    app.end().await;
}

async fn session_of(app: &TestApp, who: Who) -> common::Session {
    let world = &app.world;
    match who {
        Who::Anonymous => app.anonymous(),
        Who::Learner => app.session_of(world.learner).await,
        Who::Instructor => app.session_of(world.instructor).await,
        Who::AdminOfA => app.session_of(world.acme_admin).await,
        Who::AdminOfB => app.session_of(world.globex_admin).await,
        Who::SuperAdmin => app.session_of(world.super_admin).await,
    }
}

/// Everything that could tell two refusals apart.
fn whole(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!(
        "{}\n{}\n{}",
        answer.status,
        headers.join("\n"),
        answer.text()
    )
}
