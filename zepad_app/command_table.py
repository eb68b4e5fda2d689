"""Every command of the window in one table: menu, words, shortcut, what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from zepad_app.menus import Command
from zepad_engine.export_formats import FORMATS

if TYPE_CHECKING:
    from zepad_app.deeds import Deeds
    from zepad_app.window import Window

_EXPORT_KEYS: Final = {"html": "Ctrl+E", "json": "Ctrl+Shift+E"}
_Row: TypeAlias = tuple[str, str, str, Callable[[], object]]


def command_table(window: Window, deeds: Deeds) -> tuple[Command, ...]:
    """The commands in the order of the menus; "-" before a text draws a line above it."""
    menus = {
        "&File": _file(window),
        "&File/&Export": _export(deeds),
        "&File/": (("quit", "-&Quit", "Ctrl+Q", window.close),),
        "&Edit": _edit(window, deeds),
        "&View": _view(window, deeds),
        "&Run": _run(window),
        "&Help": _help(deeds),
    }
    return tuple(
        Command(key=key, menu=menu.rstrip("/"), text=text, shortcut=keys, act=act)
        for menu, rows in menus.items()
        for key, text, keys, act in rows
    )


def _file(window: Window) -> tuple[_Row, ...]:
    return (
        ("new", "&New audit", "Ctrl+N", window.new_audit),
        ("open", "&Open…", "Ctrl+O", window.browse),
        ("recent", "Open &Recent", "", lambda: None),
        ("load_plan", "-&Load a plan…", "", window.load_plan),
        ("save_plan", "&Save the plan", "Ctrl+S", lambda: window.pages.plan_files.save()),
        ("save_plan_as", "Save the plan &as…", "Ctrl+Shift+S", lambda: window.pages.plan_files.save_as()),
    )


def _export(deeds: Deeds) -> tuple[_Row, ...]:
    return tuple(
        (
            form.key,
            f"&{number} {form.name} ({form.ending})…",
            _EXPORT_KEYS.get(form.key, ""),
            _exporting(deeds, form.key),
        )
        for number, form in enumerate(FORMATS, 1)
    )


def _exporting(deeds: Deeds, key: str) -> Callable[[], object]:
    return lambda: deeds.export(key)


def _edit(window: Window, deeds: Deeds) -> tuple[_Row, ...]:
    return (
        ("undo", "&Undo", "Ctrl+Z", window.undo.undo),
        ("redo", "&Redo", "Ctrl+Shift+Z", window.undo.redo),
        ("copy", "-&Copy", "Ctrl+C", deeds.copy),
        ("paste", "&Paste image or file", "Ctrl+V", deeds.paste),
        ("preferences", "-Pre&ferences…", "Ctrl+,", deeds.show_preferences),
    )


def _view(window: Window, deeds: Deeds) -> tuple[_Row, ...]:
    places = (("audit", "&Audit"), ("results", "&Results"), ("inspect", "&Inspect"), ("history", "&History"))
    return (
        *((key, text, f"Ctrl+{at}", lambda key=key: window.go_to(key)) for at, (key, text) in enumerate(places, 1)),
        ("larger", "-&Larger text", "Ctrl++", lambda: deeds.step_text(1)),
        ("smaller", "&Smaller text", "Ctrl+-", lambda: deeds.step_text(-1)),
        ("size", "Text si&ze", "", lambda: None),
        ("theme", "-&Theme", "", lambda: None),
        ("dark", "S&witch light and dark", "Ctrl+Shift+L", deeds.switch_scheme),
        ("full", "&Full screen", "F11", deeds.switch_full_screen),
    )


def _run(window: Window) -> tuple[_Row, ...]:
    return (
        ("run", "&Start the audit", "F5", window.run_plan),
        ("pause", "&Pause the audit", "F6", window.hold_run),
        ("cancel", "&Cancel the audit", "Ctrl+.", window.cancel_run),
    )


def _help(deeds: Deeds) -> tuple[_Row, ...]:
    return (
        ("help", "ZePAD &help", "F1", lambda: deeds.show_help("first-audit")),
        ("keys", "&Keyboard shortcuts", "Ctrl+/", deeds.show_shortcuts),
        ("system", "-&System information…", "", deeds.show_system),
        ("logs", "Open the folder of &logs", "", deeds.open_logs),
        ("about", "-&About ZePAD", "", deeds.show_about),
    )
