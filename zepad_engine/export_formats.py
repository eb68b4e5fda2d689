"""The forms in which a finished audit can leave the program; menus and the command line read them here. Torch-free."""

from __future__ import annotations

from typing import Final, NamedTuple


class ExportFormat(NamedTuple):
    """One form: the word the wire and the command line use, its name, the file's ending, and what it is good for."""

    key: str
    name: str
    ending: str
    about: str


FORMATS: Final = (
    ExportFormat("html", "Web page", ".html", "The whole report as one page; opens anywhere, nothing is loaded."),
    ExportFormat("pdf", "PDF", ".pdf", "The whole report on paper, with a summary of one page at the front."),
    ExportFormat("csv", "Table of numbers", ".csv", "Every measured number in a row of its own, for a spreadsheet."),
    ExportFormat("md", "Model card section", ".md", "A section in Markdown for the page of the encoder."),
    ExportFormat("json", "Numbers as JSON", ".json", "The source of all the others, with a published schema."),
    ExportFormat("bundle", "Bundle", ".zepad", "The whole audit in one file that can be checked, opened and repeated."),
)


def format_called(key: str) -> ExportFormat | None:
    """The form with that word, if there is one."""
    return next((form for form in FORMATS if form.key == key), None)
