"""The command line's commands, by subject. They parse, call one use case and print; `service.cli` mounts them.

Modules here import what they need inside their functions, so that `antechamber --help` answers at once.
"""
