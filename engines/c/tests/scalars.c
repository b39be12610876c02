/* Every function for every scalar type: this file includes itself once for each, with the letter and the types defined. Shapes tall, wide and square;
 * row-major input, column-major output, strides with gaps, a batch of two. Exits with 1 where something is wrong. */
#ifndef LETTER

#include "diffsvd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void check(int holds, const char *what, char letter, int m, int n, double number) {
    if (holds) return;
    printf("WRONG: %s of type %c, %dx%d: %g (%s)\n", what, letter, m, n, number, diffsvd_last_error());
    failures++;
}

/* Entries without a pattern, between -1 and 1. */
static double entry(size_t i) { return sin(0.7 * (double)((i + 1) * (i + 1))); }

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define F(name) JOIN(name##_, LETTER)

#define LETTER s
#define NAME 's'
#define ENTRY float
#define REAL float
#define REAL_LETTER s
#define PARTS 1
#define BOUND 1e-4
#include "scalars.c"

#define LETTER d
#define NAME 'd'
#define ENTRY double
#define REAL double
#define REAL_LETTER d
#define PARTS 1
#define BOUND 1e-12
#include "scalars.c"

#define LETTER c
#define NAME 'c'
#define ENTRY diffsvd_complex_float
#define REAL float
#define REAL_LETTER s
#define PARTS 2
#define BOUND 1e-4
#include "scalars.c"

#define LETTER z
#define NAME 'z'
#define ENTRY diffsvd_complex_double
#define REAL double
#define REAL_LETTER d
#define PARTS 2
#define BOUND 1e-12
#include "scalars.c"

int main(void) {
    const int shapes[4][2] = {{4, 3}, {3, 4}, {3, 3}, {1, 1}};
    int i;
    for (i = 0; i < 4; i++) {
        run_s(shapes[i][0], shapes[i][1]);
        run_d(shapes[i][0], shapes[i][1]);
        run_c(shapes[i][0], shapes[i][1]);
        run_z(shapes[i][0], shapes[i][1]);
    }
    printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}

#else

#define COUNT 2
#define MOST 64 /* of any matrix in this file, strides included */
#define RF(name) JOIN(name##_, REAL_LETTER)

typedef struct {
    ENTRY data[COUNT * MOST];
    diffsvd_layout layout;
} F(matrices);

typedef struct {
    REAL data[COUNT * MOST];
    diffsvd_layout layout;
} F(values);

/* order 0: row-major; 1: column-major; 2: rows with gaps. */
static void F(shape)(F(matrices) *of, int rows, int cols, int order) {
    of->layout = order == 1 ? diffsvd_col_major(COUNT, (size_t)rows, (size_t)cols) : diffsvd_row_major(COUNT, (size_t)rows, (size_t)cols);
    if (order == 2) {
        of->layout.col_stride = 2;
        of->layout.row_stride = 2 * (size_t)cols + 1;
        of->layout.batch_stride = MOST;
    }
    memset(of->data, 0, sizeof of->data);
}

static REAL *F(part)(F(matrices) *of, int b, int i, int j, int part) {
    size_t at = (size_t)b * of->layout.batch_stride + (size_t)i * of->layout.row_stride + (size_t)j * of->layout.col_stride;
    return (REAL *)&of->data[at] + part;
}

static void F(fill)(F(matrices) *of, size_t salt) {
    int b, i, j, p;
    for (b = 0; b < COUNT; b++)
        for (i = 0; i < (int)of->layout.rows; i++)
            for (j = 0; j < (int)of->layout.cols; j++)
                for (p = 0; p < PARTS; p++)
                    *F(part)(of, b, i, j, p) = (REAL)(entry(salt + (size_t)(64 * b + 16 * i + 4 * j + p)) +
                                                     (salt == 0 && i == j && p == 0 ? 2 + i : 0));
}

/* The sum over the batch of Re tr(X^H Y). */
static double F(inner)(F(matrices) *x, F(matrices) *y) {
    double sum = 0;
    int b, i, j, p;
    for (b = 0; b < COUNT; b++)
        for (i = 0; i < (int)x->layout.rows; i++)
            for (j = 0; j < (int)x->layout.cols; j++)
                for (p = 0; p < PARTS; p++) sum += (double)*F(part)(x, b, i, j, p) * (double)*F(part)(y, b, i, j, p);
    return sum;
}

static F(diffsvd_in) F(in)(const F(matrices) *of) {
    F(diffsvd_in) view;
    view.data = of->data;
    view.layout = of->layout;
    return view;
}

static F(diffsvd_out) F(out)(F(matrices) *of) {
    F(diffsvd_out) view;
    view.data = of->data;
    view.layout = of->layout;
    return view;
}

static RF(diffsvd_in) F(vin)(const F(values) *of) {
    RF(diffsvd_in) view;
    view.data = of->data;
    view.layout = of->layout;
    return view;
}

static RF(diffsvd_out) F(vout)(F(values) *of) {
    RF(diffsvd_out) view;
    view.data = of->data;
    view.layout = of->layout;
    return view;
}

/* The largest entry of U diag(s) V^H - A. */
static double F(residual)(F(matrices) *a, F(matrices) *u, F(values) *s, F(matrices) *v) {
    double worst = 0;
    int b, i, j, t, k = (int)s->layout.rows;
    for (b = 0; b < COUNT; b++)
        for (i = 0; i < (int)a->layout.rows; i++)
            for (j = 0; j < (int)a->layout.cols; j++) {
                double re = -(double)*F(part)(a, b, i, j, 0), im = PARTS == 2 ? -(double)*F(part)(a, b, i, j, PARTS - 1) : 0;
                for (t = 0; t < k; t++) {
                    double sv = (double)s->data[(size_t)b * s->layout.batch_stride + (size_t)t];
                    double ur = (double)*F(part)(u, b, i, t, 0), vr = (double)*F(part)(v, b, j, t, 0);
                    double ui = PARTS == 2 ? (double)*F(part)(u, b, i, t, PARTS - 1) : 0;
                    double vi = PARTS == 2 ? (double)*F(part)(v, b, j, t, PARTS - 1) : 0;
                    re += sv * (ur * vr + ui * vi);
                    im += sv * (ui * vr - ur * vi);
                }
                worst = fmax(worst, fmax(fabs(re), fabs(im)));
            }
    return worst;
}

static void F(run)(int m, int n) {
    static F(matrices) a, u, v, full_u, full_v, du, dv, gu, gv, z, g, x_bar, x_dot;
    static F(values) s, only, ds, gs, f_bar;
    static diffsvd_report report[COUNT];
    const diffsvd_vectors all[2] = {DIFFSVD_FULL, DIFFSVD_LEADING};
    int k = m < n ? m : n, i, kind;
    size_t length = F(diffsvd_svd_workspace)((size_t)m, (size_t)n, DIFFSVD_FULL) + F(diffsvd_vjp_workspace)((size_t)m, (size_t)n, (size_t)k) +
                    F(diffsvd_jvp_workspace)((size_t)m, (size_t)n, (size_t)k) + F(diffsvd_map_workspace)((size_t)m, (size_t)n, (size_t)k);
    ENTRY *work = (ENTRY *)malloc(length * sizeof *work);
    F(diffsvd_factors) factors;
    F(diffsvd_cotangent) cotangent;
    F(diffsvd_tangent) tangent;
    double forward, backward;
    if (work == NULL) exit(2);
    memset(&cotangent, 0, sizeof cotangent);
    memset(&tangent, 0, sizeof tangent);
    F(shape)(&a, m, n, 2);
    F(fill)(&a, 0);
    F(shape)(&u, m, k, 0);
    F(shape)(&v, n, k, 1);
    s.layout = only.layout = ds.layout = gs.layout = f_bar.layout = diffsvd_col_major(COUNT, (size_t)k, 1);

    check(F(diffsvd_svd)(F(in)(&a), DIFFSVD_THIN, F(out)(&u), F(vout)(&s), F(out)(&v), work, length, NULL) == DIFFSVD_OK, "thin", NAME, m, n, 0);
    forward = F(residual)(&a, &u, &s, &v);
    check(forward < BOUND, "the residual", NAME, m, n, forward);
    check(F(diffsvd_svd)(F(in)(&a), DIFFSVD_VALUES, F(out)(&u), F(vout)(&only), F(out)(&v), NULL, 0, NULL) == DIFFSVD_OK, "values", NAME, m, n, 0);
    for (i = 0; i < COUNT * k; i++)
        check(fabs((double)(s.data[i] - only.data[i])) < BOUND, "a value alone", NAME, m, n, (double)only.data[i]);
    for (i = 0; i < 2; i++) {
        int columns = all[i] == DIFFSVD_FULL ? 0 : k;
        F(shape)(&full_u, m, columns ? columns : m, 2);
        F(shape)(&full_v, n, columns ? columns : n, 0);
        check(F(diffsvd_svd)(F(in)(&a), all[i], F(out)(&full_u), F(vout)(&only), F(out)(&full_v), work, length, NULL) == DIFFSVD_OK,
              "full or leading", NAME, m, n, all[i]);
        forward = F(residual)(&a, &full_u, &only, &full_v);
        check(forward < BOUND, "the residual of full or leading", NAME, m, n, forward);
    }

    factors.u = F(in)(&u);
    factors.s = F(vin)(&s);
    factors.v = F(in)(&v);
    /* Adjoint: <(gU, gs, gV), J Z> = <J^H (gU, gs, gV), Z>. */
    F(shape)(&z, m, n, 1), F(shape)(&g, m, n, 2), F(shape)(&gu, m, k, 1), F(shape)(&gv, n, k, 2), F(shape)(&du, m, k, 0), F(shape)(&dv, n, k, 1);
    F(fill)(&z, 1000), F(fill)(&gu, 2000), F(fill)(&gv, 3000);
    for (i = 0; i < COUNT * k; i++) gs.data[i] = (REAL)entry(4000 + (size_t)i);
    cotangent.u = F(in)(&gu), cotangent.s = F(vin)(&gs), cotangent.v = F(in)(&gv);
    tangent.u = F(out)(&du), tangent.s = F(vout)(&ds), tangent.v = F(out)(&dv);
    check(F(diffsvd_jvp)(factors, F(in)(&z), NULL, tangent, work, length, NULL) == DIFFSVD_OK, "jvp", NAME, m, n, 0);
    check(F(diffsvd_vjp)(factors, cotangent, NULL, F(out)(&g), DIFFSVD_OVERWRITE, report, work, length, NULL) == DIFFSVD_OK, "vjp", NAME, m, n, 0);
    forward = F(inner)(&gu, &du) + F(inner)(&gv, &dv);
    for (i = 0; i < COUNT * k; i++) forward += (double)gs.data[i] * (double)ds.data[i];
    backward = F(inner)(&g, &z);
    check(fabs(forward - backward) < BOUND * 10, "adjointness", NAME, m, n, forward - backward);
    check(report[0].equal_pairs == 0 && report[0].zeros == 0, "the report", NAME, m, n, (double)report[0].equal_pairs);
    check(F(diffsvd_vjp)(factors, cotangent, NULL, F(out)(&g), DIFFSVD_ADD, NULL, work, length, NULL) == DIFFSVD_OK, "adding", NAME, m, n, 0);
    check(fabs(F(inner)(&g, &z) - 2 * backward) < BOUND * 10, "what is added", NAME, m, n, F(inner)(&g, &z));

    for (kind = DIFFSVD_SVT; kind <= DIFFSVD_PINV; kind++) {
        diffsvd_function f;
        int flipped = kind == DIFFSVD_PINV;
        RF(diffsvd_out) bar = F(vout)(&f_bar);
        if (flipped) bar.data = NULL; /* the pseudoinverse gives none */
        memset(&f, 0, sizeof f);
        f.kind = kind, f.parameter = kind == DIFFSVD_PINV ? -1 : 1.25, f.rank = 1;
        F(shape)(&x_bar, flipped ? n : m, flipped ? m : n, 0), F(shape)(&x_dot, flipped ? n : m, flipped ? m : n, 2);
        F(fill)(&x_bar, 5000);
        check(F(diffsvd_map)(factors, &f, F(out)(&x_dot), work, length, NULL) == DIFFSVD_OK, "map", NAME, m, n, kind);
        check(F(inner)(&x_dot, &x_dot) > 0, "the value of map", NAME, m, n, kind);
        check(F(diffsvd_map_jvp)(factors, &f, F(in)(&z), F(out)(&x_dot), work, length, NULL) == DIFFSVD_OK, "map_jvp", NAME, m, n, kind);
        check(F(diffsvd_map_vjp)(factors, &f, F(in)(&x_bar), F(out)(&g), DIFFSVD_OVERWRITE, bar, work, length, NULL) ==
                  DIFFSVD_OK, "map_vjp", NAME, m, n, kind);
        forward = F(inner)(&x_bar, &x_dot), backward = F(inner)(&g, &z);
        check(fabs(forward - backward) < BOUND * 10, "adjointness of map", NAME, m, n, forward - backward);
    }
    free(work);
}

#undef COUNT
#undef MOST
#undef RF
#undef LETTER
#undef NAME
#undef ENTRY
#undef REAL
#undef REAL_LETTER
#undef PARTS
#undef BOUND
#endif
