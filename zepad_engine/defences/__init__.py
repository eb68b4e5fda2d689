"""Defences: which branches speak, and how their answers become one."""
