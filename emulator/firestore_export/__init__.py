"""Exports and imports databases in the official format, which firebase-tools and production read and write."""

from emulator.firestore_export.directory import ExportUnreadable, read_export, write_export

__all__ = ["ExportUnreadable", "read_export", "write_export"]
