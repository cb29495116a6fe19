"""get_data against a server on this machine: what goes wrong on the way must be told, and must leave nothing behind."""
import hashlib
import http.server
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile

import pytest
from conftest import FLAGS, ROOT

from course_lib.tools.datasets import DataError, DataSet, Variant, get_data

REAL = os.environ.get('COURSE_DATA', '')                           # the tests set another
CONTENT = bytes(range(256)) * 4000                                   # 1 MB


def md5(content): return 'md5:' + hashlib.md5(content).hexdigest()


def archive(kind, members)->bytes:
    "A zip or tar.gz with the given {name: content}."
    out = io.BytesIO()
    if kind == 'zip':
        with zipfile.ZipFile(out, 'w') as opened:
            for name, content in members.items(): opened.writestr(name, content)
    else:
        with tarfile.open(fileobj=out, mode='w:gz') as opened:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                opened.addfile(info, io.BytesIO(content))
    return out.getvalue()


FILES = {'good.bin': CONTENT, 'cut.bin': CONTENT, 'slow.bin': CONTENT,
         'good.zip': archive('zip', {'deep/a.bin': CONTENT, 'b.txt': b'b'}), 'good.tar.gz': archive('tar', {'deep/a.bin': CONTENT, 'b.txt': b'b'}),
         'bad.zip': archive('zip', {'b.txt': b'b', '../escaped.txt': b'x'}), 'bad.tar.gz': archive('tar', {'b.txt': b'b', '../escaped.txt': b'x'}),
         'other.zip': archive('zip', {'b.txt': b'something else'}), 'broken.zip': b'this is no archive',
         'short.tar.gz': archive('tar', {'b.txt': os.urandom(9000)})[:-4000]}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip('/')
        if name in ('endless.bin', 'drip.bin'): return self.go_on(name)
        if name not in FILES: return self.send_error(404)
        self.send_response(200)
        self.send_header('Content-Length', str(len(FILES[name])))
        self.end_headers()
        content = FILES[name][:len(CONTENT) // 2] if name == 'cut.bin' else FILES[name]
        step = 20_000 if name == 'slow.bin' else len(content)
        for i in range(0, len(content), step):
            try: self.wfile.write(content[i:i + step])
            except OSError: return
            if name == 'slow.bin': time.sleep(0.05)

    def go_on(self, name):
        "Send without an end: all at once, or a byte at a time."
        self.send_response(200)
        self.end_headers()
        for _ in range(2000):
            try: self.wfile.write(bytes(100_000 if name == 'endless.bin' else 1))
            except OSError: return
            if name == 'drip.bin': time.sleep(0.02)

    def log_message(self, *args): pass


@pytest.fixture(scope='module')
def server():
    "The address of the server."
    served = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{served.server_port}'
    served.shutdown()


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('COURSE_DATA', str(tmp_path/'data'))
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    return tmp_path/'data'


def registry(address, files, digest=None):
    "A registry with one data set, 'toy', of one download."
    name = address.rsplit('/', 1)[-1]
    downloads = {address: (digest or md5(FILES.get(name, b'')), 2 * len(CONTENT))}
    return {'toy': DataSet('toy', 'made up', 'none', (Variant('made', files, downloads),))}


def refused(server, name, says, files={'b.txt': md5(b'b')}, digest=None):
    "get_data fails with a message that holds each of `says`, and the usual advice; returns the message."
    with pytest.raises(DataError) as caught: get_data('toy', registry(f'{server}/{name}', files, digest))
    message = str(caught.value)
    for part in (*says, "data set 'toy' is not available", f'{server}/{name}', os.environ['COURSE_DATA'], 'COURSE_DATA'):
        assert part in message, message
    return message


def left(folder): return sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file()) if folder.exists() else []


def test_a_file(server, data_folder):
    toys = registry(f'{server}/good.bin', {'good.bin': md5(CONTENT)})
    assert get_data('toy', toys) == data_folder/'toy' and (data_folder/'toy'/'good.bin').read_bytes() == CONTENT
    gone = registry('http://127.0.0.1:9/good.bin', {'good.bin': md5(CONTENT)})
    assert get_data('toy', gone) == data_folder/'toy', 'what is there needs no network'
    assert left(data_folder) == ['toy/good.bin']


@pytest.mark.parametrize('name', ['good.zip', 'good.tar.gz'])
def test_an_archive(server, data_folder, name):
    get_data('toy', registry(f'{server}/{name}', {'deep/a.bin': md5(CONTENT), 'b.txt': md5(b'b')}))
    assert left(data_folder) == ['toy/b.txt', 'toy/deep/a.bin']


def test_a_folder_with_a_part_missing(server, data_folder):
    "One file of a subfolder was deleted: it is fetched again, and the folder is complete."
    toys = registry(f'{server}/good.zip', {'deep/a.bin': md5(CONTENT), 'b.txt': md5(b'b')})
    get_data('toy', toys)
    (data_folder/'toy'/'deep'/'a.bin').unlink()
    (data_folder/'toy'/'deep'/'mine.txt').write_text('a note')
    get_data('toy', toys)
    assert left(data_folder) == ['toy/b.txt', 'toy/deep/a.bin', 'toy/deep/mine.txt']
    assert os.name == 'nt' or (data_folder/'toy'/'b.txt').stat().st_mode & 0o777 == 0o644, 'others may read it'


@pytest.mark.parametrize('name, says, digest', [
    ('good.bin', ['hash'], md5(b'something else')),              # a digest that does not fit
    ('cut.bin', [], None),                                       # the server hangs up half-way
    ('absent.bin', ['404'], None),
    ('bad.zip', ["'../escaped.txt'", 'points outside'], None),
    ('bad.tar.gz', ["'../escaped.txt'", 'points outside'], None),
    ('other.zip', ['b.txt'], None),                              # the right archive's digest, the wrong member
    ('broken.zip', ['broken.zip is damaged'], None),
    ('short.tar.gz', ['damaged or cut'], None),
    ('endless.bin', ['more than 2,048,000 bytes come'], None),
    ('drip.bin', ['bytes a second come, expected 1,000'], None)])
def test_refused(server, data_folder, monkeypatch, name, says, digest):
    monkeypatch.setattr('course_lib.tools.datasets._PATIENCE', 0.5)
    refused(server, name, says, digest=digest)
    assert left(data_folder.parent) == [], 'nothing half-finished may stay'


def test_the_address_that_broke_is_named(server, data_folder):
    "Of three downloads the second fails: the message begins with its address, and lists all."
    addresses = [f'{server}/{name}' for name in ('good.bin', 'absent.bin', 'good.zip')]
    downloads = {address: (md5(FILES.get(address.rsplit('/', 1)[-1], b'')), 10**8) for address in addresses}
    with pytest.raises(DataError) as caught: get_data('toy', {'toy': DataSet('toy', 'made up', 'none', (Variant('made', {'b.txt': md5(b'b')}, downloads),))})
    first, *rest = str(caught.value).splitlines()
    assert f'not available: {addresses[1]}: HTTPError: 404' in first and [line.strip() for line in rest[:3]] == [f'address: {a}' for a in addresses]


def test_no_network(data_folder):
    refused('http://127.0.0.1:9', 'good.bin', ['ConnectionError', 'With a network'])
    assert left(data_folder) == []


def test_a_folder_that_cannot_be_written(server, tmp_path, monkeypatch):
    (tmp_path/'file').write_text('not a folder')
    monkeypatch.setenv('COURSE_DATA', str(tmp_path/'file'))
    refused(server, 'good.zip', ['Error'])
    assert (tmp_path/'file').read_text() == 'not a folder'


FETCH = '''
import sys
sys.path.insert(0, {root!r}); sys.path.insert(0, {tests!r})
from test_downloads import registry, md5, CONTENT
from course_lib.tools.datasets import get_data
{before}
print(get_data('toy', registry({address!r}, {{'slow.bin': md5(CONTENT)}})))
'''


def fetcher(server, before=''):
    "A process of its own that fetches slow.bin."
    code = FETCH.format(root=str(ROOT), tests=str(ROOT/'tests'), address=f'{server}/slow.bin', before=before)
    return subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.skipif(os.name == 'nt', reason='resource limits are POSIX')
def test_full_disk(server, data_folder):
    "A write that the system refuses, as a full disk does."
    told = fetcher(server, 'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))')
    out, _ = told.communicate(timeout=60)
    assert told.returncode == 1 and "data set 'toy' is not available" in out and 'room on the disk' in out, out
    assert left(data_folder) == []


def test_killed_half_way(server, data_folder):
    "A kill leaves nothing that is later taken for the data; the next call fetches it."
    process = fetcher(server)
    for _ in range(1200):
        if data_folder.exists() and any(p.stat().st_size for p in data_folder.rglob('*') if p.is_file()): break
        time.sleep(0.05)
    else: pytest.fail('the download did not begin')
    process.send_signal(signal.SIGKILL if os.name != 'nt' else signal.SIGTERM)
    process.communicate()
    assert not (data_folder/'toy').exists()
    rest, = data_folder.glob('.toy-*')
    os.utime(rest, (0, 0))                                           # as if it had lain there since 1970
    toys = registry(f'{server}/slow.bin', {'slow.bin': md5(CONTENT)})
    assert (get_data('toy', toys)/'slow.bin').read_bytes() == CONTENT
    assert left(data_folder) == ['toy/slow.bin'], 'what the kill left behind is cleared away'


def test_two_at_once(server, data_folder):
    both = [fetcher(server), fetcher(server)]
    outs = [p.communicate(timeout=60)[0] for p in both]
    assert [p.returncode for p in both] == [0, 0], outs
    assert left(data_folder) == ['toy/slow.bin'] and (data_folder/'toy'/'slow.bin').read_bytes() == CONTENT


def test_damaged_file_is_left_alone(server, data_folder):
    "A file that is not ours is not overwritten; moving it away is enough."
    (data_folder/'toy').mkdir(parents=True)
    (data_folder/'toy'/'b.txt').write_bytes(b'half of i')
    refused(server, 'good.zip', ['damaged, or another version', 'move them away'])
    assert (data_folder/'toy'/'b.txt').read_bytes() == b'half of i'
    (data_folder/'toy'/'b.txt').unlink()
    get_data('toy', registry(f'{server}/good.zip', {'b.txt': md5(b'b')}))
    assert (data_folder/'toy'/'b.txt').read_bytes() == b'b'


def test_what_is_not_ours_stays(server, data_folder):
    "A hidden folder of the user's beside the data, however old; a file of the user's where a member of the archive would go."
    notes = data_folder/'.toy-notes'
    notes.mkdir(parents=True)
    (notes/'mine.txt').write_text('a note')
    os.utime(notes, (0, 0))
    (data_folder/'toy'/'deep').mkdir(parents=True)
    (data_folder/'toy'/'deep'/'a.bin').write_text('mine')
    message = refused(server, 'good.zip', ['in the way, and left as they are'])
    assert str(data_folder/'toy'/'deep'/'a.bin') in message
    assert left(data_folder) == ['.toy-notes/mine.txt', 'toy/deep/a.bin'] and (data_folder/'toy'/'deep'/'a.bin').read_text() == 'mine'


@pytest.mark.skipif(not FLAGS, reason='needs VOC 2007')
def test_photos_in_workers(monkeypatch):
    "Each of two worker processes reads the photos that this one reads, pixel for pixel."
    import torch
    from course_lib.data import DataLoader, Dataset, Mapped, Pipeline
    from course_lib.tools.datasets import voc2007
    from course_lib.tools.images import Resize, to_tensor
    monkeypatch.setenv('COURSE_DATA', REAL)
    table, photo = voc2007()
    photos = Dataset(Mapped(list(table.fname[:300]), Pipeline([photo, Resize(64), to_tensor])))
    for (mine,), (theirs,) in zip(DataLoader(photos, 20, num_workers=2), DataLoader(photos, 20), strict=True): assert torch.equal(mine, theirs)


def test_a_second_variant_is_accepted(data_folder):
    "Any variant that is complete will do, and nothing is fetched."
    variants = (Variant('archive', {'x.bin': md5(b'x')}, {'http://127.0.0.1:9/x.bin': md5(b'x')}), Variant('prepared', {'y.bin': md5(b'y')}))
    (data_folder/'toy').mkdir(parents=True)
    (data_folder/'toy'/'y.bin').write_bytes(b'y')
    from course_lib.tools.datasets import find_data
    toys = {'toy': DataSet('toy', 'made up', 'none', variants)}
    assert find_data('toy', toys) == (data_folder/'toy', 'prepared') and get_data('toy', toys) == data_folder/'toy'
