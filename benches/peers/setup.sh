#!/bin/sh
# Fetches OpenBLAS and Intel MKL as their PyPI wheels into .peers/ (git-ignored; nothing is installed elsewhere).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
python=${PYTHON:-python3}
target="$here/.peers"
rm -rf "$target"
mkdir -p "$target/wheels"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$target/wheels" scipy-openblas64 mkl
for wheel in "$target"/wheels/*.whl; do
    "$python" -m zipfile -e "$wheel" "$target"
done
mkdir "$target/mkl"
mv "$target"/mkl-*.data/data/lib/libmkl_* "$target/mkl/"
# Of MKL only the dispatcher, the 64-bit interface, the sequential layer and the kernels are used.
cd "$target/mkl"
rm -f libmkl_*_thread.so* libmkl_scalapack* libmkl_blacs* libmkl_vml* libmkl_cdft*
rm -rf "$target/wheels" "$target"/mkl-*.data
ls "$target/mkl" "$target/scipy_openblas64/lib"
