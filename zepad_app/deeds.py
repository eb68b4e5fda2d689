"""What the menus do that is no audit: export, clipboard, preferences, help, system, look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from zepad_app.audit_model import AuditModel
from zepad_app.dialogs import shortcuts_dialog, show_about
from zepad_app.drops import dropped_things, takes
from zepad_app.help_window import HelpWindow
from zepad_app.preferences import TEXT_SCALES, Scheme
from zepad_app.preferences_dialog import PreferencesDialog
from zepad_app.settings import Settings
from zepad_app.system_dialog import SystemDialog
from zepad_app.theme import Theme
from zepad_engine.export_formats import format_called
from zepad_engine.places import logs_folder

if TYPE_CHECKING:
    from zepad_app.window import Window


class Deeds:
    """The deeds behind the menus; ``exporting`` is the request of the export asked for last."""

    def __init__(self, window: Window, model: AuditModel, theme: Theme, settings: Settings) -> None:
        self._window = window
        self._model = model
        self._theme = theme
        self._settings = settings
        self.help: HelpWindow | None = None
        self.exporting = "none yet"

    def export(self, kind: str) -> None:
        """Ask where to, and have the engine write the report of the audit at hand."""
        report = self._model.state.report
        form = format_called(kind)
        if report is None or form is None:
            return
        name = str(Path(self._settings.folder) / f"{report.subject.name}-audit{form.ending}")
        files = f"{form.name} (*{form.ending})"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export the report", name, files)
        if path:
            self._settings.folder = str(Path(path).parent)
            self.exporting = self._model.export(kind, Path(path))

    def copy(self) -> None:
        """Copy what has the focus, if it can be copied."""
        widget = QApplication.focusWidget()
        while widget is not None and widget is not self._window:
            if callable(copy := getattr(widget, "copy", None)):
                copy()
                return
            widget = widget.parentWidget()

    def paste(self) -> None:
        """Open the files the clipboard names; give pixels and paths in words to the page in front, if it takes them."""
        data, page = QGuiApplication.clipboard().mimeData(), self._window.stack.currentWidget()
        if data.hasUrls():
            self._window.open_files(dropped_things(data))
        elif callable(take := getattr(page, "paste", None)):
            take()
        elif takes(data):
            self._window.open_files(())

    def show_preferences(self) -> None:
        """Open the preferences; they apply at once."""
        dialog = PreferencesDialog(self._window, self._settings, self._model.state.ready, busy=self._model.state.busy)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_help(self, page: str) -> None:
        """Open the help at a page, in a window of its own."""
        if self.help is None:
            self.help = HelpWindow(self._theme, self._window)
        self.help.show_page(page)

    def show_shortcuts(self) -> None:
        """List the commands that have a shortcut."""
        dialog = shortcuts_dialog(self._window, self._window.commands)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_system(self) -> None:
        """Tell what the doctor finds on this machine."""
        dialog = SystemDialog(self._window, self._theme)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_about(self) -> None:
        """What this is and which versions compute."""
        show_about(self._window, self._model.state.ready)

    def open_logs(self) -> None:
        """Show the folder of logs in the system's own file window."""
        logs_folder().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs_folder())))

    def switch_scheme(self) -> None:
        """Light becomes dark, dark becomes light."""
        self.choose_scheme("light" if self._theme.dark else "dark")

    def step_text(self, steps: int) -> None:
        """Larger or smaller text, within the sizes there are."""
        nearest = min(range(len(TEXT_SCALES)), key=lambda at: abs(TEXT_SCALES[at] - self._theme.scale))
        self.choose_scale(TEXT_SCALES[min(max(nearest + steps, 0), len(TEXT_SCALES) - 1)])

    def switch_full_screen(self) -> None:
        """All of the screen, or the window as it was."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def choose_scheme(self, scheme: Scheme) -> None:
        """Follow the system, or stay light or dark; remembered."""
        self._settings.prefer(scheme=scheme)

    def choose_scale(self, scale: float) -> None:
        """Text size, 1 to 1.5; remembered."""
        self._settings.prefer(text_scale=scale)
