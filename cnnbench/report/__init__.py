"""What people read: tables on a terminal, and the same as CSV, Markdown and JSON."""
