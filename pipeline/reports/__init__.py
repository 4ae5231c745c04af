"""Papers: the only room that uses Jinja2 and WeasyPrint.

`letters.compose` makes papers from facts. `render.Renderer` draws pages in separate processes, because an error in the
libraries below WeasyPrint can end the process.
"""
