//! Which rows hold which address: a chained hash table of row ids, twenty bytes a row.

use super::operation::RowId;
use super::sheet::PerRow;

const NONE: u32 = u32::MAX;
const SMALLEST: usize = 1024;

/// Rows by the hash of their canonical address. Rows of different addresses may share a
/// hash: who needs to be exact compares the addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct EmailIndex {
    /// The first row of each chain.
    heads: Vec<u32>,
    /// The next row of the same chain.
    next: PerRow<u32>,
    /// The row before in the same chain, so that taking one out takes no walk.
    before: PerRow<u32>,
    /// Each row's hash; 0 where it is not in the index.
    hashes: PerRow<u64>,
    len: usize,
}

impl EmailIndex {
    /// The hash under which a row stands.
    pub(super) fn hash_of(&self, row: RowId) -> Option<u64> {
        self.hashes.get(row).filter(|&hash| hash != 0)
    }

    /// Adds a row that is not in the index; `true` where others have the same hash.
    pub(super) fn insert(&mut self, row: RowId, hash: u64) -> bool {
        if self.len >= self.heads.len() {
            self.grow((self.heads.len() * 2).max(SMALLEST));
        }
        let bucket = self.bucket(hash);
        let head = self.heads[bucket];
        self.put_first(row, bucket);
        self.hashes.set(row, hash, 0);
        self.len += 1;
        self.chain(head)
            .any(|other| self.hashes.get(other) == Some(hash))
    }

    /// Takes a row out, where it is in.
    pub(super) fn remove(&mut self, row: RowId) {
        let Some(hash) = self.hash_of(row) else {
            return;
        };
        let bucket = self.bucket(hash);
        let after = self.next.get(row).unwrap_or(NONE);
        let before = self.before.get(row).unwrap_or(NONE);
        if before == NONE {
            self.heads[bucket] = after;
        } else {
            self.next.set(RowId(before), after, NONE);
        }
        if after != NONE {
            self.before.set(RowId(after), before, NONE);
        }
        self.hashes.set(row, 0, 0);
        self.len -= 1;
    }

    /// Puts a row at the head of a chain.
    fn put_first(&mut self, row: RowId, bucket: usize) {
        let head = std::mem::replace(&mut self.heads[bucket], row.0);
        self.next.set(row, head, NONE);
        self.before.set(row, NONE, NONE);
        if head != NONE {
            self.before.set(RowId(head), row.0, NONE);
        }
    }

    /// Every row with a hash, in no order.
    pub(super) fn rows(&self, hash: u64) -> impl Iterator<Item = RowId> {
        let head = if self.heads.is_empty() {
            NONE
        } else {
            self.heads[self.bucket(hash)]
        };
        self.chain(head)
            .filter(move |row| self.hashes.get(*row) == Some(hash))
    }

    fn chain(&self, head: u32) -> impl Iterator<Item = RowId> {
        let wrap = |row: u32| (row != NONE).then_some(RowId(row));
        std::iter::successors(wrap(head), move |row| {
            wrap(self.next.get(*row).unwrap_or(NONE))
        })
    }

    fn bucket(&self, hash: u64) -> usize {
        hash as usize & (self.heads.len() - 1)
    }

    /// Makes room for so many rows in all.
    pub(super) fn reserve(&mut self, rows: usize) {
        let wanted = rows.next_power_of_two();
        if wanted > self.heads.len() {
            self.grow(wanted);
        }
    }

    /// Lays the chains anew over so many buckets, a power of two.
    fn grow(&mut self, buckets: usize) {
        let old = std::mem::take(&mut self.heads);
        self.heads = vec![NONE; buckets];
        for head in old {
            let mut at = head;
            while at != NONE {
                let row = RowId(at);
                at = self.next.get(row).unwrap_or(NONE);
                let bucket = self.bucket(self.hashes.get(row).unwrap_or(0));
                self.put_first(row, bucket);
            }
        }
    }
}
