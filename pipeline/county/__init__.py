"""The county's desk: what waits for it, the workbook that shows it, and how its lines are carried out."""
