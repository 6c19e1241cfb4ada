//! The CSV story, pure: read a person's file, show it as a sheet, check it, submit it.

pub mod check;
pub mod clipboard;
pub mod columns;
pub mod cure;
pub mod date;
pub mod detect;
pub mod draft;
pub mod edit;
pub mod escape;
pub mod export;
pub mod find;
mod header;
pub mod journal;
pub mod limits;
pub mod mapping;
pub mod operation;
pub mod order;
pub mod parse;
pub mod problem;
pub mod remote;
pub mod report;
pub mod rules;
pub mod sheet;
pub mod sniff;
pub mod source;
pub mod template;
mod unique;
