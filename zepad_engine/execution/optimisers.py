"""Torch's optimisers without its compiler, which they would load at their first step: two seconds of every worker."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _Plain(torch.optim.Optimizer):
    """Torch wraps these two so that its compiler leaves them alone, and loads it for that; nothing is compiled here."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As torch's."""
        _unwrapped(torch.optim.Optimizer.add_param_group)(self, param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """As torch's."""
        _unwrapped(torch.optim.Optimizer.zero_grad)(self, set_to_none)


class Adam(_Plain, torch.optim.Adam):
    """``torch.optim.Adam``, value for value."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:  # type: ignore[override]
        """As torch's."""
        return _unwrapped(torch.optim.Adam.step)(self, closure)  # type: ignore[no-any-return]


class LBFGS(_Plain, torch.optim.LBFGS):
    """``torch.optim.LBFGS``, value for value."""

    def step(self, closure: Callable[[], Tensor]) -> Tensor:  # type: ignore[override]
        """As torch's."""
        return super().step(closure)  # type: ignore[no-any-return, no-untyped-call]


def _unwrapped(method: Callable[..., Any]) -> Callable[..., Any]:
    return inspect.unwrap(method)  # type: ignore[no-any-return]
