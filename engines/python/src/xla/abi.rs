//! XLA's foreign function interface, version 0.x, as `xla/ffi/api/c_api.h` declares it: the part of it that a handler reads.
//!
//! Fields keep their order and names; what is not used is kept for its size.

use std::ffi::{c_char, c_int, c_void};

/// A linked list of additions to a structure.
#[repr(C)]
pub(super) struct ExtensionBase {
    pub(super) struct_size: usize,
    pub(super) kind: c_int,
    pub(super) next: *mut ExtensionBase,
}

/// `XLA_FFI_Extension_Metadata`.
pub(super) const METADATA: c_int = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct ApiVersion {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) major: c_int,
    pub(super) minor: c_int,
}

#[repr(C)]
pub(super) struct Metadata {
    pub(super) struct_size: usize,
    pub(super) api_version: ApiVersion,
    pub(super) traits: u32,
}

#[repr(C)]
pub(super) struct MetadataExtension {
    pub(super) base: ExtensionBase,
    pub(super) metadata: *mut Metadata,
}

/// Opaque to a handler: made by [`Api::error_create`], owned by XLA once it is returned.
#[repr(C)]
pub struct Error {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(super) struct ErrorCreateArgs {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) message: *const c_char,
    pub(super) code: c_int,
}

/// The table of functions, up to the only one that is called.
#[repr(C)]
pub(super) struct Api {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) version: ApiVersion,
    pub(super) internal: *const c_void,
    pub(super) error_create: unsafe extern "C" fn(*mut ErrorCreateArgs) -> *mut Error,
}

#[repr(C)]
pub(super) struct Buffer {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) dtype: c_int,
    pub(super) data: *mut c_void,
    pub(super) rank: i64,
    pub(super) dims: *mut i64,
}

/// `XLA_FFI_Args` and `XLA_FFI_Rets`, which are alike.
#[repr(C)]
pub(super) struct Buffers {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) size: i64,
    pub(super) kinds: *mut c_int,
    pub(super) items: *mut *mut Buffer,
}

/// `XLA_FFI_ArgType_BUFFER` and `XLA_FFI_RetType_BUFFER`.
pub(super) const BUFFER: c_int = 1;

#[repr(C)]
pub(super) struct ByteSpan {
    pub(super) ptr: *const u8,
    pub(super) len: usize,
}

#[repr(C)]
pub(super) struct ScalarAttribute {
    pub(super) dtype: c_int,
    pub(super) value: *mut c_void,
}

#[repr(C)]
pub(super) struct Attributes {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) size: i64,
    pub(super) kinds: *mut c_int,
    pub(super) names: *mut *mut ByteSpan,
    pub(super) values: *mut *mut c_void,
}

/// `XLA_FFI_AttrType_SCALAR` and `XLA_FFI_AttrType_STRING`.
pub(super) const SCALAR: c_int = 3;
pub(super) const STRING: c_int = 4;

#[repr(C)]
pub struct CallFrame {
    pub(super) struct_size: usize,
    pub(super) extension_start: *mut ExtensionBase,
    pub(super) api: *const Api,
    pub(super) context: *mut c_void,
    pub(super) stage: c_int,
    pub(super) args: Buffers,
    pub(super) rets: Buffers,
    pub(super) attributes: Attributes,
}

/// `XLA_FFI_ExecutionStage_EXECUTE`.
pub(super) const EXECUTE: c_int = 3;

/// `XLA_FFI_Error_Code_INVALID_ARGUMENT` and `XLA_FFI_Error_Code_INTERNAL`.
pub(super) const INVALID_ARGUMENT: c_int = 3;
pub(super) const INTERNAL: c_int = 13;

/// `XLA_FFI_DataType_…`.
pub(super) const F32: c_int = 11;
pub(super) const F64: c_int = 12;
pub(super) const C64: c_int = 15;
pub(super) const C128: c_int = 18;
