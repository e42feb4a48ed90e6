//! A stack with room for `N` values.

pub(crate) struct Stack<T, const N: usize> {
    /// The values, and then places without a meaning.
    places: [T; N],
    len: usize,
}

impl<T: Copy + Default, const N: usize> Stack<T, N> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            places: [T::default(); N],
            len: 0,
        }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn last(&self) -> Option<T> {
        self.places.get(self.len.wrapping_sub(1)).copied()
    }

    /// The values but the first `count`.
    #[inline(always)]
    pub(crate) fn after(&self, count: usize) -> &[T] {
        let values = self.places.get(..self.len).unwrap_or_default();
        values.get(count..).unwrap_or_default()
    }

    /// Returns `None` if there is no room.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) -> Option<()> {
        *self.places.get_mut(self.len)? = value;
        self.len += 1;
        Some(())
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    /// Keeps at most the first `len` values.
    #[inline(always)]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_has_room_for() {
        let mut stack = Stack::<u8, 2>::new();
        assert_eq!((stack.len(), stack.last()), (0, None));
        assert_eq!(stack.push(1), Some(()));
        assert_eq!(stack.push(2), Some(()));
        assert_eq!(stack.push(3), None);
        assert_eq!((stack.len(), stack.last()), (2, Some(2)));
        assert_eq!(stack.after(0), [1, 2]);
        assert_eq!(stack.after(1), [2]);
        assert_eq!(stack.after(3), []);
    }

    #[test]
    fn keeps_the_first_values() {
        let mut stack = Stack::<u8, 2>::new();
        assert_eq!(stack.push(1), Some(()));
        assert_eq!(stack.push(2), Some(()));
        stack.truncate(3);
        assert_eq!(stack.after(0), [1, 2]);
        stack.truncate(1);
        assert_eq!(stack.after(0), [1]);
        assert_eq!(stack.push(3), Some(()));
        assert_eq!(stack.after(0), [1, 3]);
    }
}
