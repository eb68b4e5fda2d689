from __future__ import annotations

import torch

from zepad_engine.versions import versions_of


def test_a_missing_package_is_said_and_a_present_one_has_its_version():
    found = versions_of(("torch", "no-such-package-zz"))
    assert found["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert found["no-such-package-zz"] == "not installed"
