from __future__ import annotations

import subprocess
import sys


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_the_window_never_loads_torch_and_plots_only_later() -> None:
    code = "import zepad_app, zepad_app.app, zepad_app.engine_client, zepad_app.window"
    loaded = loaded_after(code)
    assert "zepad_app.window" in loaded
    assert not {"torch", "torchvision", "captum"} & loaded
    assert not {"pyqtgraph", "numpy"} & loaded


def test_all_pages_do_without_torch() -> None:
    loaded = loaded_after(
        "import zepad_app.pages.running, zepad_app.pages.results, zepad_app.pages.inspect, zepad_app.pages.plan"
    )
    assert "pyqtgraph" in loaded
    assert not {"torch", "torchvision", "captum"} & loaded
