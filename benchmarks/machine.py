"""What a time belongs to: the machine, the versions, the engine. No names of hosts or folders."""

import os
import platform
import subprocess
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from .arena import available_memory
from .workers import ROOT, cores

PACKAGES = (
    "numpy",
    "scipy",
    "softmax-engine",
    "scikit-learn",
    "torch",
    "jax",
    "numba",
    "tensorflow-cpu",
    "tensorflow",
)


def describe(probe_sets, compiler, no_limits):
    """A dict of what the times depend on.

    probe_sets : instruction sets the probe found; no_limits : why there is no probe, or None
    """
    return {
        "cpu": cpu_model(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(cores()),
        "memory": physical_memory(),
        "available_memory": available_memory(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "instruction_sets": list(probe_sets),
        "compiler": compiler,
        "no_limits": no_limits,
        "python": platform.python_version(),
        "versions": versions(),
        "blas": np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"],
        "engine": engine(),
        "commit": commit(),
    }


def cpu_model():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def physical_memory():
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def versions():
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def engine():
    """What the engine says of itself: it may be there without its kernel."""
    try:
        return str(import_module("softmax_engine").status())
    except ImportError as error:
        return f"no compiled engine: {error}"


def commit():
    """The commit of this folder, with a mark where files differ from it, or None."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return told.stdout.strip() or None
