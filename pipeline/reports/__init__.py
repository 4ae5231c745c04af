"""The papers' room: Jinja2 and WeasyPrint, and nobody else uses them.

`letters.compose` makes papers of facts; `render.Renderer` draws pages in processes of their own, because
a page that goes wrong in the libraries below WeasyPrint takes its process with it.
"""
