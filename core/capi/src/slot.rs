//! Rust values in memory that C provides, whose size C knows.

use core::mem::MaybeUninit;

use crate::code::{Code, tl_error};

/// A struct of C that holds a Rust value.
///
/// # Safety
///
/// The struct has only integers, so that any bytes are one. `assert_fits` is evaluated for it.
pub(crate) unsafe trait Slot: Sized {
    /// The value. Its lifetime is that of what it borrows from C's other objects.
    type Value<'a>;

    /// What the first word of a struct with a value is. Zeros have it never. Other memory has it by chance once in
    /// four billion, and for certain where a struct of this kind was before, such as in an old frame of the stack.
    const MARK: u32;
}

/// How the value lies in the struct.
#[repr(C)]
struct Marked<T> {
    mark: u32,
    value: MaybeUninit<T>,
}

/// Fails to compile if the value does not fit into the struct.
pub(crate) const fn assert_fits<S: Slot>() {
    assert!(size_of::<Marked<S::Value<'static>>>() <= size_of::<S>());
    assert!(align_of::<Marked<S::Value<'static>>>() <= align_of::<S>());
}

/// Checks a pointer from C.
pub(crate) fn check<T>(pointer: *const T) -> Result<(), Code> {
    if pointer.is_null() {
        Err(tl_error::TL_ERROR_NULL.into())
    } else if !pointer.is_aligned() {
        Err(tl_error::TL_ERROR_MISALIGNED.into())
    } else {
        Ok(())
    }
}

/// Makes a struct one without a value.
///
/// # Safety
///
/// The pointer is null, misaligned or valid for writes.
pub(crate) unsafe fn clear<S: Slot>(slot: *mut S) -> Result<(), Code> {
    check(slot)?;
    let marked = slot.cast::<Marked<S::Value<'_>>>();
    // SAFETY: the pointer is valid for writes, and `Marked` fits.
    unsafe { (&raw mut (*marked).mark).write(0) };
    Ok(())
}

/// Puts a value into a struct.
///
/// # Safety
///
/// As [`clear`]. Nothing uses the value once what it borrows is no longer valid.
pub(crate) unsafe fn put<S: Slot>(slot: *mut S, value: S::Value<'_>) -> Result<(), Code> {
    check(slot)?;
    let marked = slot.cast::<Marked<S::Value<'_>>>();
    // SAFETY: the pointer is valid for writes, and `Marked` fits.
    unsafe {
        (&raw mut (*marked).value).write(MaybeUninit::new(value));
        (&raw mut (*marked).mark).write(S::MARK);
    }
    Ok(())
}

/// The value of a struct.
///
/// # Safety
///
/// The pointer is null, misaligned or valid for reads of a struct which [`put`] and [`clear`] alone have
/// changed, if it has the mark. What the value borrows is valid for `'a`, and nothing changes it or the struct.
pub(crate) unsafe fn get<'a, S: Slot>(slot: *const S) -> Result<&'a S::Value<'a>, Code> {
    check(slot)?;
    let marked = slot.cast::<Marked<S::Value<'a>>>();
    // SAFETY: the pointer is valid for reads, `Marked` fits, and any bytes are an integer. With the mark, there
    // is a value.
    unsafe {
        if (&raw const (*marked).mark).read() != S::MARK {
            return Err(tl_error::TL_ERROR_NOT_INITIALIZED.into());
        }
        Ok((*marked).value.assume_init_ref())
    }
}

/// The value of a struct, to change it.
///
/// # Safety
///
/// As [`get`], and nothing else uses the struct during `'a`.
pub(crate) unsafe fn get_mut<'a, S: Slot>(slot: *mut S) -> Result<&'a mut S::Value<'a>, Code> {
    // SAFETY: the same conditions.
    unsafe { get(slot.cast_const()) }?;
    let marked = slot.cast::<Marked<S::Value<'a>>>();
    // SAFETY: the pointer was checked, there is a value, and nothing else uses it.
    Ok(unsafe { (*marked).value.assume_init_mut() })
}

/// Takes the value out of a struct, which is then one without a value.
///
/// # Safety
///
/// As [`get_mut`].
pub(crate) unsafe fn take<'a, S: Slot + 'a>(slot: *mut S) -> Result<S::Value<'a>, Code> {
    // SAFETY: the same conditions. The value is read once: then the mark is gone.
    unsafe {
        let value = core::ptr::from_ref(get(slot.cast_const())?).read();
        clear(slot)?;
        Ok(value)
    }
}
