//! Imports: the upload, the commit, the job's lease.

use app::domain::{
    id::{ImportId, TenantId, UserId},
    import::{ImportState, RowOutcome, SubmitMode},
    time::Timestamp,
};
use server::{
    args,
    clock::new_id,
    storage::{ChunkStored, Import, NewChunk, NewImport, NewOutcome, OutcomeCounts},
};

use crate::db::{Db, NOW, after, contract, refused};

fn new(tenant: TenantId, user: UserId, key: &str, at: Timestamp) -> NewImport {
    NewImport {
        id: ImportId(new_id(at)),
        tenant,
        user,
        idempotency_key: key.to_owned(),
        content_hash: "hash".to_owned(),
        file_name: "people.csv".to_owned(),
        rows: 4,
        mode: SubmitMode::ValidNow,
        metadata_columns: Vec::new(),
        admins: 0,
        at,
    }
}

async fn open(db: &Db, new: NewImport) -> bool {
    db.write(move |tx| Box::pin(async move { tx.open_import(&new).await }))
        .await
}

/// Opens an import and gives it as stored.
async fn opened(db: &Db, tenant: TenantId, user: UserId, key: &str) -> Import {
    assert!(open(db, new(tenant, user, key, NOW)).await);
    by_key(db, tenant, user, key).await.unwrap()
}

async fn by_key(db: &Db, tenant: TenantId, user: UserId, key: &str) -> Option<Import> {
    let key = key.to_owned();
    db.write(move |tx| Box::pin(async move { tx.import_by_key(tenant, user, &key).await }))
        .await
}

async fn start(db: &Db, import: &Import) -> bool {
    let (tenant, id) = (import.tenant, import.id);
    db.write(move |tx| Box::pin(tx.start_commit(tenant, id, NOW)))
        .await
}

/// A chunk of two rows whose cells are its payload.
fn chunk(import: &Import, position: u32, hash: &str, payload: &str) -> NewChunk {
    NewChunk {
        import: import.id,
        position,
        hash: hash.to_owned(),
        rows: 2,
        payload: payload.to_owned(),
        bytes: i64::try_from(payload.len()).unwrap(),
        admins: 0,
        bytes_max: 10,
    }
}

async fn store(db: &Db, chunk: NewChunk) -> ChunkStored {
    db.write(move |tx| Box::pin(async move { tx.store_chunk(&chunk).await }))
        .await
}

contract!(a_key_opens_one_import_of_a_user_in_a_tenant, |db| {
    let (acme, ada) = db.desk("acme").await;
    let (globex, gil) = db.desk("globex").await;
    let first = opened(db, acme, ada, "a").await;
    assert!(!open(db, new(acme, ada, "a", NOW)).await);
    assert_eq!(by_key(db, acme, ada, "a").await.unwrap().id, first.id);
    assert!(open(db, new(acme, gil, "a", NOW)).await);
    assert!(open(db, new(globex, ada, "a", NOW)).await);
    let foreign = db
        .write(move |tx| Box::pin(tx.import(globex, first.id)))
        .await;
    assert!(foreign.is_none());
});

contract!(a_user_keeps_ten_open_uploads, |db| {
    let (acme, ada) = db.desk("acme").await;
    let gil = db.user("gil@acme.test").await;
    opened(db, acme, gil, "other").await;
    let committed = opened(db, acme, ada, "committed").await;
    start(db, &committed).await;
    for n in 0..14 {
        assert!(open(db, new(acme, ada, &format!("k{n}"), after(n))).await);
    }
    let left = "SELECT COUNT(*) FROM imports WHERE user_id = $1 AND state = 'receiving'";
    let kept = db.number(left, args![ada]).await;
    assert_eq!(kept, 10);
    assert!(by_key(db, acme, ada, "k13").await.is_some(), "the newest");
    assert!(by_key(db, acme, ada, "k0").await.is_none(), "the oldest");
    assert!(by_key(db, acme, ada, "committed").await.is_some());
    assert!(by_key(db, acme, gil, "other").await.is_some());
});

contract!(a_chunk_is_kept_once_and_never_changes, |db| {
    let (acme, ada) = db.desk("acme").await;
    let import = opened(db, acme, ada, "a").await;
    let kept = ChunkStored::Kept;
    assert_eq!(store(db, chunk(&import, 2, "h1", "12345")).await, kept);
    assert_eq!(store(db, chunk(&import, 0, "h0", "12345")).await, kept);
    // Again, also where the import is full.
    assert_eq!(store(db, chunk(&import, 2, "h1", "12345")).await, kept);
    let other = store(db, chunk(&import, 4, "h2", "1")).await;
    assert_eq!(other, ChunkStored::TooLarge);
    let differs = NewChunk {
        bytes_max: 100,
        ..chunk(&import, 2, "other", "54321")
    };
    assert_eq!(store(db, differs).await, ChunkStored::Differs);
    let id = import.id;
    let (chunks, payloads) = db
        .write(move |tx| {
            Box::pin(async move { Ok((tx.chunks(id).await?, tx.chunk_payloads(id, 2, 9).await?)) })
        })
        .await;
    let stored: Vec<(u32, u32, &str)> = chunks
        .iter()
        .map(|chunk| (chunk.position, chunk.rows, chunk.hash.as_str()))
        .collect();
    assert_eq!(stored, [(0, 2, "h0"), (2, 2, "h1")]);
    assert_eq!(payloads, [(2, "12345".to_owned())]);
    start(db, &import).await;
    let late = NewChunk {
        bytes_max: 100,
        ..chunk(&import, 4, "h2", "1")
    };
    assert_eq!(store(db, late).await, ChunkStored::Closed);
    db.write(move |tx| Box::pin(tx.drop_chunks(id))).await;
    let chunks = db
        .number("SELECT COUNT(*) FROM import_chunks", args![])
        .await;
    assert_eq!(chunks, 0);
});

contract!(a_commit_starts_once_in_its_own_tenant, |db| {
    let (acme, ada) = db.desk("acme").await;
    let globex = db.tenant("globex").await;
    let import = opened(db, acme, ada, "a").await;
    let foreign = Import {
        tenant: globex,
        ..import.clone()
    };
    assert!(!start(db, &foreign).await);
    assert!(start(db, &import).await);
    assert!(!start(db, &import).await);
    let import = by_key(db, acme, ada, "a").await.unwrap();
    assert_eq!(import.state, ImportState::Committing);
    assert_eq!(import.committed_at, Some(NOW));
});

contract!(work_goes_on_only_from_where_it_stands, |db| {
    let (acme, ada) = db.desk("acme").await;
    let before = opened(db, acme, ada, "a").await;
    let counts = OutcomeCounts::from([(RowOutcome::Created, 2)]);
    let advance = async |before: &Import, to, state| {
        let (before, counts) = (before.clone(), counts.clone());
        db.write(move |tx| {
            Box::pin(async move {
                let held = tx.hold_import(&before, after(20)).await?;
                let moved = tx
                    .advance_import(&before, to, &counts, state, after(20), after(20))
                    .await?;
                assert_eq!(held, moved);
                Ok(moved)
            })
        })
        .await
    };
    let (on, done) = (ImportState::Committing, ImportState::Done);
    assert!(!advance(&before, 2, on).await, "it is not committed");
    start(db, &before).await;
    assert!(advance(&before, 2, on).await);
    assert!(!advance(&before, 2, on).await, "somebody was faster");
    let now = by_key(db, acme, ada, "a").await.unwrap();
    assert_eq!((now.processed, &now.outcomes), (2, &counts));
    assert!(advance(&now, 4, done).await);
    assert!(!advance(&now, 4, done).await, "what is done stays so");
});

contract!(
    two_claimers_get_different_imports_until_a_lease_ends,
    |db| {
        let (acme, ada) = db.desk("acme").await;
        for key in ["a", "b"] {
            let import = opened(db, acme, ada, key).await;
            start(db, &import).await;
        }
        opened(db, acme, ada, "still receiving").await;
        let claim = async |seconds| {
            db.write(move |tx| Box::pin(tx.claim_import(after(seconds), after(seconds + 20))))
                .await
                .map(|import| import.id)
        };
        let (first, second) = (claim(0).await.unwrap(), claim(1).await.unwrap());
        assert_ne!(first, second);
        assert_eq!(claim(19).await, None);
        assert_eq!(claim(20).await, Some(first), "its lease ran out");
        db.write(move |tx| Box::pin(tx.release_import(second)))
            .await;
        assert_eq!(claim(20).await, Some(second), "it was given back");
        db.write(|tx| Box::pin(tx.release_imports())).await;
        assert!(claim(20).await.is_some());
    }
);

contract!(abandoned_uploads_are_swept_and_nothing_else, |db| {
    let (acme, ada) = db.desk("acme").await;
    let done = opened(db, acme, ada, "done").await;
    start(db, &done).await;
    let old = opened(db, acme, ada, "old").await;
    store(db, chunk(&old, 0, "h", "1")).await;
    assert!(open(db, new(acme, ada, "young", after(10))).await);
    let sweep = async |seconds| {
        db.write(move |tx| Box::pin(tx.drop_abandoned_imports(after(seconds))))
            .await
    };
    assert_eq!(sweep(0).await, 0);
    assert_eq!(sweep(1).await, 1);
    let chunks = db
        .number("SELECT COUNT(*) FROM import_chunks", args![])
        .await;
    assert_eq!(chunks, 0, "its chunks went along");
    assert!(by_key(db, acme, ada, "young").await.is_some());
    assert!(by_key(db, acme, ada, "done").await.is_some());
});

contract!(outcomes_are_read_in_order_a_part_at_a_time, |db| {
    let (acme, ada) = db.desk("acme").await;
    let import = opened(db, acme, ada, "a").await.id;
    let outcome = |position| NewOutcome {
        position,
        row: position + 100,
        line: position + 2,
        outcome: RowOutcome::Invalid,
        field: "email".to_owned(),
        code: "no_at".to_owned(),
        message: "No @.".to_owned(),
        draft: None,
        bundle: None,
    };
    let rows = (0..1_200).rev().map(outcome).collect();
    db.write(move |tx| Box::pin(tx.insert_outcomes(import, rows)))
        .await;
    let part = db
        .write(move |tx| Box::pin(tx.outcomes(import, 1_198, 10)))
        .await;
    let read: Vec<u32> = part.iter().map(|row| row.row).collect();
    assert_eq!(read, [1_298, 1_299]);
    assert!(
        db.try_write(move |tx| Box::pin(tx.insert_outcomes(import, vec![outcome(0)])))
            .await
            .is_err(),
        "a row has one outcome"
    );
    let lines = db.write(move |tx| Box::pin(tx.newest_imports(acme))).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].file_name, "people.csv");
    let bad = "UPDATE import_rows SET outcome = 'fine'";
    refused(db.try_sql(bad, args![]).await);
    let bad = "UPDATE imports SET state = 'fine'";
    refused(db.try_sql(bad, args![]).await);
    let bad = "UPDATE imports SET mode = 'fine'";
    refused(db.try_sql(bad, args![]).await);
});
