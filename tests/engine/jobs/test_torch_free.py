"""The director must start at once: it never loads torch."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["worker", "audit", "jobs.pool", "jobs.graph", "jobs.context", "assembly", "exporting"]
)
def test_imports_without_torch(module):
    program = (
        f"import sys, zepad_engine.{module}\n"
        "print(sorted(sys.modules.keys() & {'torch', 'torchvision', 'captum', 'PySide6', 'safetensors'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
