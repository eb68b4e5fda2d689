"""The report's pages as they will be printed, drawn in the window."""
