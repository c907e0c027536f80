"""Byte formats, without any knowledge of language models."""
