//! DLPack 1.x as `dlpack.h` declares it: tensors, and the table of functions by which a library exchanges them in C.
//!
//! Codes are numbers here, not enumerations: a producer may know more of them. What is not used is kept for its size.

use std::ffi::{c_int, c_void};

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Version {
    pub(super) major: u32,
    pub(super) minor: u32,
}

/// The version that this is written for; another minor one has the same structures.
pub(super) const VERSION: Version = Version { major: 1, minor: 3 };

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DataType {
    pub(super) code: u8,
    pub(super) bits: u8,
    pub(super) lanes: u16,
}

/// `kDLFloat` and `kDLComplex`.
pub(super) const FLOAT: u8 = 2;
pub(super) const COMPLEX: u8 = 5;

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Device {
    pub(super) kind: c_int,
    pub(super) id: c_int,
}

/// `kDLCPU`.
pub(super) const CPU: c_int = 1;

/// Strides are in entries, and null only where there are no dimensions (before 1.2 also where the entries lie row by row).
#[repr(C)]
pub(super) struct Tensor {
    pub(super) data: *mut c_void,
    pub(super) device: Device,
    pub(super) dimensions: c_int,
    pub(super) dtype: DataType,
    pub(super) shape: *mut i64,
    pub(super) strides: *mut i64,
    pub(super) byte_offset: u64,
}

/// A tensor with its owner.
#[repr(C)]
pub(super) struct Managed {
    pub(super) version: Version,
    pub(super) context: *mut c_void,
    pub(super) deleter: Option<unsafe extern "C" fn(*mut Managed)>,
    pub(super) flags: u64,
    pub(super) tensor: Tensor,
}

#[repr(C)]
pub(super) struct Header {
    pub(super) version: Version,
    pub(super) older: *const Header,
}

/// `DLPackExchangeAPI`; lives as long as the process.
#[repr(C)]
pub(super) struct Exchange {
    pub(super) header: Header,
    pub(super) allocate: *const c_void,
    pub(super) managed_from_object: *const c_void,
    /// Takes the tensor over, whatever comes of it; −1 with Python's error set.
    pub(super) to_object: Option<unsafe extern "C" fn(*mut Managed, *mut *mut c_void) -> c_int>,
    /// What it writes is borrowed from the object; −1 with Python's error set.
    pub(super) from_object: Option<unsafe extern "C" fn(*mut c_void, *mut Tensor) -> c_int>,
    pub(super) current_stream: *const c_void,
}
