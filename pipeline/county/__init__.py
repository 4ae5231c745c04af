"""The county's desk: what waits for it, the workbook that shows it, and what its lines decide."""
