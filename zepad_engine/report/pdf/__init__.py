"""report.pdf: the report on paper, drawn from report.json and the pictures of the run."""

from zepad_engine.report.pdf.document import render_pdf

__all__ = ["render_pdf"]
