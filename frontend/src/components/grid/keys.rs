//! Which key does what: a pure table, so that it can be read and tested.

use super::selection::Step;

/// What the editor is doing while the key comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Moving between cells.
    Navigate,
    /// Typing over a cell: arrows finish and move on.
    Replace,
    /// Editing inside a cell (F2): arrows move the caret.
    Edit,
}

/// A key with its modifiers; Cmd counts as Ctrl.
#[derive(Clone, Copy, Debug)]
pub struct KeyPress<'a> {
    /// `KeyboardEvent.key`.
    pub key: &'a str,
    /// Ctrl or Cmd.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Move the active cell.
    Move(Step),
    /// Move the range's far corner.
    Extend(Step),
    /// Keep what was typed, then move.
    CommitAndMove(Step),
    /// Keep what was typed in every cell of the range; while moving, the active cell's text.
    FillRange,
    /// Forget what was typed.
    CancelEdit,
    /// Esc while moving: drops the range, and lets the next Tab leave the grid.
    Escape,
    /// Let Tab leave the grid.
    Leave,
    /// Edit the active cell's text.
    BeginEdit,
    /// A newline at the caret.
    Newline,
    /// Empty the range's cells.
    Clear,
    /// Empty the active cell and edit it.
    ClearAndEdit,
    /// The whole rows of the range.
    SelectRows,
    /// The whole columns of the range.
    SelectColumns,
    /// Everything.
    SelectAll,
    /// Ask for a row's number.
    GoTo,
    /// Find and replace.
    Find,
    /// Take back.
    Undo,
    /// Do again.
    Redo,
    /// Next cell with a problem.
    NextProblem,
    /// Previous cell with a problem.
    PreviousProblem,
    /// Copy the range's first row into the others; into a single one the row above.
    FillDown,
    /// Copy the range's first column into the others; into a single one the one before.
    FillRight,
    /// The cure of the remark on the active cell, there or wherever the same is wrong.
    Cure {
        /// Every cell of the kind.
        all: bool,
    },
    /// Add a row below.
    InsertRow,
    /// Delete the range's rows.
    DeleteRows,
    /// The menu of the active column.
    ColumnMenu,
}

/// The command of a key, or none where the browser's own meaning stays.
///
/// `escaped` says that Esc was the key before: Tab then leaves the grid.
pub fn command(press: KeyPress<'_>, mode: Mode, escaped: bool) -> Option<Command> {
    match mode {
        Mode::Navigate => navigating(press, escaped),
        Mode::Replace => editing(press).or_else(|| leaving_by_arrow(press)),
        Mode::Edit => editing(press),
    }
}

fn navigating(press: KeyPress<'_>, escaped: bool) -> Option<Command> {
    let KeyPress {
        key,
        ctrl,
        shift,
        alt,
    } = press;
    if alt {
        return match key {
            "=" | "+" if ctrl => Some(Command::InsertRow),
            "-" if ctrl => Some(Command::DeleteRows),
            "ArrowDown" if !ctrl => Some(Command::ColumnMenu),
            "Enter" if !ctrl => Some(Command::Cure { all: shift }),
            _ => None,
        };
    }
    if let Some(step) = step(key, ctrl) {
        return Some(if shift {
            Command::Extend(step)
        } else {
            Command::Move(step)
        });
    }
    let found = match (key, ctrl, shift) {
        ("Tab", false, _) if escaped => Command::Leave,
        ("Tab", false, false) => Command::Move(Step::Next),
        ("Tab", false, true) => Command::Move(Step::Previous),
        ("Enter", false, false) => Command::Move(Step::Down),
        ("Enter", false, true) => Command::Move(Step::Up),
        ("Enter", true, false) => Command::FillRange,
        ("Escape", ..) => Command::Escape,
        ("F2", false, false) => Command::BeginEdit,
        ("F8", false, false) => Command::NextProblem,
        ("F8", false, true) => Command::PreviousProblem,
        ("F10", false, true) | ("ContextMenu", ..) => Command::ColumnMenu,
        ("Delete", false, false) => Command::Clear,
        ("Backspace", false, false) => Command::ClearAndEdit,
        (" ", false, true) => Command::SelectRows,
        (" ", true, false) => Command::SelectColumns,
        ("a" | "A", true, false) => Command::SelectAll,
        ("g" | "G", true, false) => Command::GoTo,
        ("f" | "F" | "h" | "H", true, false) => Command::Find,
        ("z" | "Z", true, false) => Command::Undo,
        ("y" | "Y", true, false) | ("z" | "Z", true, true) => Command::Redo,
        ("d" | "D", true, false) => Command::FillDown,
        ("r" | "R", true, false) => Command::FillRight,
        _ => return None,
    };
    Some(found)
}

fn editing(press: KeyPress<'_>) -> Option<Command> {
    let KeyPress {
        key,
        ctrl,
        shift,
        alt,
    } = press;
    let found = match (key, ctrl, shift, alt) {
        ("Enter", false, _, true) => Command::Newline,
        ("Enter", true, false, false) => Command::FillRange,
        ("Enter", false, false, false) => Command::CommitAndMove(Step::Down),
        ("Enter", false, true, false) => Command::CommitAndMove(Step::Up),
        ("Tab", false, false, false) => Command::CommitAndMove(Step::Next),
        ("Tab", false, true, false) => Command::CommitAndMove(Step::Previous),
        ("Escape", ..) => Command::CancelEdit,
        ("F8", false, false, false) => Command::NextProblem,
        ("F8", false, true, false) => Command::PreviousProblem,
        _ => return None,
    };
    Some(found)
}

fn leaving_by_arrow(press: KeyPress<'_>) -> Option<Command> {
    if press.ctrl || press.shift || press.alt {
        return None;
    }
    match press.key {
        "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" | "PageUp" | "PageDown" => {
            step(press.key, false).map(Command::CommitAndMove)
        }
        _ => None,
    }
}

fn step(key: &str, ctrl: bool) -> Option<Step> {
    Some(match (key, ctrl) {
        ("ArrowUp", false) => Step::Up,
        ("ArrowDown", false) => Step::Down,
        ("ArrowLeft", false) => Step::Left,
        ("ArrowRight", false) => Step::Right,
        ("ArrowUp", true) => Step::Top,
        ("ArrowDown", true) => Step::Bottom,
        ("ArrowLeft", true) | ("Home", false) => Step::RowStart,
        ("ArrowRight", true) | ("End", false) => Step::RowEnd,
        ("Home", true) => Step::SheetStart,
        ("End", true) => Step::SheetEnd,
        ("PageUp", false) => Step::PageUp,
        ("PageDown", false) => Step::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press<'a>(text: &'a str) -> KeyPress<'a> {
        let mut parts: Vec<&'a str> = text.split('+').collect();
        let key = parts.pop().unwrap();
        KeyPress {
            key: if key == "Space" { " " } else { key },
            ctrl: parts.contains(&"Ctrl"),
            shift: parts.contains(&"Shift"),
            alt: parts.contains(&"Alt"),
        }
    }

    fn moving(text: &str) -> Option<Command> {
        command(press(text), Mode::Navigate, false)
    }

    #[test]
    fn every_documented_key_has_its_command() {
        for (keys, expected) in [
            ("ArrowUp", Command::Move(Step::Up)),
            ("Tab", Command::Move(Step::Next)),
            ("Shift+Tab", Command::Move(Step::Previous)),
            ("Enter", Command::Move(Step::Down)),
            ("Shift+Enter", Command::Move(Step::Up)),
            ("Home", Command::Move(Step::RowStart)),
            ("Ctrl+Home", Command::Move(Step::SheetStart)),
            ("Ctrl+End", Command::Move(Step::SheetEnd)),
            ("Ctrl+ArrowDown", Command::Move(Step::Bottom)),
            ("PageDown", Command::Move(Step::PageDown)),
            ("Shift+ArrowRight", Command::Extend(Step::Right)),
            ("Ctrl+Shift+End", Command::Extend(Step::SheetEnd)),
            ("Shift+PageUp", Command::Extend(Step::PageUp)),
            ("Ctrl+ArrowUp", Command::Move(Step::Top)),
            ("Ctrl+ArrowLeft", Command::Move(Step::RowStart)),
            ("Ctrl+Shift+ArrowRight", Command::Extend(Step::RowEnd)),
            ("Ctrl+Enter", Command::FillRange),
            ("Ctrl+Alt+=", Command::InsertRow),
            ("Backspace", Command::ClearAndEdit),
            ("Shift+Space", Command::SelectRows),
            ("Ctrl+Space", Command::SelectColumns),
            ("Ctrl+a", Command::SelectAll),
            ("Ctrl+g", Command::GoTo),
            ("Ctrl+f", Command::Find),
            ("Ctrl+h", Command::Find),
            ("Ctrl+z", Command::Undo),
            ("Ctrl+Shift+Z", Command::Redo),
            ("Ctrl+y", Command::Redo),
            ("F2", Command::BeginEdit),
            ("F8", Command::NextProblem),
            ("Shift+F8", Command::PreviousProblem),
            ("Delete", Command::Clear),
            ("Ctrl+d", Command::FillDown),
            ("Ctrl+r", Command::FillRight),
            ("Ctrl+Alt+-", Command::DeleteRows),
            ("Alt+Enter", Command::Cure { all: false }),
            ("Alt+Shift+Enter", Command::Cure { all: true }),
        ] {
            assert_eq!(moving(keys), Some(expected), "{keys}");
        }
    }

    #[test]
    fn letters_and_the_browsers_own_keys_are_left_alone() {
        for keys in [
            "a", "Shift+A", "Ctrl+-", "Ctrl+c", "Ctrl+v", "F5", "Space", "Dead", "Process",
        ] {
            assert_eq!(moving(keys), None, "{keys}");
        }
    }

    #[test]
    fn escape_then_tab_leaves() {
        assert_eq!(moving("Escape"), Some(Command::Escape));
        assert_eq!(
            command(press("Tab"), Mode::Navigate, true),
            Some(Command::Leave)
        );
        assert_eq!(
            command(press("Shift+Tab"), Mode::Navigate, true),
            Some(Command::Leave)
        );
    }

    #[test]
    fn arrows_finish_typing_and_move_the_caret_in_f2() {
        assert_eq!(
            command(press("ArrowRight"), Mode::Replace, false),
            Some(Command::CommitAndMove(Step::Right))
        );
        assert_eq!(command(press("ArrowRight"), Mode::Edit, false), None);
        assert_eq!(command(press("Home"), Mode::Replace, false), None);
        assert_eq!(
            command(press("Alt+Enter"), Mode::Edit, false),
            Some(Command::Newline)
        );
        assert_eq!(
            command(press("Ctrl+Enter"), Mode::Replace, false),
            Some(Command::FillRange)
        );
        assert_eq!(
            command(press("Escape"), Mode::Edit, false),
            Some(Command::CancelEdit)
        );
    }
}
