"""Builds the kernel, each file of it with the flags that are its own; without a compiler, none.

A build that fails leaves a package that runs on numpy, with the reason in `no_kernel.txt`.
"""

import os
import platform
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ON_X86 = platform.machine().lower() in ("x86_64", "amd64")
COMMON = {
    "unix": ["-std=c++17", "-O3", "-fvisibility=hidden"],
    "msvc": ["/std:c++17", "/O2", "/EHsc"],
}
# Instruction sets belong to files: what is compiled with them must never run without them.
OWN = {
    "avx512.cpp": {
        "unix": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"],
        "msvc": ["/arch:AVX512"],
    },
    "avx2.cpp": {"unix": ["-mavx2", "-mfma"], "msvc": ["/arch:AVX2"]},
}


class build_kernel(build_ext):
    def run(self):
        reason = Path(self.build_lib) / "softmax_engine" / "no_kernel.txt"
        try:
            super().run()
        except Exception as error:
            # Also a compiler that is not there: the package is to be had without its kernel.
            reason.parent.mkdir(parents=True, exist_ok=True)
            reason.write_text(f"{type(error).__name__}: {error}\n")
            for extension in self.extensions:  # that of an earlier build must not pass for this one
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
            self.extensions = []
        else:
            reason.unlink(missing_ok=True)

    def build_extension(self, extension):
        kind = self.compiler.compiler_type
        kind = kind if kind in COMMON else "unix"
        # For the sanitizers: `make sanitize` sets it.
        extra = os.environ.get("SOFTMAX_ENGINE_CXXFLAGS", "").split()
        objects = []
        for source in extension.sources:
            own = OWN.get(Path(source).name, {}).get(kind, []) if ON_X86 else []
            objects += self.compiler.compile(
                [source],
                output_dir=self.build_temp,
                include_dirs=[*self.compiler.include_dirs, "kernel"],
                extra_postargs=[*COMMON[kind], *own, *extra],
                depends=extension.depends,
            )
        self.compiler.link_shared_object(
            objects,
            self.get_ext_fullpath(extension.name),
            export_symbols=self.get_export_symbols(extension),
            extra_postargs=[*extra, "-pthread"] if kind == "unix" else [],
            build_temp=self.build_temp,
            target_lang="c++",
        )


KERNEL = Extension(
    "softmax_engine._kernel",
    sources=sorted(str(path) for path in Path("kernel").glob("*.cpp")),
    depends=sorted(str(path) for path in Path("kernel").glob("*.h")),
    py_limited_api=True,
)

setup(
    ext_modules=[KERNEL],
    cmdclass={"build_ext": build_kernel},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
