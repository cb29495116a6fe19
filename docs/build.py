"""`make site`: the pages from the notebooks, the site from the pages. Warnings are errors.

    python docs/build.py [folder, build/site unless given]"""
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

if sys.version_info < (3, 11): sys.exit('make site: this is Python %d.%d; the theme needs 3.11 or later' % sys.version_info[:2])

from sphinx.cmd.build import main  # noqa: E402
from pages import not_found_page, write_pages  # noqa: E402


def build(out:Path):
    "Build the whole site anew in `out`/html; raises `SystemExit` if `out` holds anything that no earlier build has made."
    made = {'pages', 'files', 'doctrees', 'html', 'jupyter_execute'}
    if out.exists() and (other := {p.name for p in out.iterdir()} - made): sys.exit(f'make site: {out} holds {sorted(other)[0]}, expected an empty folder or an earlier site')
    for folder in made: shutil.rmtree(out/folder, ignore_errors=True)
    write_pages(DOCS.parent, out)
    failed = main(['-q', '-W', '--keep-going', '-j', 'auto', '-b', 'html', '-c', str(DOCS), '-d', str(out/'doctrees'), str(out/'pages'), str(out/'html')])
    if failed: sys.exit('make site: see the warnings above; the site is not complete')
    (out/'html'/'404.html').write_text(not_found_page(DOCS.parent), encoding='utf-8')
    static = out/'html'/'_static'                  # what the theme brings and no page asks for
    for unused in [*static.rglob('*.map'), *static.rglob('*.html'), static/'scripts'/'fontawesome.js']: unused.unlink()
    print(f'The site is built: open {out/"html"/"index.html"}')


if __name__ == '__main__': build(Path(sys.argv[1] if sys.argv[1:] else DOCS.parent/'build'/'site').resolve())
