"""Sphinx settings of the rendered workbook: notebooks as they were executed, all offline."""

from pathlib import Path
from typing import Any

from book import accessible, glossary, lean, search_index
from book.alive import needed

project = "Convolutional networks by experiment"
author = "the authors of the workbook"
html_title = project
language = "en-GB"
html_language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx-mathjax-offline"]
extensions += ["sphinx_copybutton"]
nb_execution_mode = "off"  # build.py has executed them
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 2  # links to headings, with the names that JupyterLab gives them:
myst_heading_slug_func = "book.notebooks.anchor"
exclude_patterns = ["doctrees", "extra"]
copybutton_selector = ":not(.output) > div.highlight > pre"  # not on what came out
copybutton_prompt_text, copybutton_prompt_is_regexp = r">>> |\.\.\. ", True

# the page of the library, from the docstrings
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # as they are written: an object's repr has an address in it
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
toc_object_entries = False  # the contents at the side: the modules are enough

html_theme = "sphinx_book_theme"
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "secondary_sidebar_items": {"**": ["page-toc"], "runs": []},  # its table wants the width
    "navbar_persistent": [],  # the search box stands in the sidebar already
    "logo": {"text": project},
}
html_sidebars = {"**": ["home.html", "icon-links.html", "find.html", "sbt-sidebar-nav.html"]}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system has it
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["workbook.css", "figures.css"]
html_js_files = [
    "print.js",
    *((name, {"defer": "defer"}) for name in ("predict.js", "take.js", "figures.js")),
]
html_extra_path: list[str] = []
html_scaled_image_link = False  # a click enlarges it on the page
html_copy_source = False
html_use_index = False  # the page of the library begins with one
html_domain_indices = False
html_show_sourcelink = False
html_show_copyright = False


def with_scripts(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """What computes in a page has its scripts there, and on no other page."""
    styles, scripts = needed(context.get("body", ""))
    for style in styles:
        app.add_css_file(style)
    for script in scripts:
        app.add_js_file(script, loading_method="defer")


def setup(app: Any) -> None:
    """Called by Sphinx before anything else."""
    app.config.mathjax_path = "formulas.js"  # which asks for the one of sphinx-mathjax-offline
    # relative ones are looked for beside this file
    html_static_path.append(str(Path(app.srcdir) / "alive"))
    html_extra_path.append(str(Path(app.srcdir) / "extra"))
    app.connect("html-page-context", with_scripts)
    app.connect("html-page-context", accessible.mend)
    app.connect("html-page-context", lean.offer)
    app.connect("doctree-read", glossary.link)
    app.connect("html-page-context", search_index.collect)
    app.connect("build-finished", search_index.write)
