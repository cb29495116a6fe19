"""The site: built from the notebooks, and used in a real browser as a reader would."""
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from benchmarks.judge import ratio
from benchmarks.tasks import TASKS
from calls import CALLS
from conftest import LESSONS, ROOT, SETTINGS, run
from filelock import FileLock
from openpyxl import load_workbook
from playwright.sync_api import Error, sync_playwright
from test_fuzz import damaged

from course_lib.tools.cli import count_checks, directives
from course_lib.tools.cli import printed as printed_by
from course_lib.tools.quiz import read_questions
from course_lib.tools.ranges import read_headlines, read_ranges

QUIET = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--no-first-run', '--disable-sync']
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
FIRST, SECOND = (f'questionnaire/{path.stem}.html' for path in LESSONS[:2])
IDS = {path.stem: [q.id for q in read_questions(ROOT/'questionnaire'/path.name)] for path in LESSONS}
NOON, DAY = 1_800_000_000, 24 * 60 * 60          # in seconds, as playwright's clock takes them


@pytest.fixture(scope='session')
def site(tmp_path_factory):
    "The folder of the built site; one of the test processes builds it for all."
    base = tmp_path_factory.getbasetemp()          # under pytest-xdist that of the process, in that of the run
    out = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base)/'site'
    with FileLock(f'{out}.lock'):
        if not (out/'built').exists():
            done = run('python', 'docs/build.py', out)
            assert done.returncode == 0, done.stdout
            (out/'built').write_text(done.stdout, encoding='utf-8')
    return out/'html'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args): pass


@pytest.fixture(scope='session')
def address(site):
    "The site on a server of this machine."
    with ThreadingHTTPServer(('127.0.0.1', 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()


@pytest.fixture(scope='session')
def browser():
    "Chromium or Chrome, as this machine has it; else playwright's own, fetched once."
    with sync_playwright() as play:
        found = next(filter(None, map(shutil.which, BROWSERS)), None)
        launch = partial(play.chromium.launch, args=QUIET)
        for options in ([{'executable_path': found}] if found else []) + [{'channel': 'chrome'}, {'channel': 'msedge'}, {}]:
            try: started = launch(**options)
            except Error: continue
            break
        else:
            fetched = subprocess.run([sys.executable, '-m', 'playwright', 'install', '--only-shell', 'chromium'], capture_output=True, text=True)
            assert fetched.returncode == 0, f'the tests of the site need Chromium or Chrome: install one, then run again\n{fetched.stderr}'
            started = launch()
        yield started
        started.close()


@contextmanager
def reader(browser, width=1280, height=800, **options):
    "A page of a fresh profile, and a list of what went wrong on it: errors, and requests to other hosts."
    context = browser.new_context(viewport=dict(width=width, height=height), **options)
    page, wrong = context.new_page(), []
    page.on('console', lambda m: wrong.append(f'{page.url}: {m.text}') if m.type == 'error' else None)
    page.on('pageerror', lambda e: wrong.append(f'{page.url}: {e}'))
    page.on('request', lambda r: wrong.append(f'{page.url} asks {r.url}') if urlsplit(r.url).hostname not in ('127.0.0.1', None) else None)
    try: yield page, wrong
    finally: context.close()


@pytest.fixture
def student(browser, address):
    "A reader on a laptop; the test fails if anything went wrong on the way."
    with reader(browser, base_url=address) as (page, wrong):
        yield page
        assert wrong == []


def names(site):
    "The path in the site of every page; 404.html, which a server shows at any address, has a test of its own."
    return sorted(p.relative_to(site).as_posix() for p in site.rglob('*.html') if p.name != '404.html')


def document(site, name): return BeautifulSoup((site/name).read_text(encoding='utf-8'), 'html.parser')


def documents(site):
    "Every page: its path in the site, and its document."
    return {name: document(site, name) for name in names(site)}


# What the pages hold

def test_every_page_is_there(site):
    "A page for each lesson, questionnaire, module and tool; the landing page, practice, glossary, names, library, speed; notebooks to download."
    tools = [p.stem for p in (ROOT/'nbs'/'tools').glob('*.ipynb')]
    wanted = ['index', 'practice', 'proved', 'glossary', 'names', 'library', 'speed', 'search', 'genindex', *(f'nbs/tools/{t}' for t in tools), *(f'api/tools.{t}' for t in tools)]
    for path in LESSONS: wanted += [f'nbs/{path.stem}', f'questionnaire/{path.stem}', f'api/{path.stem[3:]}']
    assert [w for w in wanted if not (site/f'{w}.html').exists()] == []
    for path in LESSONS: assert (site/'nbs'/path.name).read_bytes() == path.read_bytes()
    assert not list(site.rglob('*.map'))


def test_speed_is_that_of_the_results(site):
    "The page of speed shows each median of the results file, a picture for each task, and on what it was measured."
    results, page = json.loads((ROOT/'benchmarks'/'results.json').read_text()), document(site, 'speed.html')
    cells = {cell.get_text() for cell in page.find_all('td')}
    for task in TASKS:
        for who in {t['who'] for t in results['times'] if t['task'] == task} - {'bare'}:
            for part in ('train', 'valid'):
                assert any(cell.startswith(f'{statistics.median(ratio(results["times"], task, part, who, "bare")):.2f} (') for cell in cells)
        assert len(page.find('img', src=re.compile(f'speed-{task}'))['alt'].split()) > 5
    grown = json.loads((ROOT/'benchmarks'/'growth.json').read_text())['times']
    for work in {(t['task'], t['who']) for t in grown}:
        seconds, memory = (statistics.median(t[part] for t in grown if (t['task'], t['who']) == work) for part in ('per rating', 'GiB'))
        assert f'{1e6 * seconds:.2f} ({memory:.1f} GiB)' in cells, work
    assert len(page.find('img', src=re.compile('speed-growth'))['alt'].split()) > 5
    text = page.get_text()
    assert results['machine']['cpu'] in text and results['date'] in text and all(v in text for vs in results['versions'].values() for v in vs.values())


def test_links_and_anchors(site):
    "Every link to the site itself leads to a file, and to a place that is there."
    pages, broken = documents(site), []
    anchors = {name: {tag['id'] for tag in doc.find_all(id=True)} for name, doc in pages.items()}
    for name, doc in pages.items():
        for tag in doc.find_all(['a', 'link', 'img', 'script', 'use', 'form']):
            target = tag.get('href') or tag.get('src') or tag.get('action') or ''
            if urlsplit(target).scheme or target in ('', '#'): continue
            where, anchor = urldefrag(unquote(urljoin(name, target)))
            where = where.split('?')[0]
            if not (site/where).exists(): broken.append(f'{name}: {target}')
            elif anchor and where in anchors and anchor not in anchors[where]: broken.append(f'{name}: {target}')
    assert broken == [] and sum(len(doc.find_all('a')) for doc in pages.values()) > 500


def test_workbooks_of_the_lesson(site):
    "Lesson 08 leads to the two workbooks that it writes: the solved one has the RMSE that the lesson tells, the other a larger one."
    links = document(site, 'nbs/08_spreadsheet.html').select('a[download]')
    assert {a['href'] for a in links} == {'build/solved.xlsx', 'build/start.xlsx'}
    told = [round(f.value, 4) for f in read_headlines(printed_by(nbformat.read(ROOT/'nbs'/'08_spreadsheet.ipynb', 4))) if f.what.startswith('RMSE of the table')]
    for name, holds in dict(solved=float.__eq__, start=float.__lt__).items():
        sheet = load_workbook(site/'nbs'/'build'/f'{name}.xlsx', data_only=True)['read me']
        figures = {sheet.cell(row, 1).value: round(sheet.cell(row, 4).value, 4) for row in range(5, 10)}
        assert all(holds(best, figures[which]) for best, which in zip(told, ('dot product', 'bias'))) and len(told) == 2, (name, figures)


def test_lessons_are_shown_clean(site):
    "No directive, no hidden cell; solutions folded; stored outputs there; each exported name linked to the library and back."
    for path in LESSONS:
        doc = document(site, f'nbs/{path.stem}.html')
        text, cells = doc.get_text(), nbformat.read(path, 4).cells
        assert '#|' not in re.sub(r'#\| (\w+ \(on the site|setup cells)', '', text) and 'nbdev_export' not in text and 'google.colab' not in text and 'default_exp' not in text
        solutions = [c for c in cells if c.cell_type == 'code' and 'solution' in directives(c.source)]
        assert len(doc.select('details.solution:not([open])')) == len(solutions) >= 3
        printed = [o.text.splitlines()[0] for c in cells if c.cell_type == 'code' for o in c.outputs if o.output_type == 'stream']
        assert printed and [line for line in printed if line.strip() not in text and not line.startswith('headline |')] == []
        nb = nbformat.read(path, 4)
        ranges = read_ranges(nb, headlines := read_headlines(printed_by(nb)))
        for h in headlines: assert re.search(rf'headline \| {re.escape(h.what)} \| {re.escape(ranges[h.what].shown(h.value))}( \||$)', text, re.M), h
        api = document(site, f'api/{path.stem[3:]}.html')
        module = __import__(f'course_lib.{path.stem[3:]}', fromlist=['x'])
        for public in module.__all__:
            assert doc.select_one(f'.exported a[href="../api/{path.stem[3:]}.html#course_lib.{path.stem[3:]}.{public}"]'), public
            entry = api.find(id=f'course_lib.{path.stem[3:]}.{public}').parent
            back = urldefrag(entry.select_one('.where a')['href'])[1]
            source = doc.find(id=back).find_next('div', class_='cell').get_text()
            assert any(made in source for made in (f'def {public}(', f'class {public}', f'{public} = ')), public
            if public.isupper(): continue                   # a constant
            first = getattr(module, public).__doc__.strip().split('\n')[0].replace('`', '')
            assert first.split()[0] in entry.get_text()
            if not isinstance(getattr(module, public), type) and signature(getattr(module, public)).parameters: assert len(entry.select('table tr')) > 1, public


def proofs_of(path)->list: return [c for c in nbformat.read(path, 4).cells if c.cell_type == 'code' and 'proof' in directives(c.source)]


def test_proofs(site):
    "Each proof is a closed line with its caption and the number of its checks; one page lists them all, and its links lead to them."
    page = document(site, 'proved.html')
    plain = str.maketrans('’‘“”', "''\"\"")                  # Sphinx sets quotes in prose
    links = {a['href']: a.get_text().translate(plain) for a in page.select('article li a[href*="#proof-"]')}
    totals = [0, 0]
    for path in LESSONS:
        doc, cells = document(site, f'nbs/{path.stem}.html'), proofs_of(path)
        shown = doc.select('details.proof:not([open])')
        assert len(shown) == len(cells)
        for cell, proof in zip(cells, shown):
            caption = directives(cell.source)['proof'].replace('`', '')
            assert caption in ' '.join(proof.summary.get_text().split()) == f'✓ {caption} {count_checks(cell.source)} check' + 's' * (count_checks(cell.source) != 1)
            assert proof.find(id=f'proof-{cell.id}') and links.pop(f'nbs/{path.stem}.html#proof-{cell.id}') == caption
            totals = [totals[0] + 1, totals[1] + count_checks(cell.source)]
    for module, found in json.loads((ROOT/'tests'/'mutations.json').read_text(encoding='utf-8')).items():
        if module in {path.stem[3:] for path in LESSONS}: assert f"Of {found['drawn']} small faults planted" in page.get_text() and f"{found['noticed']} ({found['noticed'] / found['drawn']:.0%})" in page.get_text()
    assert not links and totals[0] > 10 and '{} proofs with {} checks'.format(*totals) in page.get_text()
    entry = document(site, 'api/losses.html').find(id='course_lib.losses.cross_entropy').parent
    assert any('proof-' in a['href'] and 'equals PyTorch' in a.get_text() for a in entry.select('.where a'))


def test_cards_hold_their_questions(site):
    "Question, hint, answer, witness and every wrong answer's reason, all of them folded but the question, without any script."
    for path in LESSONS:
        doc = document(site, f'questionnaire/{path.stem}.html')
        squeeze = lambda text: ''.join(c for c in text if c.isalnum())
        for q in read_questions(ROOT/'questionnaire'/path.name):
            card = doc.find('section', id=f'q-{q.id}')
            assert [d['class'][0] for d in card.find_all('details')] == ['hint', 'answer', 'check'] and not card.select('details[open]')
            answer = squeeze(card.select_one('details.answer').get_text())
            assert squeeze(q.hint.replace('$', ''))[:40] in squeeze(card.select_one('details.hint').get_text())
            for part in (re.sub(r'^#\|.*\n', '', q.answer, flags=re.M), q.witness, q.check): assert squeeze(part) in answer, (q.id, part)
            for why in q.whys: assert squeeze(why.replace('`', '')) in answer, (q.id, why)
            outside = squeeze(''.join(t for t in card.find_all(string=True) if not t.find_parent('details')))
            assert not q.prose or squeeze(q.prose)[:60] not in outside


def test_figures_say_what_they_show(site):
    "Each figure of a page carries the text of its cell."
    texts = [directives(c.source)['fig-alt'] for path in LESSONS for c in nbformat.read(path, 4).cells
             if c.cell_type == 'code' and 'fig-alt' in directives(c.source)]
    shown = [img.get('alt', '') for path in LESSONS for img in
             document(site, f'nbs/{path.stem}.html').select('.cell_output img')]
    assert shown == texts and texts
    for name, doc in documents(site).items():
        for img in doc.select('.bd-article img'): assert len(img.get('alt', '').split()) >= 6, (name, img)


def test_glossary_and_names(site):
    "The words that every lesson uses are there with a link to their lesson; every name of ours and of PyTorch exists."
    glossary = document(site, 'glossary.html')
    terms = [dt.get_text().strip('#\n ') for dt in glossary.select('article dt')]
    assert {'parameters', 'activations', 'layer', 'loss', 'metric', 'gradient', 'batch', 'epoch', 'cross-entropy', 'softmax'} <= set(terms)
    assert len(set(terms)) == len(terms), 'a term is set in bold twice: bold is for the place that explains it'
    assert all(dd.select_one('.where a') for dd in glossary.select('article dd'))
    assert 'cross_entropy' in (site/'names.html').read_text(encoding='utf-8')
    rows = [row.get_text() for row in document(site, 'names.html').select('#lines-that-you-may-bring tbody tr')]
    assert len(rows) == len(CALLS) and all(call.line.splitlines()[0] in row for call, row in zip(CALLS, rows))


# What a reader does

def mark(page, id, known):
    page.click(f'#q-{id} .marks .{"yes" if known else "no"}')


def test_cards_reveal(student):
    student.goto(FIRST)
    card = student.locator(f'#q-{IDS[LESSONS[0].stem][0]}')
    for kind in ('hint', 'answer'):
        body = card.locator(f'details.{kind} > :not(summary)').first
        assert not body.is_visible()
        card.locator(f'details.{kind} > summary').click()
        assert body.is_visible()


def test_proofs_open(student):
    "By keyboard, by a link to them, and on paper; on paper so do hints and answers."
    path = LESSONS[0]
    first, last = proofs_of(path)[0].id, proofs_of(path)[-1].id
    code = lambda id: student.locator(f'details.proof:has(#proof-{id}) .cell').first
    student.goto(f'nbs/{path.stem}.html')
    assert not code(first).is_visible()
    student.locator(f'details.proof:has(#proof-{first}) > summary').focus()
    student.keyboard.press('Enter')
    assert code(first).is_visible() and not code(last).is_visible()
    student.goto('proved.html')
    student.click(f'a[href$="#proof-{last}"]')
    code(last).wait_for(state='visible')
    student.goto(f'nbs/{path.stem}.html')
    student.emulate_media(media='print')
    assert code(first).bounding_box()['height'] > 10
    student.goto(FIRST)
    assert student.locator('details.answer .cell').first.bounding_box()['height'] > 10


def test_marks_progress_and_reload(student):
    "Marks add up by lesson and overall, and are still there after a reload and on another page."
    one, two = IDS[LESSONS[0].stem], IDS[LESSONS[1].stem]
    student.goto(FIRST)
    for id in one[:3]: mark(student, id, True)
    mark(student, one[3], False)
    mark(student, one[2], False)                                         # changed my mind
    wanted = f'2 of {len(one)} known, 2 not yet'
    assert student.inner_text('.progress-of') == wanted
    student.reload()
    assert student.inner_text('.progress-of') == wanted
    assert student.get_attribute(f'#q-{one[0]} .yes', 'aria-pressed') == 'true'
    assert student.get_attribute(f'#q-{one[3]} .no', 'aria-pressed') == 'true'
    assert student.get_attribute(f'#q-{one[4]} .no', 'aria-pressed') == 'false'
    mark(student, one[5], False); mark(student, one[5], False)           # the same button again takes a mark away
    assert student.inner_text('.progress-of') == wanted
    student.goto(SECOND)
    mark(student, two[0], True)
    student.goto('practice.html')
    shown = student.locator('.progress-of').all_inner_texts()
    everything = sum(map(len, IDS.values()))
    assert shown[:3] == [f'3 of {everything} known, 2 not yet', wanted, f'1 of {len(two)} known, 0 not yet']
    values = student.locator('.progress-of progress').evaluate_all('all => all.map(p => [p.value, p.max])')
    assert values[0] == [3, everything] and [sum(v[i] for v in values[1:]) for i in (0, 1)] == values[0]


def test_export_import_reset(student, tmp_path):
    one = IDS[LESSONS[0].stem]
    student.goto(FIRST)
    mark(student, one[0], True); mark(student, one[1], False)
    student.goto('practice.html')
    with student.expect_download() as download: student.click('text=Export marks')
    download.value.save_as(tmp_path/'marks.json')
    assert json.loads((tmp_path/'marks.json').read_text())['marks'].keys() == {one[0], one[1]}
    student.once('dialog', lambda d: d.dismiss()); student.click('text=Forget all')
    assert student.locator('.progress-of').first.inner_text().startswith('1 of')          # not without a yes
    student.once('dialog', lambda d: d.accept()); student.click('text=Forget all')
    assert student.locator('.progress-of').first.inner_text().startswith('0 of') and student.inner_text('#start-review') == 'Nothing to review now'
    for bad in ('not json', '{"course": "another", "marks": {}}', '[]', '{"course": "deep-learning-checked", "marks": null}'):
        (tmp_path/'bad.json').write_text(bad)
        student.set_input_files('input[type=file]', tmp_path/'bad.json')
        student.wait_for_selector('#said:has-text("was not read")')
        assert student.locator('.progress-of').first.inner_text().startswith('0 of')
        student.evaluate('document.getElementById("said").textContent = ""')
    student.set_input_files('input[type=file]', tmp_path/'marks.json')
    student.wait_for_selector('#said:has-text("2 marks read")')
    assert student.inner_text('#start-review') == 'Review 1 card'
    student.click('#undo')
    assert student.locator('.progress-of').first.inner_text().startswith('0 of')
    student.set_input_files('input[type=file]', tmp_path/'marks.json')
    student.wait_for_selector('#said:has-text("2 marks read")')
    student.evaluate(f'localStorage.setItem("deep-learning-checked.mark.{one[0]}", "damaged")')    # a damaged mark stops nothing
    student.reload()
    assert student.locator('.progress-of').first.inner_text().startswith('0 of') and student.inner_text('#start-review') == 'Review 1 card'


def test_import_loses_nothing(student, tmp_path):
    "Of two marks the later one stays; marks of questions that are not here are kept; what was left is told, and can be undone."
    one = IDS[LESSONS[0].stem]
    student.clock.set_fixed_time(NOON)
    student.goto(FIRST)
    mark(student, one[0], False); mark(student, one[1], False)
    at = NOON * 1000
    good = lambda at, known: dict(known=known, box=int(known), due=at + known * DAY * 1000, at=at)
    marks = {one[0]: good(at - 1000, True), one[1]: good(at + 1000, True), one[2]: good(at, True), '99-01': good(at, True),
             one[3]: dict(good(at, True), due=1e300), one[4]: dict(good(at, True), extra='x' * 10_000), 'x': good(at, True), one[5]: None}
    (tmp_path/'marks.json').write_text(json.dumps(dict(course='deep-learning-checked', marks=marks)))
    student.goto('practice.html')
    student.set_input_files('input[type=file]', tmp_path/'marks.json')
    student.wait_for_selector('#said:has-text("4 marks read")')
    said = student.inner_text('#said')
    for part in ('1 left, since yours are as new or newer', '3 left, since they are no marks', '1 are of questions that are not here'): assert part in said, said
    kept = student.evaluate('Object.fromEntries(Object.entries(localStorage).filter(([k]) => k.includes(".mark.")).map(([k, v]) => [k.slice(-5), JSON.parse(v)]))')
    assert {id: m['known'] for id, m in kept.items()} == {one[0]: False, one[1]: True, one[2]: True, one[4]: True, '99-01': True} and 'extra' not in kept[one[4]]
    student.goto(FIRST)
    mark(student, one[6], True)                                           # a press deletes nothing of what is not here
    assert student.evaluate('localStorage.getItem("deep-learning-checked.mark.99-01")')
    (tmp_path/'large.json').write_text(' ' * 2_000_000)
    student.goto('practice.html')
    student.set_input_files('input[type=file]', tmp_path/'large.json')
    student.wait_for_selector('#said:has-text("it is too large")')


def test_damaged_marks(student, tmp_path):
    "300 files of marks, damaged: each is read or refused with a word; what is kept is a mark, and the marks that were there stay."
    rng, one = random.Random(0), IDS[LESSONS[0].stem]
    marks = {id: dict(known=i % 2 == 0, box=i % 2, due=NOON * 1000 + i, at=NOON * 1000 + i) for i, id in enumerate([*one, '99-01'])}
    whole = json.dumps(dict(course='deep-learning-checked', marks=marks)).encode()
    student.goto(FIRST)
    mark(student, one[0], True)
    student.goto('practice.html')
    kept = lambda: student.evaluate('Object.entries(localStorage).filter(([k]) => k.includes(".mark.")).map(([k, v]) => [k, JSON.parse(v)])')
    for i in range(300):
        (tmp_path/'marks.json').write_bytes(damaged(whole, rng))
        student.evaluate('document.getElementById("said").textContent = ""')
        student.set_input_files('input[type=file]', tmp_path/'marks.json')
        student.wait_for_function('document.getElementById("said").textContent')
        said = student.inner_text('#said')
        assert re.search(r'was not read|\d+ marks? read', said), said
    assert all(re.fullmatch(r'deep-learning-checked\.mark\.\d\d-\d\d', key) and isinstance(m['known'], bool) and m['box'] in range(8) and m['due'] < 1e14 and m['at'] < 1e14
               for key, m in kept()), kept()
    assert f'deep-learning-checked.mark.{one[0]}' in dict(kept())


def test_two_tabs_lose_nothing(student):
    one = IDS[LESSONS[0].stem]
    student.goto(FIRST)
    other = student.context.new_page()
    other.goto(student.url)
    press = 'ids => ids.forEach(id => document.querySelector(`#q-${id} .yes`).click())'
    student.evaluate(press, one[:5]); other.evaluate(press, one[5:9]); student.evaluate(press, one[9:12])
    student.wait_for_function(f'() => document.querySelector(".progress-of span").textContent.startsWith("12 of {len(one)} known")')
    other.close()


@pytest.mark.parametrize('state', ['blocked', 'full'])
def test_without_storage(browser, address, tmp_path, state):
    "Site data blocked in a real profile, or no room left: search, cards, colors and import work while the page is open; what does not says why."
    one = IDS[LESSONS[0].stem]
    if state == 'blocked':
        (tmp_path/'profile'/'Default').mkdir(parents=True)
        (tmp_path/'profile'/'Default'/'Preferences').write_text(json.dumps(dict(profile=dict(default_content_setting_values=dict(cookies=2)))))
        found = next(filter(None, map(shutil.which, BROWSERS)), None)
        context = browser.browser_type.launch_persistent_context(tmp_path/'profile', executable_path=found, args=QUIET, base_url=address)
    else:
        context = browser.new_context(base_url=address)
        context.add_init_script("try { for (let n = 1 << 22; n >= 1; n >>= 1) { try { for (;;) localStorage.setItem('fill' + n + Math.random(), 'x'.repeat(n)) } catch {} } } catch {}")
    page, wrong = context.new_page(), []
    page.on('pageerror', lambda e: wrong.append(f'{page.url}: {e}'))
    try:
        page.goto(FIRST)
        assert page.evaluate('window.courseForgets') is True and 'keep nothing' in page.inner_text('.forgets')
        mark(page, one[0], True); mark(page, one[1], False)
        assert page.inner_text('.progress-of') == f'1 of {len(one)} known, 1 not yet'
        page.locator('.theme-switch-button:visible').first.click()
        page.locator('.theme-change-button[data-mode=dark]:visible').first.click()
        assert page.get_attribute('html', 'data-theme') == 'dark'
        page.goto('index.html')
        page.click('#mode')
        assert page.get_attribute('html', 'data-theme') == 'dark'
        page.goto('practice.html')
        marks = {one[2]: dict(known=False, box=0, due=NOON, at=NOON)}
        (tmp_path/'marks.json').write_text(json.dumps(dict(course='deep-learning-checked', marks=marks)))
        page.set_input_files('input[type=file]', tmp_path/'marks.json')
        page.wait_for_selector('#said:has-text("1 marks read")')
        page.click('#start-review')
        assert 'keep nothing on the way' in page.inner_text('#said')
        page.goto('search.html?q=softmax')
        page.wait_for_selector('#search-results li')
        assert wrong == []
    finally: context.close()


def asked(page):
    "The id of the only card that the review shows."
    shown = page.locator('section.question:visible')
    assert shown.count() == 1 and not shown.locator('details[open]').count()
    return shown.get_attribute('id')[2:]


def test_review_asks_what_it_should(student):
    "Not-yet cards of all lessons, one by one; a miss comes back after three others; a known card after its days, ever more of them."
    one, two = IDS[LESSONS[0].stem], IDS[LESSONS[1].stem]
    student.clock.set_fixed_time(NOON)
    student.goto(FIRST)
    mark(student, one[0], True)
    for id in (one[2], one[5], one[6]): mark(student, id, False)
    student.goto(SECOND)
    mark(student, two[1], False); mark(student, two[2], True)
    student.goto('practice.html')
    assert student.inner_text('#start-review') == 'Review 4 cards'        # not what is known, not what was never marked
    student.click('#start-review')
    student.wait_for_selector('.review-bar')
    assert student.locator('.marks button[aria-pressed=true]:visible').count() == 0       # no verdict of before is shown
    order = []
    for known in (False, True, True, True, True):
        order.append(asked(student))
        mark(student, order[-1], known)
        student.wait_for_function('id => location.href.includes("practice") || (document.querySelector(".asked")?.id ?? id) !== id', arg=f'q-{order[-1]}')
    assert order[0] == order[4] == one[2] and sorted(order[:4]) == sorted([one[2], one[5], one[6], two[1]])
    student.wait_for_selector('#said:has-text("Review finished")')
    assert student.inner_text('#start-review') == 'Nothing to review now'
    due = {}
    for days in (0.9, 1.1, 3.9):                                          # known once: asked after a day
        student.clock.set_fixed_time(NOON + days * DAY)
        student.reload()
        due[days] = student.inner_text('#start-review')
    assert due == {0.9: 'Nothing to review now', 1.1: 'Review 6 cards', 3.9: 'Review 6 cards'}
    student.clock.set_fixed_time(NOON + 1.1 * DAY)
    student.goto(FIRST)
    mark(student, one[0], True)                                           # known again: after three days more
    for days, n in ((1.2, 5), (4, 5), (4.2, 6)):
        student.clock.set_fixed_time(NOON + days * DAY)
        student.goto('practice.html')
        assert student.inner_text('#start-review') == f'Review {n} cards', days


def test_keyboard_alone(student):
    "Without a mouse: reach a card, open hint and answer, mark it, move on; then a whole review."
    one = IDS[LESSONS[0].stem]
    focused = lambda: student.evaluate('document.activeElement.closest("section.question")?.id')
    student.goto(FIRST)
    for _ in range(80):
        student.keyboard.press('Tab')
        if student.evaluate('document.activeElement.textContent') == 'To the first card': break
    student.keyboard.press('Enter')
    assert focused() == f'q-{one[0]}'
    student.keyboard.press('h'); student.keyboard.press('a')
    assert student.locator(f'#q-{one[0]} details[open]').count() == 2
    student.keyboard.press('y'); student.keyboard.press('j'); student.keyboard.press('n')
    assert focused() == f'q-{one[1]}' and student.inner_text('.progress-of') == f'1 of {len(one)} known, 1 not yet'
    student.keyboard.press('k'); assert focused() == f'q-{one[0]}'
    student.evaluate('''document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', repeat: true, bubbles: true}))''')
    assert student.inner_text('.progress-of') == f'1 of {len(one)} known, 1 not yet'      # a key held down counts once
    student.keyboard.press('Tab'); student.keyboard.press('Enter')        # the hint by Tab and Enter
    assert student.locator(f'#q-{one[0]} details.hint[open]').count() == 0
    student.goto('practice.html')
    for _ in range(80):
        student.keyboard.press('Tab')
        if student.evaluate('document.activeElement.id') == 'start-review': break
    student.keyboard.press('Enter')
    student.wait_for_selector('.review-bar')
    assert focused() == f'q-{one[1]}'
    student.keyboard.press('a'); student.keyboard.press('y')
    student.wait_for_selector('#said:has-text("Review finished")')


@pytest.mark.parametrize('start', ['index.html', f'nbs/{LESSONS[0].stem}.html'])
def test_search(student, start):
    "Search finds log-sum-exp in the lesson that builds it, from the start page and from a lesson."
    student.goto(start)
    if start == 'index.html': student.fill('input[type=search]', 'log-sum-exp')
    else: student.keyboard.press('Control+k'); student.keyboard.type('log-sum-exp')
    student.keyboard.press('Enter')
    student.wait_for_selector('#search-results li a:has-text("Losses")')
    hrefs = student.locator('#search-results li a').evaluate_all('all => all.map(a => a.href)')
    assert any('nbs/02_losses.html' in href for href in hrefs)


def test_dark_mode_is_one(student):
    "The mode chosen on the start page is that of the lessons."
    student.goto('index.html')
    student.click('#mode')
    assert student.get_attribute('html', 'data-theme') == 'dark'
    student.goto(f'nbs/{LESSONS[0].stem}.html')
    assert student.get_attribute('html', 'data-theme') == 'dark'


# How the pages look, all of them

# Of thousands of words of code with the same classes, in elements with the same classes, the longest is enough for axe-core,
# which does not judge the contrast of a single letter.
ONE_OF_A_KIND = """() => {
    const kind = e => e && e !== document.body ? `${e.tagName} ${e.className} ${e.getAttribute('style')} ${kind(e.parentElement)}` : '';
    const words = [...document.querySelectorAll('pre span:not(:has(span))')].sort((a, b) => b.textContent.length - a.textContent.length);
    const seen = new Set(), doubles = words.map(e => [e, kind(e)]).filter(([e, k]) => seen.size === seen.add(k).size);
    for (const [e, _] of doubles) e.replaceWith(e.textContent);
}"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_accessible(site, browser, address, scheme):
    "axe-core finds nothing serious on any page, in the dark nothing about colors (the rest is the same page); nothing went wrong on the way."
    from axe_playwright_python.sync_playwright import Axe
    axe, bad, went_wrong = Axe(), [], []
    rules = {'resultTypes': ['violations']} | ({} if scheme == 'light' else {'runOnly': ['color-contrast', 'link-in-text-block']})
    with reader(browser, color_scheme=scheme, reduced_motion='reduce', base_url=address) as (page, wrong):
        for name in names(site):
            page.goto(name)
            page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
            page.evaluate(ONE_OF_A_KIND)
            assert page.get_attribute('html', 'data-theme') == scheme
            went_wrong += wrong
            found = axe.run(page, options=rules).response['violations']
            wrong.clear()                                                 # axe itself asks for style sheets by wrong addresses
            bad += [f"{name}: {v['id']} {n['target']} {n.get('failureSummary', '')[:200]}" for v in found if v['impact'] in ('serious', 'critical') for n in v['nodes'][:3]]
    assert bad == [] and went_wrong == []


def test_no_sideways_scrolling(site, browser, address):
    "At 360 pixels no page is wider than the window; at 1,440 no line of code of a lesson or a questionnaire is cut."
    with reader(browser, width=360, height=760, base_url=address) as (page, wrong):
        wide = []
        for name in names(site):
            page.goto(name)
            page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
            if page.evaluate('document.documentElement.scrollWidth') > 360: wide.append(name)
        assert wide == [] and wrong == []
    with reader(browser, width=1440, height=900, base_url=address) as (page, _):
        for path in LESSONS:
            for name in (f'nbs/{path.stem}.html', f'questionnaire/{path.stem}.html'):
                page.goto(name)
                page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
                cut = page.evaluate('[...document.querySelectorAll(".cell_input pre")].filter(e => e.scrollWidth > e.clientWidth && Math.max(...e.textContent.split("\\n").map(l => l.length)) <= 88).map(e => e.textContent)')
                assert cut == [], name


def test_measure(site, browser, address):
    "Prose stands in lines of 60 to 80 characters where the window has the room."
    count = '''() => [...document.querySelectorAll('article p')].filter(p => p.textContent.length > 280).map(p => {
        const lines = Math.round(p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight))
        return p.textContent.length / (lines - 0.5) })'''
    with reader(browser, width=1440, height=900, base_url=address) as (page, _):
        for path in LESSONS:
            page.goto(f'nbs/{path.stem}.html')
            widths = sorted(page.evaluate(count))
            assert len(widths) > 3 and 60 <= widths[len(widths) // 2] <= 80, widths


def test_weight_and_first_paint(site, browser, address):
    "Start page at most 300 kB, a lesson at most 1.5 MB, all files counted as they lie on the disk; read without scripts."
    weights = {}
    for name in ['index.html', *(f'{folder}/{path.stem}.html' for path in LESSONS for folder in ('nbs', 'questionnaire'))]:
        with reader(browser, base_url=address) as (page, wrong):
            sizes = []
            page.on('response', lambda r: sizes.append(len(r.body())) if r.status == 200 else wrong.append(f'{r.status} {r.url}'))
            page.goto(name); page.wait_for_load_state('networkidle')
            weights[name] = sum(sizes)
            assert wrong == []
    assert weights['index.html'] <= 300_000 and max(weights.values()) <= 1_500_000, weights
    with reader(browser, java_script_enabled=False, base_url=address) as (page, _):
        for name in weights:
            page.goto(name)
            assert page.locator('main h1:visible').count() == 1 and page.locator('main p:visible').first.is_visible()
        page.goto(FIRST)                                                  # answers are folded, not lost
        page.locator('details.answer > summary').first.click()
        assert page.locator('details.answer').first.locator('.cell').first.is_visible()


# One source

def test_lessons_come_and_go(checkout, tmp_path):
    "A lesson added or removed changes the site, and nothing else is edited; a link to nowhere fails the build."
    from test_drop_in import LESSON, QUESTIONS, write
    number = f'{int(LESSONS[-1].stem[:2]) + 1:02}'
    names = dict(number=number, subject='doubling', name=f'{number}_doubling')
    write(checkout/'nbs'/f'{number}_doubling.ipynb', LESSON, **names)
    write(checkout/'questionnaire'/f'{number}_doubling.ipynb', QUESTIONS, **names)
    assert run('course_prepare', cwd=checkout).returncode == 0
    done = run('python', 'docs/build.py', tmp_path/'site', cwd=checkout)
    html, read = tmp_path/'site'/'html', lambda name: (tmp_path/'site'/'html'/name).read_text(encoding='utf-8')
    assert done.returncode == 0, done.stdout
    assert 'Twice a number, by hand' in read('index.html') and f'{number}_doubling' in read(f'nbs/{LESSONS[-1].stem}.html')
    assert f'"{number}-10"' in read('_static/questions.js') and 'a number added to itself' in read('glossary.html')
    assert 'course_lib.doubling.double' in read('api/doubling.html') and f'id="q-{number}-10"' in read(f'questionnaire/{number}_doubling.html')
    for path in (checkout/'nbs'/f'{number}_doubling.ipynb', checkout/'questionnaire'/f'{number}_doubling.ipynb', checkout/'course_lib'/'doubling.py'): path.unlink()
    nb = nbformat.read(checkout/'nbs'/LESSONS[0].name, 4)
    nb.cells[-2].source += '\n\n[there](nowhere.ipynb)'
    nbformat.write(nb, checkout/'nbs'/LESSONS[0].name)
    done = run('python', 'docs/build.py', tmp_path/'site', cwd=checkout)
    assert done.returncode != 0 and 'nowhere' in done.stdout, done.stdout
    assert [p for p in html.rglob('*') if 'doubling' in p.name] == [] and 'doubling' not in read('index.html') + read('_static/questions.js')


def test_buttons(site):
    "Run, download and source buttons of a notebook lead where settings.ini says."
    where = f"{SETTINGS['user']}/{SETTINGS['repo']}"
    for path in LESSONS:
        for folder in ('nbs', 'questionnaire'):
            doc = document(site, f'{folder}/{path.stem}.html')
            links = [a['href'] for a in doc.select('.article-header-buttons a')]
            assert f"https://colab.research.google.com/github/{where}/blob/{SETTINGS['branch']}/{folder}/{path.name}" in links
            assert f'https://codespaces.new/{where}' in links and f'../{folder}/{path.name}' in links
            assert f"https://github.com/{where}/blob/{SETTINGS['branch']}/{folder}/{path.name}" in links


def test_on_paper_and_without_scripts(browser, address):
    "Dark mode prints light; without scripts the page has its light colors whatever the system prefers, and code can be read."
    with reader(browser, color_scheme='dark', base_url=address) as (page, _):
        page.goto(FIRST)
        assert page.get_attribute('html', 'data-theme') == 'dark'
        page.evaluate('dispatchEvent(new Event("beforeprint"))')
        assert page.get_attribute('html', 'data-theme') == 'light'
        page.evaluate('dispatchEvent(new Event("afterprint"))')
        assert page.get_attribute('html', 'data-theme') == 'dark'
    light = lambda color: sum(map(float, re.findall(r'[\d.]+', color)[:3])) > 600
    with reader(browser, color_scheme='dark', java_script_enabled=False, base_url=address) as (page, _):
        page.goto(f'nbs/{LESSONS[0].stem}.html')
        assert page.get_attribute('html', 'data-theme') == 'light'
        for place in ('body', '.cell_input'):
            assert light(page.locator(place).first.evaluate('e => getComputedStyle(e).backgroundColor')), place


def test_groups_of_questions(checkout, tmp_path):
    "A heading between questions stands between cards, not in the one before."
    path = checkout/'questionnaire'/LESSONS[0].name
    nb = nbformat.read(path, 4)
    second = [i for i, c in enumerate(nb.cells) if c.source.startswith('### ')][1]
    nb.cells.insert(second, nbformat.v4.new_markdown_cell('## A new group', id='group'))
    nbformat.write(nb, path)
    done = run('python', '-c', 'import sys; sys.path.insert(0, "docs"); from pathlib import Path; from pages import *; root = Path("."); '
               f'print([c.source for c in questions_page(read_page(root/"nbs"/"{path.name}", root), root).cells if c.source.startswith("## ")][:3])', cwd=checkout)
    assert "'## A new group'" in done.stdout and '### A new group' not in done.stdout, done.stdout


def test_tables_of_numbers(site):
    "A gap in a table is shown as a gap; no page says NaN in a table's cell."
    tables = [table for path in LESSONS for table in document(site, f'nbs/{path.stem}.html').select('table.dataframe')]
    assert tables and sum(len(table.select('td.gap')) for table in tables) > 3
    assert not [td for table in tables for td in table.select('td') if td.get_text() == 'NaN']


def test_on_paper(browser, address, site):
    "Each lesson's title is printed, no line of code is cut at the edge, and proofs and answers are open."
    with reader(browser, base_url=address, width=794, height=1123) as (page, _):
        page.emulate_media(media='print')
        for path in LESSONS:
            for name in (f'nbs/{path.stem}.html', f'questionnaire/{path.stem}.html'):
                page.goto(name)
                assert page.locator('.bd-article h1').first.is_visible(), name
                cut = page.evaluate("[...document.querySelectorAll('.bd-article pre')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 60))")
                assert cut == [], name


def test_descriptions_and_404(site):
    "Each page says what it is about in a description of its own; an address that is not there leads back."
    said = {}
    for name, doc in documents(site).items():
        if name in ('search.html', 'genindex.html') or not doc.find('meta', attrs=dict(name='description')): continue
        said.setdefault(doc.find('meta', attrs=dict(name='description'))['content'], []).append(name)
    assert len(said) > 40 and [names for names in said.values() if len(names) > 1] == []
    page = document(site, '404.html')
    assert len(page.select('li a')) == len(LESSONS) and all((site/a['href'].removeprefix(f"/{SETTINGS['repo']}/")).exists() for a in page.select('a'))


def test_a_phones_drawer_closes(browser, address):
    "A link of the page's contents, tapped in the drawer, leads there and puts the drawer away."
    with reader(browser, width=390, base_url=address) as (page, _):
        page.goto(f'nbs/{LESSONS[0].stem}.html')
        page.locator('button.secondary-toggle:visible, button.pst-secondary-sidebar-toggle:visible, .sidebar-toggle.secondary-toggle:visible').first.click()
        drawer = page.locator('#pst-secondary-sidebar-modal')
        drawer.wait_for(state='visible')
        drawer.locator('a[href^="#"]').nth(2).click()
        drawer.wait_for(state='hidden')
        assert '#' in page.url


def test_what_was_found_is_open(student):
    "A word that stands only in a folded answer is shown when the search leads to it."
    path = LESSONS[1]
    student.goto(f'questionnaire/{path.stem}.html?highlight=underflows')
    student.wait_for_selector('.highlighted')
    assert student.locator('details[open] .highlighted').first.is_visible()
