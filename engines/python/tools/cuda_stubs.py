"""Makes PyPI's torch wheel for Linux importable on a machine without CUDA's libraries, for the tests of this package.

    pip install --no-deps torch nvidia-cuda-runtime nvidia-cuda-cupti
    python cuda_stubs.py

The wheel asks the loader for a dozen libraries (cuBLAS, cuDNN, NCCL, … 2 GB) that nothing on the CPU ever calls. The two small
ones that are called at load time come from their packages; the others are replaced by libraries in which every symbol that torch
wants is a function that returns 1, "no success". Needs gcc and binutils.
"""

import collections
import importlib.util
import pathlib
import re
import subprocess
import sys

# Libraries that torch wants without naming a version in each symbol: by the beginning of the symbol's name.
BY_PREFIX = {"nccl": "libnccl.so", "cusparseLt": "libcusparseLt.so", "cuFile": "libcufile.so", "nvshmem": "libnvshmem_host.so"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def absent_libraries(libraries, folder):
    """Names of CUDA's libraries that are wanted and not there. The driver, libcuda, is opened only where there is a GPU."""
    there = {path.name for path in (*libraries, *folder.iterdir())}
    needed = {name for path in libraries for name in re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", path))}
    return {name for name in needed - there if re.match(r"lib(cu|nccl|nv)", name) and name != "libcuda.so.1"}


def wanted_symbols(libraries):
    """(name, version or "") of all that the libraries leave undefined."""
    for path in libraries:
        for line in output("nm", "-D", "--undefined-only", path).splitlines():
            name, _, version = line.split()[-1].partition("@")
            yield name, version.lstrip("@")


def library_of(name, version, absent):
    """The absent library that a symbol is to be found in, if any."""
    if version in absent:
        return version
    stem = next((stem for prefix, stem in BY_PREFIX.items() if name.startswith(prefix)), None)
    return next((library for library in absent if stem and library.startswith(stem)), None)


def build(library, symbols, folder):
    """One library: `symbols` maps versions to names."""
    source, script = folder / f"{library}.c", folder / f"{library}.map"
    names = sorted(set().union(*symbols.values()))
    source.write_text("".join(f"int {name}() {{ return 1; }}\n" for name in names))
    nodes = {version: "".join(f"{name};" for name in sorted(names)) for version, names in symbols.items() if version}
    script.write_text("".join(f"{version} {{ global: {names} }};\n" for version, names in nodes.items()))
    versions = [f"-Wl,--version-script={script}"] if nodes else []
    subprocess.run(
        ["gcc", "-w", "-shared", "-fPIC", f"-Wl,-soname,{library}", *versions, "-o", folder / library, source], check=True
    )
    source.unlink()
    script.unlink()


def main():
    site = pathlib.Path(importlib.util.find_spec("torch").origin).parent.parent
    libraries = sorted((site / "torch" / "lib").glob("*.so*"))
    folder = next(site.glob("nvidia/cu*/lib"))  # where the wheel looks, and the two packages are
    absent = absent_libraries(libraries, folder)
    symbols = collections.defaultdict(lambda: collections.defaultdict(set))
    for name, version in wanted_symbols(libraries):
        library = library_of(name, version, absent)
        if library:
            symbols[library][version].add(name)
    for library in sorted(absent):
        build(library, symbols[library], folder)
        print(f"{library}: {sum(map(len, symbols[library].values()))} symbols", file=sys.stderr)


if __name__ == "__main__":
    main()
