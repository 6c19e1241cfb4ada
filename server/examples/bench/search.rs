//! What the comboboxes of the Data Manager find among very many.

use std::time::Instant;

use app::{
    api::{catalog::ListEverywhere, users::ListUsers},
    domain::invitation::InvitationKind,
    ports::{Catalog as _, Tenants as _, Users as _},
};
use server::{
    services::{Desk, catalog::CatalogService, tenants::TenantsService, users::UsersService},
    storage::Words,
};

use crate::{
    Outcome,
    seed::{filled, id, numbered, with_indexes, without_indexes},
    super_admin,
    times::{head, measure},
};

/// Syllables that names and titles are made of.
const PARTS: [&str; 16] = [
    "al", "be", "cor", "dan", "el", "fi", "gar", "ho", "is", "jo", "kar", "lu", "mo", "ner", "os",
    "pra",
];
/// Texts whose words are written in one transaction.
const BATCH: u32 = 2_000;

fn part(n: &str) -> String {
    let each = PARTS
        .iter()
        .enumerate()
        .map(|(place, word)| format!("WHEN {place} THEN '{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    format!("CASE {n} {each} END")
}

async fn seed(desk: &Desk, users: i64, items: i64) -> Outcome {
    let storage = &desk.storage;
    let postgres = storage.is_postgres();
    let now = desk.now().0;
    let word = |n: [&str; 3]| n.map(part).join(" || ");
    let first = word(["n % 16", "n / 16 % 16", "n / 3 % 16"]);
    let last = word(["n / 256 % 16", "n / 4096 % 16", "n / 7 % 16"]);
    let indexes = without_indexes(storage, &["users", "catalog_items"]).await?;
    numbered(
        storage,
        "users",
        users,
        &format!(
            "INSERT INTO users (id, email, email_typed, email_verified, first_name, last_name,
                search_text, username, created_at)
             SELECT {}, 'u' || n || '@mail.test', 'u' || n || '@mail.test', 1, {first}, {last},
                {first} || ' ' || {last} || ' u' || n || '@mail.test', 'user' || n, {now}
             FROM numbers",
            id(postgres, "2", "8000", "n")
        ),
    )
    .await?;
    numbered(
        storage,
        "courses",
        items,
        &format!(
            "INSERT INTO catalog_items (id, kind, key, title, search_text, created_at)
             SELECT {}, 'course', 'C-' || n, {first} || ' ' || {last} || ' ' || n,
                'c-' || n || ' ' || {first} || ' ' || {last} || ' ' || n, {now} FROM numbers",
            id(postgres, "3", "8000", "n")
        ),
    )
    .await?;
    numbered(
        storage,
        "tenants",
        500,
        &format!(
            "INSERT INTO tenants (id, slug, name, time_zone, created_at)
             SELECT {}, 'tenant-' || n, {first} || ' ' || n, 'UTC', {now} FROM numbers",
            id(postgres, "1", "8000", "n")
        ),
    )
    .await?;
    with_indexes(storage, indexes).await?;
    let began = Instant::now();
    for of in [Words::Users, Words::Catalog] {
        while storage
            .write(move |tx| Box::pin(tx.keep_words(of, BATCH)))
            .await
            .map_err(|error| error.to_string())?
            > 0
        {}
    }
    println!(
        "their words, as the job writes them: {} s",
        began.elapsed().as_secs()
    );
    Ok(())
}

pub async fn run(desk: &Desk, users: i64, items: i64, runs: u32) -> Outcome {
    if filled(&desk.storage, "users").await? {
        println!("It is filled already.");
    } else {
        seed(desk, users, items).await?;
    }
    let caller = &super_admin();
    let people = &UsersService::new(desk.clone());
    let catalog = &CatalogService::new(desk.clone());
    let tenants = &TenantsService::new(desk.clone());
    // What somebody types who looks for the n-th.
    let name = |n: u32, letters: usize| {
        let n = n as usize;
        let word = [PARTS[n % 16], PARTS[n / 16 % 16], PARTS[n / 3 % 16]].concat();
        word.chars().take(letters).collect::<String>()
    };
    let within = |n: u32| name(n, 9).chars().skip(2).take(4).collect::<String>();
    let both = |n: u32| format!("{} {}", name(n, 3), PARTS[n as usize / 256 % 16]);
    let typed: [(&str, &dyn Fn(u32) -> String); 7] = [
        ("one letter", &|n| name(n, 1)),
        ("two letters", &|n| name(n, 2)),
        ("three letters, also from within", &|n| name(n, 3)),
        ("a whole first name", &|n| name(n, 12)),
        ("four letters from within", &within),
        ("the beginnings of two names", &both),
        ("what nobody has", &|n| format!("zzz{n}")),
    ];
    head("People");
    for (what, search) in typed {
        measure(what, runs, |n| async move {
            let found = people.find(caller, search(n)).await;
            found.map(|_| ()).map_err(|error| error.to_string())
        })
        .await?;
    }
    measure("a whole address", runs, |n| async move {
        let found = people.find(caller, format!("u{}@mail.test", n * 977)).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure("the list, first page", runs, |_| async move {
        let found = people.list(caller, ListUsers::default()).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure("the list, a whole first name", runs, |n| async move {
        let input = ListUsers {
            search: name(n, 12),
            after: None,
        };
        let found = people.list(caller, input).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    head("Courses");
    for (what, search) in typed {
        measure(what, runs, |n| async move {
            let found = catalog
                .find(caller, search(n), InvitationKind::Course)
                .await;
            found.map(|_| ()).map_err(|error| error.to_string())
        })
        .await?;
    }
    measure("the catalog of all, first page", runs, |_| async move {
        let found = catalog.everywhere(caller, ListEverywhere::default()).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    measure("the catalog of all, a word", runs, |n| async move {
        let input = ListEverywhere {
            search: name(n, 12),
            ..ListEverywhere::default()
        };
        let found = catalog.everywhere(caller, input).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await?;
    head("Tenants");
    measure("two letters", runs, |n| async move {
        let found = tenants.find(caller, name(n, 2)).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    })
    .await
}
