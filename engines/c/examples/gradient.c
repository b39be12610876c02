/* The SVD of a matrix whose singular values are equal, and an exact gradient there; then the parts of the interface one by one: complex
 * matrices in a batch, both orders of storage, a workspace of one's own, a failure and its message. Exits with 1 where a number is wrong.
 *
 * Compiles as C and as C++. */
#include "diffsvd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void near_to(const char *what, double got, double expected) {
    if (!(fabs(got - expected) < 1e-14)) {
        printf("WRONG: %s is %.17g, not %.17g\n", what, got, expected);
        failures++;
    }
}

static void succeeds(diffsvd_status status) {
    if (status != DIFFSVD_OK) {
        printf("WRONG: status %d: %s\n", (int)status, diffsvd_last_error());
        failures++;
    }
}

static void fails(diffsvd_status status, diffsvd_status expected) {
    if (status != expected) {
        printf("WRONG: status %d, not %d: %s\n", (int)status, (int)expected, diffsvd_last_error());
        failures++;
    }
}

static diffsvd_in_d in_d(const double *data, diffsvd_layout layout) {
    diffsvd_in_d view;
    view.data = data;
    view.layout = layout;
    return view;
}

static diffsvd_out_d out_d(double *data, diffsvd_layout layout) {
    diffsvd_out_d view;
    view.data = data;
    view.layout = layout;
    return view;
}

/* Singular value thresholding of A with both singular values equal to sqrt(20), and the gradient of the sum of its entries. */
static void equal_singular_values(void) {
    const double a[4] = {2, 4, -4, 2}, ones[4] = {1, 1, 1, 1};
    double u[4], s[2], v[4], x[4], gradient[4], f_bar[2], tau_bar;
    diffsvd_layout square = diffsvd_row_major(1, 2, 2), pair = diffsvd_col_major(1, 2, 1);
    diffsvd_factors_d factors;
    diffsvd_function svt;
    memset(&svt, 0, sizeof svt);
    svt.kind = DIFFSVD_SVT;
    svt.parameter = 0.5;

    succeeds(diffsvd_svd_d(in_d(a, square), DIFFSVD_THIN, out_d(u, square), out_d(s, pair), out_d(v, square), NULL, 0, NULL));
    factors.u = in_d(u, square);
    factors.s = in_d(s, pair);
    factors.v = in_d(v, square);
    succeeds(diffsvd_map_d(factors, &svt, out_d(x, square), NULL, 0, NULL));
    succeeds(diffsvd_map_vjp_d(factors, &svt, in_d(ones, square), out_d(gradient, square), DIFFSVD_OVERWRITE, out_d(f_bar, pair),
                               NULL, 0, NULL));
    succeeds(diffsvd_parameter_vjp_d(in_d(s, pair), &svt, in_d(f_bar, pair), out_d(&tau_bar, diffsvd_col_major(1, 1, 1))));
    printf("s = %.4f, %.4f\nX = [%.4f %.4f; %.4f %.4f]\ngradient = [%.4f %.4f; %.4f %.4f]\n", s[0], s[1], x[0], x[1], x[2],
           x[3], gradient[0], gradient[1], gradient[2], gradient[3]);
    near_to("s", s[0], sqrt(20.0));
    near_to("X", x[0], 2 - 1 / sqrt(20.0));
    /* U V^H = A / sqrt(20). The gradient is U (D1 . herm P + D2 . skew P) V^H with P = U^H 1 V, D1 = 1 and D2 = 1 - 0.5 / sqrt(20). */
    {
        const double c = 1 / sqrt(20.0), q = 0.5 / sqrt(20.0);
        double w[4], symmetric[4];
        int i, j;
        for (i = 0; i < 4; i++) w[i] = a[i] * c; /* W = A / sqrt(20) is orthogonal */
        /* With V = I, U = W: gradient = 1 - q skew part = 1 - q (1 - W 1^T W) / 2. */
        for (i = 0; i < 2; i++)
            for (j = 0; j < 2; j++) symmetric[2 * i + j] = (w[2 * i] + w[2 * i + 1]) * (w[j] + w[2 + j]);
        for (i = 0; i < 4; i++) near_to("the gradient", gradient[i], 1 - q * (1 - symmetric[i]) / 2);
        near_to("the gradient of tau", tau_bar, -(w[0] + w[1] + w[2] + w[3]));
    }
}

/* Two complex matrices, column by column, in one call; the second has a NaN. */
static void complex_batch(void) {
    enum { COUNT = 2, M = 3, N = 2, K = 2 };
    diffsvd_complex_double a[COUNT * M * N], u[COUNT * M * K], v[COUNT * N * K], gradient[COUNT * M * N], *work;
    double s[COUNT * K], ones[COUNT * K], square_sum = 0, product = 0;
    diffsvd_status status[COUNT];
    diffsvd_report report[COUNT];
    diffsvd_in_z matrices;
    diffsvd_out_z u_out, v_out, gradient_out;
    diffsvd_factors_z factors;
    diffsvd_cotangent_z cotangent;
    size_t length = diffsvd_svd_workspace_z(M, N, DIFFSVD_THIN), i;
    if (diffsvd_vjp_workspace_z(M, N, K) > length) length = diffsvd_vjp_workspace_z(M, N, K);
    work = (diffsvd_complex_double *)malloc(length * sizeof *work);
    if (work == NULL) exit(2);
    memset(gradient, 0, sizeof gradient); /* what is added to; all other memory is written before it is read */
    memset(&cotangent, 0, sizeof cotangent);
    for (i = 0; i < COUNT * M * N; i++) {
        a[i].re = (double)(i % 5) + 1;
        a[i].im = (double)(i % 3) - 1;
    }
    for (i = 0; i < COUNT * K; i++) ones[i] = 1;
    a[M * N].re = NAN;

    matrices.data = a;
    matrices.layout = diffsvd_col_major(COUNT, M, N);
    u_out.data = u;
    u_out.layout = diffsvd_col_major(COUNT, M, K);
    v_out.data = v;
    v_out.layout = diffsvd_row_major(COUNT, N, K);
    fails(diffsvd_svd_z(matrices, DIFFSVD_THIN, u_out, out_d(s, diffsvd_col_major(COUNT, K, 1)), v_out, work, length, status),
          DIFFSVD_NON_FINITE);
    printf("the batch: %s\n", diffsvd_last_error());
    if (strcmp(diffsvd_last_error(), "item 1: entry (0, 0) of the matrix is NaN") != 0) failures++;
    fails(status[0], DIFFSVD_OK);
    fails(status[1], DIFFSVD_NON_FINITE);

    /* Of the nuclear norm, for the first matrix alone: <gradient, A> = s1 + s2, since the norm is homogeneous. */
    factors.u.data = u;
    factors.u.layout = diffsvd_col_major(1, M, K);
    factors.s = in_d(s, diffsvd_col_major(1, K, 1));
    factors.v.data = v;
    factors.v.layout = diffsvd_row_major(1, N, K);
    cotangent.s = in_d(ones, diffsvd_col_major(1, K, 1));
    gradient_out.data = gradient;
    gradient_out.layout = diffsvd_col_major(1, M, N);
    succeeds(diffsvd_vjp_z(factors, cotangent, NULL, gradient_out, DIFFSVD_ADD, report, work, length, NULL));
    for (i = 0; i < M * N; i++) {
        square_sum += a[i].re * a[i].re + a[i].im * a[i].im;
        product += a[i].re * gradient[i].re + a[i].im * gradient[i].im;
    }
    near_to("the sum of squares, relative", (s[0] * s[0] + s[1] * s[1]) / square_sum, 1);
    near_to("<gradient, A>, relative", product / (s[0] + s[1]), 1);
    near_to("the gauge residual", report[0].gauge_residual, 0);
    free(work);
}

/* Arguments that cannot be right are refused, whatever they are. */
static void refusals(void) {
    const double a[4] = {1, 2, 3, 4};
    double s[2], small[1], buffer[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    diffsvd_layout square = diffsvd_row_major(1, 2, 2), pair = diffsvd_col_major(1, 2, 1), far_away = square;
    diffsvd_out_d none = out_d(NULL, diffsvd_row_major(1, 0, 0));
    far_away.row_stride = SIZE_MAX;
    fails(diffsvd_svd_d(in_d(NULL, square), DIFFSVD_VALUES, none, out_d(s, pair), none, NULL, 0, NULL), DIFFSVD_POINTER);
    fails(diffsvd_svd_d(in_d(a, far_away), DIFFSVD_VALUES, none, out_d(s, pair), none, NULL, 0, NULL), DIFFSVD_LAYOUT);
    fails(diffsvd_svd_d(in_d(a, square), 17, none, out_d(s, pair), none, NULL, 0, NULL), DIFFSVD_UNKNOWN_CHOICE);
    fails(diffsvd_svd_d(in_d(a, square), DIFFSVD_VALUES, none, out_d(s, pair), none, small, 1, NULL), DIFFSVD_WORKSPACE);
    fails(diffsvd_svd_d(in_d(a, square), DIFFSVD_VALUES, none, out_d(s, diffsvd_col_major(1, 1, 1)), none, NULL, 0, NULL),
          DIFFSVD_SHAPE);
    fails(diffsvd_svd_d(in_d(buffer, square), DIFFSVD_VALUES, none, out_d(buffer + 3, pair), none, NULL, 0, NULL), DIFFSVD_OVERLAP);
    printf("an overlap: %s\n", diffsvd_last_error());
}

int main(void) {
    if (diffsvd_abi_version() != DIFFSVD_ABI_VERSION) {
        printf("the library %s is not that of the header\n", diffsvd_version());
        return 1;
    }
    printf("diffsvd %s\n", diffsvd_version());
    equal_singular_values();
    complex_batch();
    refusals();
    return failures == 0 ? 0 : 1;
}
