/* diffsvd: a complex singular value decomposition that can be differentiated, also at equal singular values. MIT OR Apache-2.0.
 * Written by cbindgen from engines/c/src; `DIFFSVD_WRITE_HEADER=1 cargo test -p diffsvd-c --test header` renews it. */

#ifndef DIFFSVD_H
#define DIFFSVD_H

#include <stddef.h>
#include <stdint.h>

/**
 * Changes whenever a program that was compiled against an older header would no longer work.
 */
#define DIFFSVD_ABI_VERSION 1

/**
 * `count` matrices of one shape: entry (i, j) of matrix b is `data[b * batch_stride + i * row_stride + j * col_stride]`. A vector
 * is a matrix of one column.
 */
typedef struct diffsvd_layout {
  /**
   * Number of matrices.
   */
  size_t count;
  /**
   * Rows of each.
   */
  size_t rows;
  /**
   * Columns of each.
   */
  size_t cols;
  /**
   * Distance from one matrix to the next, in entries; 0 reads the same matrix again and again.
   */
  size_t batch_stride;
  /**
   * Distance from one row to the next, in entries.
   */
  size_t row_stride;
  /**
   * Distance from one column to the next, in entries.
   */
  size_t col_stride;
} diffsvd_layout;

/**
 * The choice at equal singular values.
 */
typedef int32_t diffsvd_at_equal;

/**
 * The rule for derivatives of U and V. All zero but the tolerances, which are negative, is the default; so is a NULL pointer.
 */
typedef struct diffsvd_rule {
  /**
   * The choice at equal singular values.
   */
  diffsvd_at_equal at_equal;
  /**
   * That of DIFFSVD_CLIP, DIFFSVD_TAYLOR or DIFFSVD_LORENTZIAN; not looked at otherwise.
   */
  double parameter;
  /**
   * Neighbours that differ by at most this times the largest singular value are equal; negative for the default.
   */
  double gap_tolerance;
  /**
   * Singular values up to this times the largest are zero; negative for the default.
   */
  double rank_tolerance;
} diffsvd_rule;

/**
 * What became of a call, or of one matrix of a batch; 0 is success.
 */
typedef int32_t diffsvd_status;

/**
 * Matrices that are read. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_in_s {
  /**
   * Entry (0, 0) of the first matrix.
   */
  const float *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_in_s;

/**
 * Which singular vectors are wanted; k = min(m, n).
 */
typedef int32_t diffsvd_vectors;

/**
 * Matrices that are written; their span of memory is met by no other argument. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_out_s {
  /**
   * Entry (0, 0) of the first matrix.
   */
  float *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_out_s;

/**
 * U (m by k), s (k) and V (n by k, not its adjoint) of every matrix: what the decomposition wrote, and all that derivatives read.
 */
typedef struct diffsvd_factors_s {
  /**
   * U.
   */
  struct diffsvd_in_s u;
  /**
   * The singular values, descending.
   */
  struct diffsvd_in_s s;
  /**
   * V.
   */
  struct diffsvd_in_s v;
} diffsvd_factors_s;

/**
 * The gradients of a loss with respect to U, s and V; each may be left out.
 */
typedef struct diffsvd_cotangent_s {
  /**
   * gU, m by r.
   */
  struct diffsvd_in_s u;
  /**
   * gs, r values.
   */
  struct diffsvd_in_s s;
  /**
   * gV, n by r.
   */
  struct diffsvd_in_s v;
  /**
   * The block cotangent, r by r: with it the gradient of a loss of U f(S) V^H is exact at equal singular values.
   */
  struct diffsvd_in_s s_matrix;
} diffsvd_cotangent_s;

/**
 * What becomes of what stands in an output already.
 */
typedef int32_t diffsvd_accumulate;

/**
 * What the backward rule met.
 */
typedef struct diffsvd_report {
  /**
   * At rounding level exactly where the gradient exists: the relative norm of what depends on the arbitrary choice of vectors.
   */
  double gauge_residual;
  /**
   * Pairs of singular values that were treated as equal.
   */
  size_t equal_pairs;
  /**
   * Singular values that count as zero.
   */
  size_t zeros;
} diffsvd_report;

/**
 * Where dU, ds and dV go; each may be left out.
 */
typedef struct diffsvd_tangent_s {
  /**
   * dU, m by r.
   */
  struct diffsvd_out_s u;
  /**
   * ds, r values.
   */
  struct diffsvd_out_s s;
  /**
   * dV, n by r.
   */
  struct diffsvd_out_s v;
  /**
   * dS, r by r.
   */
  struct diffsvd_out_s s_matrix;
} diffsvd_tangent_s;

/**
 * Which function f of the singular values.
 */
typedef int32_t diffsvd_kind;

/**
 * A function of the singular values: X = U f(S) V^H.
 */
typedef struct diffsvd_function {
  /**
   * Which.
   */
  diffsvd_kind kind;
  /**
   * Its parameter; not looked at where it has none.
   */
  double parameter;
  /**
   * That of DIFFSVD_LOW_RANK; not looked at otherwise.
   */
  size_t rank;
} diffsvd_function;

/**
 * Matrices that are read. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_in_d {
  /**
   * Entry (0, 0) of the first matrix.
   */
  const double *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_in_d;

/**
 * Matrices that are written; their span of memory is met by no other argument. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_out_d {
  /**
   * Entry (0, 0) of the first matrix.
   */
  double *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_out_d;

/**
 * U (m by k), s (k) and V (n by k, not its adjoint) of every matrix: what the decomposition wrote, and all that derivatives read.
 */
typedef struct diffsvd_factors_d {
  /**
   * U.
   */
  struct diffsvd_in_d u;
  /**
   * The singular values, descending.
   */
  struct diffsvd_in_d s;
  /**
   * V.
   */
  struct diffsvd_in_d v;
} diffsvd_factors_d;

/**
 * The gradients of a loss with respect to U, s and V; each may be left out.
 */
typedef struct diffsvd_cotangent_d {
  /**
   * gU, m by r.
   */
  struct diffsvd_in_d u;
  /**
   * gs, r values.
   */
  struct diffsvd_in_d s;
  /**
   * gV, n by r.
   */
  struct diffsvd_in_d v;
  /**
   * The block cotangent, r by r: with it the gradient of a loss of U f(S) V^H is exact at equal singular values.
   */
  struct diffsvd_in_d s_matrix;
} diffsvd_cotangent_d;

/**
 * Where dU, ds and dV go; each may be left out.
 */
typedef struct diffsvd_tangent_d {
  /**
   * dU, m by r.
   */
  struct diffsvd_out_d u;
  /**
   * ds, r values.
   */
  struct diffsvd_out_d s;
  /**
   * dV, n by r.
   */
  struct diffsvd_out_d v;
  /**
   * dS, r by r.
   */
  struct diffsvd_out_d s_matrix;
} diffsvd_tangent_d;

/**
 * A complex number of two floats, laid out as `float _Complex` and `std::complex<float>`.
 */
typedef struct diffsvd_complex_float {
  /**
   * Real part.
   */
  float re;
  /**
   * Imaginary part.
   */
  float im;
} diffsvd_complex_float;

/**
 * Matrices that are read. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_in_c {
  /**
   * Entry (0, 0) of the first matrix.
   */
  const struct diffsvd_complex_float *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_in_c;

/**
 * Matrices that are written; their span of memory is met by no other argument. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_out_c {
  /**
   * Entry (0, 0) of the first matrix.
   */
  struct diffsvd_complex_float *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_out_c;

/**
 * U (m by k), s (k) and V (n by k, not its adjoint) of every matrix: what the decomposition wrote, and all that derivatives read.
 */
typedef struct diffsvd_factors_c {
  /**
   * U.
   */
  struct diffsvd_in_c u;
  /**
   * The singular values, descending.
   */
  struct diffsvd_in_s s;
  /**
   * V.
   */
  struct diffsvd_in_c v;
} diffsvd_factors_c;

/**
 * The gradients of a loss with respect to U, s and V; each may be left out.
 */
typedef struct diffsvd_cotangent_c {
  /**
   * gU, m by r.
   */
  struct diffsvd_in_c u;
  /**
   * gs, r values.
   */
  struct diffsvd_in_s s;
  /**
   * gV, n by r.
   */
  struct diffsvd_in_c v;
  /**
   * The block cotangent, r by r: with it the gradient of a loss of U f(S) V^H is exact at equal singular values.
   */
  struct diffsvd_in_c s_matrix;
} diffsvd_cotangent_c;

/**
 * Where dU, ds and dV go; each may be left out.
 */
typedef struct diffsvd_tangent_c {
  /**
   * dU, m by r.
   */
  struct diffsvd_out_c u;
  /**
   * ds, r values.
   */
  struct diffsvd_out_s s;
  /**
   * dV, n by r.
   */
  struct diffsvd_out_c v;
  /**
   * dS, r by r.
   */
  struct diffsvd_out_c s_matrix;
} diffsvd_tangent_c;

/**
 * A complex number of two doubles, laid out as `double _Complex` and `std::complex<double>`.
 */
typedef struct diffsvd_complex_double {
  /**
   * Real part.
   */
  double re;
  /**
   * Imaginary part.
   */
  double im;
} diffsvd_complex_double;

/**
 * Matrices that are read. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_in_z {
  /**
   * Entry (0, 0) of the first matrix.
   */
  const struct diffsvd_complex_double *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_in_z;

/**
 * Matrices that are written; their span of memory is met by no other argument. Where an argument is optional, `data` = NULL leaves it out.
 */
typedef struct diffsvd_out_z {
  /**
   * Entry (0, 0) of the first matrix.
   */
  struct diffsvd_complex_double *data;
  /**
   * Where the others are.
   */
  struct diffsvd_layout layout;
} diffsvd_out_z;

/**
 * U (m by k), s (k) and V (n by k, not its adjoint) of every matrix: what the decomposition wrote, and all that derivatives read.
 */
typedef struct diffsvd_factors_z {
  /**
   * U.
   */
  struct diffsvd_in_z u;
  /**
   * The singular values, descending.
   */
  struct diffsvd_in_d s;
  /**
   * V.
   */
  struct diffsvd_in_z v;
} diffsvd_factors_z;

/**
 * The gradients of a loss with respect to U, s and V; each may be left out.
 */
typedef struct diffsvd_cotangent_z {
  /**
   * gU, m by r.
   */
  struct diffsvd_in_z u;
  /**
   * gs, r values.
   */
  struct diffsvd_in_d s;
  /**
   * gV, n by r.
   */
  struct diffsvd_in_z v;
  /**
   * The block cotangent, r by r: with it the gradient of a loss of U f(S) V^H is exact at equal singular values.
   */
  struct diffsvd_in_z s_matrix;
} diffsvd_cotangent_z;

/**
 * Where dU, ds and dV go; each may be left out.
 */
typedef struct diffsvd_tangent_z {
  /**
   * dU, m by r.
   */
  struct diffsvd_out_z u;
  /**
   * ds, r values.
   */
  struct diffsvd_out_d s;
  /**
   * dV, n by r.
   */
  struct diffsvd_out_z v;
  /**
   * dS, r by r.
   */
  struct diffsvd_out_z s_matrix;
} diffsvd_tangent_z;

/**
 * The singular values alone.
 */
#define DIFFSVD_VALUES 0

/**
 * U m by k and V n by k.
 */
#define DIFFSVD_THIN 1

/**
 * Complete bases: U m by m and V n by n.
 */
#define DIFFSVD_FULL 2

/**
 * The leading r triplets; r is the number of rows of s.
 */
#define DIFFSVD_LEADING 3

/**
 * It is overwritten.
 */
#define DIFFSVD_OVERWRITE 0

/**
 * The result is added to it.
 */
#define DIFFSVD_ADD 1

/**
 * Keeps dA = d(U S V^H): the default.
 */
#define DIFFSVD_RECONSTRUCT 0

/**
 * The Moore-Penrose solution.
 */
#define DIFFSVD_MINIMUM_NORM 1

/**
 * As published by Zhang & Hu.
 */
#define DIFFSVD_PUBLISHED 2

/**
 * No remedy: an error where singular values are equal.
 */
#define DIFFSVD_PLAIN 3

/**
 * Equal pairs contribute nothing.
 */
#define DIFFSVD_ZEROING 4

/**
 * Bounded by `parameter`.
 */
#define DIFFSVD_CLIP 5

/**
 * A series up to order `parameter`.
 */
#define DIFFSVD_TAYLOR 6

/**
 * Broadened by the relative width `parameter`.
 */
#define DIFFSVD_LORENTZIAN 7

/**
 * Success.
 */
#define DIFFSVD_OK 0

/**
 * An argument has the wrong shape.
 */
#define DIFFSVD_SHAPE 1

/**
 * Strides that reach beyond the memory, or with which entries to be written share a place.
 */
#define DIFFSVD_LAYOUT 2

/**
 * Arguments with different numbers of matrices.
 */
#define DIFFSVD_COUNT 3

/**
 * The workspace is too short.
 */
#define DIFFSVD_WORKSPACE 4

/**
 * An entry is NaN or infinite.
 */
#define DIFFSVD_NON_FINITE 5

/**
 * An iteration did not converge; never seen for the decomposition.
 */
#define DIFFSVD_NO_CONVERGENCE 6

/**
 * The largest singular value is not representable.
 */
#define DIFFSVD_OVERFLOW 7

/**
 * The derivative does not exist because singular values are equal.
 */
#define DIFFSVD_EQUAL_SINGULAR_VALUES 8

/**
 * The derivative does not exist because a singular value is zero.
 */
#define DIFFSVD_ZERO_SINGULAR_VALUE 9

/**
 * A parameter is out of its range.
 */
#define DIFFSVD_PARAMETER 10

/**
 * A pointer is NULL, or not aligned.
 */
#define DIFFSVD_POINTER 11

/**
 * An output's span of memory meets that of another argument.
 */
#define DIFFSVD_OVERLAP 12

/**
 * A number that stands for a choice is none of them.
 */
#define DIFFSVD_UNKNOWN_CHOICE 13

/**
 * There is no memory for a workspace that was left to the library.
 */
#define DIFFSVD_OUT_OF_MEMORY 14

/**
 * A defect of the library; please report it.
 */
#define DIFFSVD_INTERNAL 15

/**
 * max(s - parameter, 0): singular value thresholding.
 */
#define DIFFSVD_SVT 1

/**
 * s where s > parameter, else 0.
 */
#define DIFFSVD_HARD_THRESHOLD 2

/**
 * s / (s^2 + parameter^2): regularized inverse of the adjoint.
 */
#define DIFFSVD_TIKHONOV 3

/**
 * s^2 / (s^2 + parameter^2).
 */
#define DIFFSVD_WIENER 4

/**
 * s to the power of parameter.
 */
#define DIFFSVD_POWER 5

/**
 * log(1 + s / parameter).
 */
#define DIFFSVD_LOG1P 6

/**
 * 1: the unitary polar factor, the nearest matrix with orthonormal columns.
 */
#define DIFFSVD_POLAR 7

/**
 * The best approximation of this `rank`.
 */
#define DIFFSVD_LOW_RANK 8

/**
 * The pseudoinverse, n by m; singular values up to parameter times the largest count as zero (negative: the default).
 */
#define DIFFSVD_PINV 9

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Why the last call of this thread that failed did so, with the numbers in it; an empty string before any has. It stays valid until
 * the next call that fails in this thread, or until the thread ends.
 */
const char *diffsvd_last_error(void);

/**
 * The version of the library, such as "0.1.0".
 */
const char *diffsvd_version(void);

/**
 * DIFFSVD_ABI_VERSION of the library; a program compares it with that of the header it was compiled against.
 */
uint32_t diffsvd_abi_version(void);

/**
 * Matrices one after another, each row by row.
 */
struct diffsvd_layout diffsvd_row_major(size_t count, size_t rows, size_t cols);

/**
 * Matrices one after another, each column by column; vectors with `cols` = 1.
 */
struct diffsvd_layout diffsvd_col_major(size_t count, size_t rows, size_t cols);

/**
 * The default rule.
 */
struct diffsvd_rule diffsvd_default_rule(void);

/**
 * A = U diag(s) V^H for every matrix of `a`. `u` and `v` are not looked at for DIFFSVD_VALUES.
 *
 * `work` has `work_len` entries, at least what the function of the same name with `_workspace` says, or is NULL with length 0: then the
 * library allocates. `status`, NULL or one for each matrix, says what became of each; a matrix that fails leaves the others as they
 * would be without it, and the call returns the status of the first.
 */
diffsvd_status diffsvd_svd_s(struct diffsvd_in_s a,
                             diffsvd_vectors vectors,
                             struct diffsvd_out_s u,
                             struct diffsvd_out_s s,
                             struct diffsvd_out_s v,
                             float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of U, s and V. `rule` may be NULL; `report` is NULL or one for each matrix.
 */
diffsvd_status diffsvd_vjp_s(struct diffsvd_factors_s factors,
                             struct diffsvd_cotangent_s cotangent,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_out_s a_bar,
                             diffsvd_accumulate accumulate,
                             struct diffsvd_report *report,
                             float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangents of U, s and V along `a_dot`. `rule` may be NULL.
 */
diffsvd_status diffsvd_jvp_s(struct diffsvd_factors_s factors,
                             struct diffsvd_in_s a_dot,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_tangent_s tangent,
                             float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * X = U f(S) V^H; n by m for DIFFSVD_PINV.
 */
diffsvd_status diffsvd_map_s(struct diffsvd_factors_s factors,
                             const struct diffsvd_function *function,
                             struct diffsvd_out_s x,
                             float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangent of X along `a_dot`, exact at equal and at zero singular values.
 */
diffsvd_status diffsvd_map_jvp_s(struct diffsvd_factors_s factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_s a_dot,
                                 struct diffsvd_out_s x_dot,
                                 float *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of X, exact at equal and at zero singular values. `f_bar` (k values a matrix; `data` =
 * NULL leaves it out) gets the cotangents of the values of f.
 */
diffsvd_status diffsvd_map_vjp_s(struct diffsvd_factors_s factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_s x_bar,
                                 struct diffsvd_out_s a_bar,
                                 diffsvd_accumulate accumulate,
                                 struct diffsvd_out_s f_bar,
                                 float *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to the parameter of the function, one a matrix, from the singular values and `f_bar`.
 */
diffsvd_status diffsvd_parameter_vjp_s(struct diffsvd_in_s s,
                                       const struct diffsvd_function *function,
                                       struct diffsvd_in_s f_bar,
                                       struct diffsvd_out_s parameter_bar);

/**
 * Entries of the workspace of the decomposition; 0 for an unknown choice.
 */
size_t diffsvd_svd_workspace_s(size_t rows, size_t cols, diffsvd_vectors vectors);

/**
 * Entries of the workspace of the gradient, for k triplets.
 */
size_t diffsvd_vjp_workspace_s(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the tangents, for k triplets.
 */
size_t diffsvd_jvp_workspace_s(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the functions of the singular values and of their derivatives, for k triplets.
 */
size_t diffsvd_map_workspace_s(size_t rows, size_t cols, size_t k);

/**
 * A = U diag(s) V^H for every matrix of `a`. `u` and `v` are not looked at for DIFFSVD_VALUES.
 *
 * `work` has `work_len` entries, at least what the function of the same name with `_workspace` says, or is NULL with length 0: then the
 * library allocates. `status`, NULL or one for each matrix, says what became of each; a matrix that fails leaves the others as they
 * would be without it, and the call returns the status of the first.
 */
diffsvd_status diffsvd_svd_d(struct diffsvd_in_d a,
                             diffsvd_vectors vectors,
                             struct diffsvd_out_d u,
                             struct diffsvd_out_d s,
                             struct diffsvd_out_d v,
                             double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of U, s and V. `rule` may be NULL; `report` is NULL or one for each matrix.
 */
diffsvd_status diffsvd_vjp_d(struct diffsvd_factors_d factors,
                             struct diffsvd_cotangent_d cotangent,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_out_d a_bar,
                             diffsvd_accumulate accumulate,
                             struct diffsvd_report *report,
                             double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangents of U, s and V along `a_dot`. `rule` may be NULL.
 */
diffsvd_status diffsvd_jvp_d(struct diffsvd_factors_d factors,
                             struct diffsvd_in_d a_dot,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_tangent_d tangent,
                             double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * X = U f(S) V^H; n by m for DIFFSVD_PINV.
 */
diffsvd_status diffsvd_map_d(struct diffsvd_factors_d factors,
                             const struct diffsvd_function *function,
                             struct diffsvd_out_d x,
                             double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangent of X along `a_dot`, exact at equal and at zero singular values.
 */
diffsvd_status diffsvd_map_jvp_d(struct diffsvd_factors_d factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_d a_dot,
                                 struct diffsvd_out_d x_dot,
                                 double *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of X, exact at equal and at zero singular values. `f_bar` (k values a matrix; `data` =
 * NULL leaves it out) gets the cotangents of the values of f.
 */
diffsvd_status diffsvd_map_vjp_d(struct diffsvd_factors_d factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_d x_bar,
                                 struct diffsvd_out_d a_bar,
                                 diffsvd_accumulate accumulate,
                                 struct diffsvd_out_d f_bar,
                                 double *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to the parameter of the function, one a matrix, from the singular values and `f_bar`.
 */
diffsvd_status diffsvd_parameter_vjp_d(struct diffsvd_in_d s,
                                       const struct diffsvd_function *function,
                                       struct diffsvd_in_d f_bar,
                                       struct diffsvd_out_d parameter_bar);

/**
 * Entries of the workspace of the decomposition; 0 for an unknown choice.
 */
size_t diffsvd_svd_workspace_d(size_t rows, size_t cols, diffsvd_vectors vectors);

/**
 * Entries of the workspace of the gradient, for k triplets.
 */
size_t diffsvd_vjp_workspace_d(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the tangents, for k triplets.
 */
size_t diffsvd_jvp_workspace_d(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the functions of the singular values and of their derivatives, for k triplets.
 */
size_t diffsvd_map_workspace_d(size_t rows, size_t cols, size_t k);

/**
 * A = U diag(s) V^H for every matrix of `a`. `u` and `v` are not looked at for DIFFSVD_VALUES.
 *
 * `work` has `work_len` entries, at least what the function of the same name with `_workspace` says, or is NULL with length 0: then the
 * library allocates. `status`, NULL or one for each matrix, says what became of each; a matrix that fails leaves the others as they
 * would be without it, and the call returns the status of the first.
 */
diffsvd_status diffsvd_svd_c(struct diffsvd_in_c a,
                             diffsvd_vectors vectors,
                             struct diffsvd_out_c u,
                             struct diffsvd_out_s s,
                             struct diffsvd_out_c v,
                             struct diffsvd_complex_float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of U, s and V. `rule` may be NULL; `report` is NULL or one for each matrix.
 */
diffsvd_status diffsvd_vjp_c(struct diffsvd_factors_c factors,
                             struct diffsvd_cotangent_c cotangent,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_out_c a_bar,
                             diffsvd_accumulate accumulate,
                             struct diffsvd_report *report,
                             struct diffsvd_complex_float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangents of U, s and V along `a_dot`. `rule` may be NULL.
 */
diffsvd_status diffsvd_jvp_c(struct diffsvd_factors_c factors,
                             struct diffsvd_in_c a_dot,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_tangent_c tangent,
                             struct diffsvd_complex_float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * X = U f(S) V^H; n by m for DIFFSVD_PINV.
 */
diffsvd_status diffsvd_map_c(struct diffsvd_factors_c factors,
                             const struct diffsvd_function *function,
                             struct diffsvd_out_c x,
                             struct diffsvd_complex_float *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangent of X along `a_dot`, exact at equal and at zero singular values.
 */
diffsvd_status diffsvd_map_jvp_c(struct diffsvd_factors_c factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_c a_dot,
                                 struct diffsvd_out_c x_dot,
                                 struct diffsvd_complex_float *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of X, exact at equal and at zero singular values. `f_bar` (k values a matrix; `data` =
 * NULL leaves it out) gets the cotangents of the values of f.
 */
diffsvd_status diffsvd_map_vjp_c(struct diffsvd_factors_c factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_c x_bar,
                                 struct diffsvd_out_c a_bar,
                                 diffsvd_accumulate accumulate,
                                 struct diffsvd_out_s f_bar,
                                 struct diffsvd_complex_float *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to the parameter of the function, one a matrix, from the singular values and `f_bar`.
 */
diffsvd_status diffsvd_parameter_vjp_c(struct diffsvd_in_s s,
                                       const struct diffsvd_function *function,
                                       struct diffsvd_in_s f_bar,
                                       struct diffsvd_out_s parameter_bar);

/**
 * Entries of the workspace of the decomposition; 0 for an unknown choice.
 */
size_t diffsvd_svd_workspace_c(size_t rows, size_t cols, diffsvd_vectors vectors);

/**
 * Entries of the workspace of the gradient, for k triplets.
 */
size_t diffsvd_vjp_workspace_c(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the tangents, for k triplets.
 */
size_t diffsvd_jvp_workspace_c(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the functions of the singular values and of their derivatives, for k triplets.
 */
size_t diffsvd_map_workspace_c(size_t rows, size_t cols, size_t k);

/**
 * A = U diag(s) V^H for every matrix of `a`. `u` and `v` are not looked at for DIFFSVD_VALUES.
 *
 * `work` has `work_len` entries, at least what the function of the same name with `_workspace` says, or is NULL with length 0: then the
 * library allocates. `status`, NULL or one for each matrix, says what became of each; a matrix that fails leaves the others as they
 * would be without it, and the call returns the status of the first.
 */
diffsvd_status diffsvd_svd_z(struct diffsvd_in_z a,
                             diffsvd_vectors vectors,
                             struct diffsvd_out_z u,
                             struct diffsvd_out_d s,
                             struct diffsvd_out_z v,
                             struct diffsvd_complex_double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of U, s and V. `rule` may be NULL; `report` is NULL or one for each matrix.
 */
diffsvd_status diffsvd_vjp_z(struct diffsvd_factors_z factors,
                             struct diffsvd_cotangent_z cotangent,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_out_z a_bar,
                             diffsvd_accumulate accumulate,
                             struct diffsvd_report *report,
                             struct diffsvd_complex_double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangents of U, s and V along `a_dot`. `rule` may be NULL.
 */
diffsvd_status diffsvd_jvp_z(struct diffsvd_factors_z factors,
                             struct diffsvd_in_z a_dot,
                             const struct diffsvd_rule *rule,
                             struct diffsvd_tangent_z tangent,
                             struct diffsvd_complex_double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * X = U f(S) V^H; n by m for DIFFSVD_PINV.
 */
diffsvd_status diffsvd_map_z(struct diffsvd_factors_z factors,
                             const struct diffsvd_function *function,
                             struct diffsvd_out_z x,
                             struct diffsvd_complex_double *work,
                             size_t work_len,
                             diffsvd_status *status);

/**
 * The tangent of X along `a_dot`, exact at equal and at zero singular values.
 */
diffsvd_status diffsvd_map_jvp_z(struct diffsvd_factors_z factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_z a_dot,
                                 struct diffsvd_out_z x_dot,
                                 struct diffsvd_complex_double *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to A of a loss of X, exact at equal and at zero singular values. `f_bar` (k values a matrix; `data` =
 * NULL leaves it out) gets the cotangents of the values of f.
 */
diffsvd_status diffsvd_map_vjp_z(struct diffsvd_factors_z factors,
                                 const struct diffsvd_function *function,
                                 struct diffsvd_in_z x_bar,
                                 struct diffsvd_out_z a_bar,
                                 diffsvd_accumulate accumulate,
                                 struct diffsvd_out_d f_bar,
                                 struct diffsvd_complex_double *work,
                                 size_t work_len,
                                 diffsvd_status *status);

/**
 * The gradient with respect to the parameter of the function, one a matrix, from the singular values and `f_bar`.
 */
diffsvd_status diffsvd_parameter_vjp_z(struct diffsvd_in_d s,
                                       const struct diffsvd_function *function,
                                       struct diffsvd_in_d f_bar,
                                       struct diffsvd_out_d parameter_bar);

/**
 * Entries of the workspace of the decomposition; 0 for an unknown choice.
 */
size_t diffsvd_svd_workspace_z(size_t rows, size_t cols, diffsvd_vectors vectors);

/**
 * Entries of the workspace of the gradient, for k triplets.
 */
size_t diffsvd_vjp_workspace_z(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the tangents, for k triplets.
 */
size_t diffsvd_jvp_workspace_z(size_t rows, size_t cols, size_t k);

/**
 * Entries of the workspace of the functions of the singular values and of their derivatives, for k triplets.
 */
size_t diffsvd_map_workspace_z(size_t rows, size_t cols, size_t k);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DIFFSVD_H */
