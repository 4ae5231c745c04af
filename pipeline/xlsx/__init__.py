"""Reading spreadsheets safely, and writing our own. No module outside this folder imports a workbook library."""
