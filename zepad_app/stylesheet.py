"""The style sheet: small rules on widget properties, filled from the tokens."""

from __future__ import annotations

from string import Template

from zepad_app.tokens import CORNER, FONT_SIZES, Tokens
from zepad_engine.resources import asset


def style_sheet(tokens: Tokens, scale: float, shade: str) -> str:
    """The style sheet of a scheme ("light" or "dark") at a text scale."""
    rules = Template(asset("theme", "window.qss").read_text(encoding="utf-8"))
    sizes = {role: str(round(size * scale)) for role, size in FONT_SIZES.items()}
    colours = {name: getattr(tokens, name) for name in Tokens.__dataclass_fields__}
    # Qt takes a picture of a style sheet as it is, so tick and chevron exist once per scheme.
    pictures = {name: asset("theme", f"{name}_{shade}.svg").as_posix() for name in ("tick", "chevron")}
    return rules.substitute(**sizes, **colours, **pictures, corner=str(CORNER), field=str(round(20 * scale)))
