"""The console: web pages for schools and offices, on the same store and the same path.

It reads what stands, and says nothing by itself: whatever somebody does here becomes a workbook in the inbox, as if it
had been filled in and dropped (docs/adr/console.md).
"""
