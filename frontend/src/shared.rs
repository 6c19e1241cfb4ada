//! Signals and memos of any value through one type. The library makes their machinery
//! anew for every type of value; what is read here is an [`Arc`] to it.

use std::{any::Any, marker::PhantomData, sync::Arc};

use leptos::prelude::*;

type Value = Arc<dyn Any + Send + Sync>;

/// A signal. Cheap to copy; ends with its owner.
pub struct Shared<T> {
    value: RwSignal<Value>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Shared<T> {}

impl<T: Send + Sync + 'static> Shared<T> {
    /// A signal with its first value.
    pub fn new(value: T) -> Self {
        Self {
            value: RwSignal::new(Arc::new(value)),
            of: PhantomData,
        }
    }

    /// Tells whoever read it.
    pub fn set(self, value: T) {
        self.value.set(Arc::new(value));
    }

    /// The value; tracked.
    pub fn read(self) -> Arc<T> {
        of(self.value.get())
    }

    /// The value now.
    pub fn read_untracked(self) -> Arc<T> {
        of(self.value.get_untracked())
    }

    /// The value now; `None` when its owner is gone.
    pub fn try_read_untracked(self) -> Option<Arc<T>> {
        self.value.try_get_untracked().map(of)
    }

    /// Reads it for the sake of its changes only.
    pub fn track(self) {
        self.value.track();
    }
}

fn of<T: Send + Sync + 'static>(value: Value) -> Arc<T> {
    value.downcast().expect("a signal keeps its type")
}

/// A value that is computed from signals, and told only where it is another one.
pub struct Derived<T> {
    value: Memo<Computed>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Derived<T> {}

/// A computed value, and how two of its type are compared.
#[derive(Clone)]
struct Computed {
    value: Value,
    same: fn(&Value, &Value) -> bool,
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        (self.same)(&self.value, &other.value)
    }
}

impl<T: PartialEq + Send + Sync + 'static> Derived<T> {
    /// Computes it now and whenever a signal that `run` read has changed.
    pub fn new(run: impl Fn() -> T + Send + Sync + 'static) -> Self {
        fn memo(run: Box<dyn Fn() -> Computed + Send + Sync>) -> Memo<Computed> {
            Memo::new(move |_| run())
        }
        fn same<T: PartialEq + 'static>(one: &Value, other: &Value) -> bool {
            one.downcast_ref::<T>() == other.downcast_ref::<T>()
        }
        Self {
            value: memo(Box::new(move || Computed {
                value: Arc::new(run()),
                same: same::<T>,
            })),
            of: PhantomData,
        }
    }

    /// The value; tracked.
    pub fn read(self) -> Arc<T> {
        of(self.value.get().value)
    }

    /// The value; `None` once whoever computed it is gone.
    pub fn try_read_untracked(self) -> Option<Arc<T>> {
        self.value.try_get_untracked().map(|now| of(now.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        let owner = Owner::new();
        owner.set();
        let word = Shared::new("one".to_owned());
        let length = Derived::new(move || word.read().len());
        assert_eq!(*length.read(), 3);
        word.set("three".to_owned());
        assert_eq!(*word.read_untracked(), "three");
        assert_eq!(*length.read(), 5);
        owner.cleanup();
        assert_eq!(word.try_read_untracked(), None);
    }
}
