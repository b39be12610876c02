//! LAPACK's `gesdd` and `gesvd` and BLAS's `gemm`, from shared libraries that are loaded while the program runs.

use crate::number::Number;
use crate::problem::{Contestant, Problem, Slot, Task};
use libloading::os::unix::Library as Handle;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;

/// A LAPACK with 64-bit integers. Never unloaded.
#[derive(Clone, Copy)]
pub struct Library {
    pub name: &'static str,
    handle: &'static Handle,
    /// A symbol is prefix + name + suffix.
    prefix: &'static str,
    suffix: &'static str,
}

impl Library {
    /// Every symbol binds inside the library itself and is invisible to the others.
    fn open(name: &'static str, path: &Path, prefix: &'static str, suffix: &'static str) -> Result<Self, String> {
        let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_DEEPBIND;
        // SAFETY: the initialisers of these libraries have no preconditions.
        let handle = unsafe { Handle::open(Some(path), flags) }.map_err(|e| format!("{name}: {e}"))?;
        Ok(Library { name, handle: Box::leak(Box::new(handle)), prefix, suffix })
    }

    /// Intel MKL, sequential, 64-bit integers.
    pub fn mkl(root: &Path) -> Result<Self, String> {
        // SAFETY: called before any other thread is started.
        unsafe {
            std::env::set_var("MKL_THREADING_LAYER", "SEQUENTIAL");
            std::env::set_var("MKL_INTERFACE_LAYER", "ILP64");
            std::env::set_var("MKL_NUM_THREADS", "1");
        }
        let library = Self::open("mkl", &find(root, "mkl", "libmkl_rt.so")?, "", "_")?;
        // SAFETY: void MKL_Set_Num_Threads(int).
        unsafe { library.symbol::<unsafe extern "C" fn(c_int)>("MKL_Set_Num_Threads")?(1) };
        Ok(library)
    }

    /// OpenBLAS on one thread.
    pub fn openblas(root: &Path) -> Result<Self, String> {
        // SAFETY: called before any other thread is started.
        unsafe { std::env::set_var("OPENBLAS_NUM_THREADS", "1") };
        let path = find(root, "scipy_openblas64/lib", "libscipy_openblas64_.so")?;
        let library = Self::open("openblas", &path, "scipy_", "_64_")?;
        // SAFETY: void openblas_set_num_threads(int).
        unsafe { library.symbol::<unsafe extern "C" fn(c_int)>("scipy_openblas_set_num_threads64_")?(1) };
        Ok(library)
    }

    /// What the library says about itself, and which kernels it runs: asked for after it has done some work.
    pub fn description(&self) -> String {
        if self.name == "mkl" {
            let mut text = [0_u8; 256];
            if let Ok(version) = self.symbol::<unsafe extern "C" fn(*mut c_char, c_int)>("MKL_Get_Version_String") {
                // SAFETY: void mkl_get_version_string(char *buffer, int length).
                unsafe { version(text.as_mut_ptr().cast(), 255) };
            }
            let text = CStr::from_bytes_until_nul(&text).map(|t| t.to_string_lossy().trim().to_owned());
            format!("{}; kernels loaded: {}", text.unwrap_or_default(), loaded("libmkl_"))
        } else {
            let text = |name: &str| match self.symbol::<unsafe extern "C" fn() -> *const c_char>(name) {
                // SAFETY: char *openblas_get_config(void), a static string.
                Ok(get) => unsafe { CStr::from_ptr(get()) }.to_string_lossy().into_owned(),
                Err(_) => String::new(),
            };
            format!("{}; core {}", text("scipy_openblas_get_config64_"), text("scipy_openblas_get_corename64_"))
        }
    }

    fn symbol<T: Copy>(&self, name: &str) -> Result<T, String> {
        // SAFETY: the callers name the type that the library documents.
        unsafe { self.handle.get::<T>(name) }.map(|symbol| *symbol).map_err(|e| format!("{}: {e}", self.name))
    }

    fn routine<S: Number>(&self, name: &str) -> Result<*const c_void, String> {
        self.symbol(&format!("{}{}{name}{}", self.prefix, S::LETTER, self.suffix))
    }
}

/// The file of that name, or with a version after it.
fn find(root: &Path, folder: &str, name: &str) -> Result<std::path::PathBuf, String> {
    let folder = root.join(folder);
    let listing = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e} (run setup.sh)", folder.display()))?;
    let mut paths = listing.flatten().map(|entry| entry.path());
    let matches = |path: &std::path::PathBuf| path.file_name().is_some_and(|f| f.to_string_lossy().starts_with(name));
    paths.find(matches).ok_or(format!("no {name} in {}", folder.display()))
}

/// The shared objects with this prefix that the process has mapped: shows which instruction set was chosen.
fn loaded(prefix: &str) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut names: Vec<&str> =
        maps.lines().filter_map(|line| line.rsplit('/').next()?.strip_prefix(prefix)?.split('.').next()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// Divide and conquer.
    Gesdd,
    /// QR iteration.
    Gesvd,
}

pub struct Lapack<S: Number> {
    name: String,
    driver: Driver,
    routine: *const c_void,
    job: u8,
    copy: Vec<S>,
    work: Vec<S>,
    rwork: Vec<S::R>,
    iwork: Vec<i64>,
}

impl<S: Number> Lapack<S> {
    pub fn new(library: Library, driver: Driver, problem: &Problem<S>) -> Result<Self, String> {
        let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
        let longer = m.max(n);
        let name = if driver == Driver::Gesdd { "gesdd" } else { "gesvd" };
        let mut this = Lapack {
            name: format!("{} {name}", library.name),
            driver,
            routine: library.routine::<S>(name)?,
            job: if problem.task == Task::Values { b'N' } else { b'S' },
            copy: vec![S::default(); m * n],
            work: vec![S::default(); 1],
            rwork: vec![S::R::default(); (5 * k * k + 5 * k).max(2 * longer * k + 2 * k * k + k).max(7 * k)],
            iwork: vec![0; 8 * k],
        };
        // The workspace query.
        let mut out = crate::problem::Output::new(crate::problem::Shape { count: 1, ..problem.shape });
        this.call(m, n, out.slot(0, problem.shape), -1);
        let len = this.work[0].wide().re as usize;
        this.work = vec![S::default(); len];
        Ok(this)
    }

    /// A is in `copy`; returns LAPACK's `info`.
    fn call(&mut self, m: usize, n: usize, out: Slot<'_, S>, lwork: i64) -> i64 {
        use std::mem::transmute;
        type C<T> = *const T;
        type M<T> = *mut T;
        let (rows, cols, k, mut info) = (m as i64, n as i64, m.min(n) as i64, 0_i64);
        let (j, a, w, lw, i) =
            (&raw const self.job, self.copy.as_mut_ptr(), self.work.as_mut_ptr(), &raw const lwork, &raw mut info);
        let (u, s, v) = (out.u.as_mut_ptr(), out.s.as_mut_ptr(), out.v.as_mut_ptr());
        let (pm, pn, pk) = (&raw const rows, &raw const cols, &raw const k);
        let (rw, iw) = (self.rwork.as_mut_ptr(), self.iwork.as_mut_ptr());
        let real = S::PARTS == 1;
        // SAFETY: the types are those of LAPACK with 64-bit integers (the trailing ones are the hidden lengths of
        // character arguments), and the arrays have the documented lengths.
        unsafe {
            match (self.driver, real) {
                (Driver::Gesdd, true) => {
                    type F<S, R> = unsafe extern "C" fn(
                        C<u8>,
                        C<i64>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<i64>,
                        M<i64>,
                        usize,
                    );
                    transmute::<_, F<S, S::R>>(self.routine)(j, pm, pn, a, pm, s, u, pm, v, pk, w, lw, iw, i, 1);
                }
                (Driver::Gesdd, false) => {
                    type F<S, R> = unsafe extern "C" fn(
                        C<u8>,
                        C<i64>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<i64>,
                        M<i64>,
                        usize,
                    );
                    transmute::<_, F<S, S::R>>(self.routine)(j, pm, pn, a, pm, s, u, pm, v, pk, w, lw, rw, iw, i, 1);
                }
                (Driver::Gesvd, true) => {
                    type F<S, R> = unsafe extern "C" fn(
                        C<u8>,
                        C<u8>,
                        C<i64>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<i64>,
                        usize,
                        usize,
                    );
                    transmute::<_, F<S, S::R>>(self.routine)(j, j, pm, pn, a, pm, s, u, pm, v, pk, w, lw, i, 1, 1);
                }
                (Driver::Gesvd, false) => {
                    type F<S, R> = unsafe extern "C" fn(
                        C<u8>,
                        C<u8>,
                        C<i64>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<S>,
                        C<i64>,
                        M<R>,
                        M<i64>,
                        usize,
                        usize,
                    );
                    transmute::<_, F<S, S::R>>(self.routine)(j, j, pm, pn, a, pm, s, u, pm, v, pk, w, lw, rw, i, 1, 1);
                }
            }
        }
        info
    }
}

impl<S: Number> Contestant<S> for Lapack<S> {
    fn name(&self) -> String {
        self.name.clone()
    }
    fn stores_adjoint(&self) -> bool {
        true
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
        self.copy.copy_from_slice(problem.matrix(i));
        self.call(problem.shape.rows, problem.shape.cols, out, self.work.len() as i64) == 0
    }
}

/// What is done with an operand.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Op {
    Plain = b'N',
    /// The conjugate transpose.
    Adjoint = b'C',
}

/// The general matrix product.
pub struct Gemm<S> {
    routine: GemmRoutine<S>,
}

type GemmRoutine<S> = unsafe extern "C" fn(
    *const u8,
    *const u8,
    *const i64,
    *const i64,
    *const i64,
    *const S,
    *const S,
    *const i64,
    *const S,
    *const i64,
    *const S,
    *mut S,
    *const i64,
    usize,
    usize,
);

impl<S: Number> Gemm<S> {
    pub fn new(library: Library) -> Result<Self, String> {
        let routine = library.routine::<S>("gemm")?;
        // SAFETY: this is the type of `gemm` with 64-bit integers and the hidden lengths of its characters.
        Ok(Gemm { routine: unsafe { std::mem::transmute::<*const c_void, GemmRoutine<S>>(routine) } })
    }

    /// C = α op(A) op(B) + β C, all packed column-major; `sizes` is (rows of C, columns of C, the inner one).
    #[allow(clippy::too_many_arguments, reason = "the arguments of BLAS")]
    pub fn call(
        &self,
        op_a: Op,
        op_b: Op,
        sizes: (usize, usize, usize),
        alpha: S,
        a: &[S],
        b: &[S],
        beta: S,
        c: &mut [S],
    ) {
        let (m, n, k) = sizes;
        assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
        let lead = |op: Op, plain: usize, adjoint: usize| if matches!(op, Op::Plain) { plain } else { adjoint } as i64;
        let (lda, ldb, ldc) = (lead(op_a, m, k), lead(op_b, k, n), m as i64);
        let (m, n, k) = (m as i64, n as i64, k as i64);
        let (op_a, op_b) = (op_a as u8, op_b as u8);
        let (pa, pb, pc) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        // SAFETY: the slices hold the matrices, as asserted.
        unsafe { (self.routine)(&op_a, &op_b, &m, &n, &k, &alpha, pa, &lda, pb, &ldb, &beta, pc, &ldc, 1, 1) };
    }
}
