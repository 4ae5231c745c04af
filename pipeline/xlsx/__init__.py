"""The spreadsheets' room: what may come in, how it is read, and the workbooks we write ourselves.

Nobody outside this folder imports a workbook library.
"""
