"""Renderings of report.json for people."""

from zepad_engine.report.html import render_html

__all__ = ["render_html"]
