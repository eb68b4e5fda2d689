"""One thread, as a worker of the engine has: quicker beside other work, and the same draws everywhere."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
