"""Proofs for Coq's kernel, and what checks them."""
