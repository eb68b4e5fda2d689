from __future__ import annotations

import subprocess
import sys


def test_a_worker_that_waits_has_not_loaded_what_few_jobs_need():
    script = "import zepad_engine.jobs.table, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    # torchvision brings torch's compiler with it: half of all the time a start took, and 170 MB in every worker.
    assert not {"torchvision", "torch._dynamo", "captum", "timm"} & set(loaded)
