//! A call from XLA, in safe terms: buffers as slices, attributes as values. All of `unsafe` that has to do with XLA is here.

use std::ffi::{CString, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use num_complex::Complex;

use super::abi::{
    self, Api, ApiVersion, Buffer, CallFrame, EXECUTE, Error, ErrorCreateArgs, F32, F64, INTERNAL, INVALID_ARGUMENT,
    METADATA, MetadataExtension,
};

/// What a handler answers: nothing, or the text of the error that Python's caller will see.
pub(super) type Answer = Result<(), String>;

/// A type of entries that XLA has too.
pub(super) trait Typed: Copy + 'static {
    const DTYPE: c_int;
}
impl Typed for f32 {
    const DTYPE: c_int = F32;
}
impl Typed for f64 {
    const DTYPE: c_int = F64;
}
impl Typed for Complex<f32> {
    const DTYPE: c_int = abi::C64;
}
impl Typed for Complex<f64> {
    const DTYPE: c_int = abi::C128;
}

/// One call of a handler.
pub(super) struct Call<'a> {
    frame: &'a CallFrame,
}

/// The body of every handler: answers XLA's questions about it, else runs `f`; no panic leaves it.
///
/// # Safety
/// `frame` is what XLA calls a handler with.
#[expect(unsafe_code, reason = "the boundary to XLA")]
pub(super) unsafe fn handle(frame: *mut CallFrame, f: impl FnOnce(&Call<'_>) -> Answer) -> *mut Error {
    // SAFETY: XLA passes a call frame that lives until the handler returns.
    let Some(frame) = (unsafe { frame.as_ref() }) else { return std::ptr::null_mut() };
    if describe(frame) || frame.stage != EXECUTE {
        return std::ptr::null_mut();
    }
    match catch_unwind(AssertUnwindSafe(|| f(&Call { frame }))) {
        Ok(Ok(())) => std::ptr::null_mut(),
        Ok(Err(text)) => error(frame, INVALID_ARGUMENT, text),
        Err(_) => error(frame, INTERNAL, "diffsvd panicked; please report the call".to_owned()),
    }
}

/// Says for which version of the interface this is written, where that is what is asked.
#[expect(unsafe_code, reason = "the boundary to XLA")]
fn describe(frame: &CallFrame) -> bool {
    // SAFETY: an extension that is not null is a list element of the kind that it says; one of metadata has that structure.
    unsafe {
        let Some(extension) = frame.extension_start.as_ref() else { return false };
        if extension.kind != METADATA {
            return false;
        }
        let extension = &*frame.extension_start.cast::<MetadataExtension>();
        let Some(metadata) = extension.metadata.as_mut() else { return true };
        // The fields that are read here have been there since version 0.1.
        metadata.api_version = ApiVersion {
            struct_size: size_of::<ApiVersion>(),
            extension_start: std::ptr::null_mut(),
            major: 0,
            minor: 1,
        };
        metadata.traits = 0;
    }
    true
}

#[expect(unsafe_code, reason = "the boundary to XLA")]
fn error(frame: &CallFrame, code: c_int, text: String) -> *mut Error {
    let text = CString::new(text).unwrap_or_default();
    let mut args = ErrorCreateArgs {
        struct_size: size_of::<ErrorCreateArgs>(),
        extension_start: std::ptr::null_mut(),
        message: text.as_ptr(),
        code,
    };
    // SAFETY: the table of functions lives as long as the process; XLA copies the message.
    unsafe {
        let api: &Api = &*frame.api;
        (api.error_create)(&raw mut args)
    }
}

/// A slice of what XLA points to; none for a null pointer or nothing.
#[expect(unsafe_code, reason = "the boundary to XLA")]
fn list<'a, T>(start: *const T, len: i64) -> &'a [T] {
    match usize::try_from(len) {
        // SAFETY: XLA's lists have as many elements as the count beside them says, and live as long as the call.
        Ok(len) if len > 0 && !start.is_null() => unsafe { std::slice::from_raw_parts(start, len) },
        _ => &[],
    }
}

impl<'a> Call<'a> {
    /// Number of arguments.
    pub(super) fn arguments(&self) -> usize {
        usize::try_from(self.frame.args.size).unwrap_or(0)
    }

    #[expect(unsafe_code, reason = "the boundary to XLA")]
    fn buffer(buffers: &abi::Buffers, index: usize) -> Result<&'a Buffer, String> {
        let (kinds, pointers) = (list(buffers.kinds, buffers.size), list(buffers.items, buffers.size));
        match (kinds.get(index), pointers.get(index)) {
            // SAFETY: an element of this kind points to a buffer that lives as long as the call.
            (Some(&abi::BUFFER), Some(&pointer)) if !pointer.is_null() => Ok(unsafe { &*pointer }),
            _ => Err(format!("there is no buffer number {index}")),
        }
    }

    /// XLA's number for the type of the entries of an argument.
    pub(super) fn dtype(&self, index: usize) -> Result<c_int, String> {
        Ok(Self::buffer(&self.frame.args, index)?.dtype)
    }

    /// The entries of an argument, row by row, and its dimensions.
    #[expect(unsafe_code, reason = "the boundary to XLA")]
    pub(super) fn argument<T: Typed>(&self, index: usize) -> Result<(&'a [T], &'a [i64]), String> {
        let (pointer, len, shape) = entries::<T>(Self::buffer(&self.frame.args, index)?)?;
        // SAFETY: XLA's buffers are aligned, hold as many entries of their type as their dimensions say, and are not written
        // during the call where they are arguments.
        Ok((unsafe { std::slice::from_raw_parts(pointer, len) }, shape))
    }

    /// The entries of a result, row by row.
    #[expect(unsafe_code, reason = "the boundary to XLA")]
    #[allow(clippy::mut_from_ref)] // Each result is asked for once.
    pub(super) fn result<T: Typed>(&self, index: usize) -> Result<&'a mut [T], String> {
        let (pointer, len, _) = entries::<T>(Self::buffer(&self.frame.rets, index)?)?;
        // SAFETY: as for an argument; a result overlaps neither an argument nor another result, and every handler asks for each of
        // its results once. Numbers have no invalid bit patterns.
        Ok(unsafe { std::slice::from_raw_parts_mut(pointer, len) })
    }

    /// Where the value of an attribute of this kind lies.
    fn attribute(&self, name: &str, kind: c_int) -> Option<*mut std::ffi::c_void> {
        let attributes = &self.frame.attributes;
        let (kinds, values) = (list(attributes.kinds, attributes.size), list(attributes.values, attributes.size));
        let index = list(attributes.names, attributes.size).iter().position(|&span| bytes(span) == name.as_bytes())?;
        let (&got, &value) = (kinds.get(index)?, values.get(index)?);
        (got == kind && !value.is_null()).then_some(value)
    }

    /// A number.
    #[expect(unsafe_code, reason = "the boundary to XLA")]
    pub(super) fn number(&self, name: &str) -> Result<f64, String> {
        let attribute = self.attribute(name, abi::SCALAR).ok_or_else(|| missing(name))?.cast::<abi::ScalarAttribute>();
        // SAFETY: an attribute of this kind is such a structure, whose value has the type that it says.
        match unsafe { &*attribute } {
            abi::ScalarAttribute { dtype: F64, value } if !value.is_null() => Ok(unsafe { *value.cast::<f64>() }),
            _ => Err(format!("the attribute {name} is not a float64")),
        }
    }

    /// A string, if there is one of this name.
    pub(super) fn string_if_there(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(bytes(self.attribute(name, abi::STRING)?.cast())).ok()
    }

    /// A string.
    pub(super) fn string(&self, name: &str) -> Result<&'a str, String> {
        self.string_if_there(name).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> String {
    format!("the attribute {name} is missing, or of another type")
}

#[expect(unsafe_code, reason = "the boundary to XLA")]
fn bytes<'a>(span: *mut abi::ByteSpan) -> &'a [u8] {
    // SAFETY: XLA's names and strings are spans of bytes that live as long as the call.
    unsafe { span.as_ref() }.map_or(&[], |span| list(span.ptr, i64::try_from(span.len).unwrap_or(0)))
}

/// A dimension as Rust counts.
pub(super) fn dimension(len: i64) -> usize {
    usize::try_from(len).unwrap_or(0)
}

/// Where the entries of a buffer begin, how many there are, and its dimensions.
fn entries<'a, T: Typed>(buffer: &Buffer) -> Result<(*mut T, usize, &'a [i64]), String> {
    if buffer.dtype != T::DTYPE {
        return Err(format!("a buffer has entries of XLA's type {} in place of {}", buffer.dtype, T::DTYPE));
    }
    let shape = list(buffer.dims, buffer.rank);
    let len = shape.iter().map(|&len| dimension(len)).product();
    let pointer = buffer.data.cast::<T>();
    // An empty buffer may have no address.
    Ok((if len == 0 || pointer.is_null() { std::ptr::NonNull::dangling().as_ptr() } else { pointer }, len, shape))
}
