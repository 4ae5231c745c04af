"""queke: absence workbooks in; one true store, warnings and daily papers out."""

__version__ = "0.1.0"
