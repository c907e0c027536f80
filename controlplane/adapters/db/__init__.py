"""The record: SQLAlchemy Core on SQLite and PostgreSQL."""
