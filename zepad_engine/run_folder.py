"""Where everything of one audit lies. Torch-free; each file is written whole (storage.py), so a run can be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zepad_engine.errors import BadInput, BadPlan
from zepad_engine.plan import AuditPlan, plan_from_json, plan_to_json, set_name
from zepad_engine.storage import write_bytes


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    root: Path

    @property
    def plan(self) -> Path:
        """The plan, written before anything else."""
        return self.root / "plan.json"

    @property
    def report(self) -> Path:
        """The report, written last."""
        return self.root / "report.json"

    @property
    def page(self) -> Path:
        """The report as a page."""
        return self.root / "report.html"

    def encoder(self, branch: str) -> Path:
        """Weights of a branch; its card lies beside."""
        return self.root / "encoders" / f"{branch}.safetensors"

    def attack(self, key: str) -> Path:
        """A crafted perturbation."""
        return self.root / "attacks" / f"{key}.safetensors"

    def recrafted(self, name: str) -> Path:
        """A perturbation crafted anew with another setting (``Recraft.name``)."""
        return self.root / "attacks" / "recrafted" / f"{name}.safetensors"

    def head(self, task: str, branch: str) -> Path:
        """Weights of a head."""
        return self.root / "heads" / set_name(task) / f"{branch}.safetensors"

    def logits(self, task: str, branch: str) -> Path:
        """Logits of a branch on a task's calibration and test images, clean and perturbed."""
        return self.root / "logits" / set_name(task) / f"{branch}.safetensors"

    def per_image(self, name: str) -> Path:
        """Which test images each defence answered wrongly or flagged; ``name`` is the task's in the cells."""
        return self.root / "per_image" / f"{name}.safetensors"

    def adaptive(self, task: str, defence: str, attack: str) -> Path:
        """What an attack on a defended system did to each image; the last two are identities."""
        return self.root / "adaptive" / set_name(task) / defence / f"{attack}.safetensors"

    def outcome(self, job: str) -> Path:
        """What a job found; its presence says that the job is done."""
        return self.root / "jobs" / f"{job}.json"

    def preview(self, name: str) -> Path:
        """A picture for the window and the report."""
        return self.root / "previews" / f"{name}.png"

    @property
    def inspected(self) -> Path:
        """What the Inspect page was shown, the user's own pictures among it: never exported, may be deleted."""
        return self.root / "inspected"

    def claim(self, plan: AuditPlan) -> None:
        """Make the folder this plan's, or accept that it is already.

        Raises:
            BadPlan: the folder holds another plan. BadInput: it is a file. NoSpace: it cannot be written.
        """
        blocking = next((path for path in (self.root, *self.root.parents) if path.exists()), self.root)
        if blocking.exists() and not blocking.is_dir():
            raise BadInput(f"{blocking.name} is a file, not a folder.", "Choose a folder for the results.")
        if self.plan.exists():
            if plan_from_json(self.plan.read_bytes()) != plan:
                raise BadPlan(
                    f"The folder {self.root.name} holds an audit with another plan.",
                    "Choose another folder, or resume that audit with its own plan.",
                    code="plan.folder",
                )
            self.sweep()
            return
        write_bytes(self.plan, plan_to_json(plan))

    def sweep(self) -> None:
        """Remove half-written siblings a killed process left."""
        for leftover in self.root.rglob(".*.part"):
            leftover.unlink(missing_ok=True)
