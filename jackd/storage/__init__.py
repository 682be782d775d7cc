"""SQLite: one writer thread, numbered migrations, one repository a file."""
