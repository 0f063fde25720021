"""Guides: networks trained here that methods and restorers need."""
