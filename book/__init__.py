"""How notebooks become pages and PDF."""
