"""Definitions as data, and the loader that proves them."""

from catalog.load import DATA, Catalog, CatalogError, load_catalog

__all__ = ["DATA", "Catalog", "CatalogError", "load_catalog"]
