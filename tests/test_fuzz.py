"""Damaged files by the thousand, seeds fixed: each is read rightly, or refused with an error of ours that names it."""
import bz2
import gzip
import io
import json
import lzma
import os
import random
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from PIL import Image

MB = 2**20
MOST_SECONDS, MOST_MEMORY = 2, 300 * MB                 # for one case; above the start, for all


def damaged(content:bytes, rng)->bytes:
    "One of the things that befall a file: bits turned, the end cut off, a piece lost, doubled, or written over."
    content, at, to = bytearray(content), *sorted(rng.randrange(len(content) + 1) for _ in range(2))
    kind = rng.randrange(5)
    if kind == 0:
        for _ in range(rng.choice([1, 1, 1, 8])): content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == 1: del content[at:]
    elif kind == 2: del content[at:to]
    elif kind == 3: content[at:at] = content[at:to]
    else: content[at:to] = rng.randbytes(to - at) if rng.random() < 0.5 else bytes(to - at)
    return bytes(content)


MEMBERS = {'a.txt': b'some words ' * 40, 'deep/b.bin': bytes(range(256)) * 3, 'deep/c.txt': b''}
PACKED = {'.tar': bytes, '.tar.gz': gzip.compress, '.tar.xz': lzma.compress, '.tar.bz2': bz2.compress}


def tar_of(members, kind=tarfile.REGTYPE)->bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as opened:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, '../../outside' if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ''
            opened.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(members)->bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            if name not in opened.namelist(): opened.writestr(name, content)
    return out.getvalue()


def archives(rng):
    "(suffix, content, whether it is whole, what must not be taken) without an end."
    kinds = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
    while True:
        suffix = rng.choice(['.zip', *PACKED])
        pack = lambda members: zip_of(members) if suffix == '.zip' else PACKED[suffix](tar_of(members))
        what = rng.random()
        if what < 0.02: yield suffix, pack(MEMBERS.items()), True
        elif what < 0.06: yield suffix, pack([*MEMBERS.items(), (rng.choice(['../out', '/out', 'deep/../../out', 'C:/out', '..\\out']), b'x')]), False
        elif what < 0.09 and suffix != '.zip': yield suffix, PACKED[suffix](tar_of(MEMBERS.items(), rng.choice(kinds))), False
        elif what < 0.12 and suffix != '.zip': yield suffix, pack([*MEMBERS.items(), ('A.TXT' if rng.random() < 0.5 else 'a.txt', b'another')]), False
        elif what < 0.14: yield suffix, pack([*MEMBERS.items(), ('large', bytes(3 * MB))]), False
        else: yield suffix, damaged(pack(MEMBERS.items()), rng), None


def try_archives(folder:Path, n:int, rng):
    "Unpacked as it was, or refused by name; a plain tar has no checksum of its contents (its digest stands in the registry)."
    from course_lib.tools.datasets import DataError, unpack
    for i, (suffix, content, whole) in zip(range(n), archives(rng)):
        path, into = folder/f'{i}{suffix}', folder/f'into-{i}'/'inside'
        path.write_bytes(content)
        into.mkdir(parents=True)
        try: unpack(path, into, most=MB)
        except DataError as e: assert not whole and path.name in str(e), e
        else:
            found = {p.relative_to(into).as_posix(): p.read_bytes() for p in into.rglob('*') if p.is_file()}
            assert whole is not False
            if suffix != '.tar': assert found == MEMBERS, (path, found.keys())
        assert [p.name for p in into.parent.iterdir()] == ['inside'] and not any(p.is_symlink() for p in into.rglob('*'))
        path.unlink()
        yield


FORMATS = 'BMP', 'GIF', 'JPEG', 'PNG', 'TIFF', 'WEBP', 'PPM', 'TGA', 'PCX', 'SGI', 'ICO', 'DDS', 'IM', 'MSP', 'XBM', 'JPEG2000', 'EPS'
OURS = FORMATS[:6]


def pictures(rng):
    "Whole pictures in 17 formats, in several modes."
    for format in FORMATS:
        for mode in ('1',) if format in ('MSP', 'XBM') else ('RGB', 'L', 'P', 'RGBA', 'CMYK', 'I;16'):
            out = io.BytesIO()
            image = Image.frombytes('RGB', (24, 20), rng.randbytes(24 * 20 * 3)).convert('I' if mode == 'I;16' else mode)
            try: (image.convert('I;16') if mode == 'I;16' else image).save(out, format)
            except (OSError, ValueError, KeyError): continue                     # not every format has every mode
            yield format, out.getvalue()


def try_pictures(folder:Path, n:int, rng):
    "An RGB picture of at most the pixels allowed, or refused by name; a format that is not ours is always refused."
    from course_lib.tools.images import open_image
    whole = list(pictures(rng))
    assert len({format for format, _ in whole}) >= 15
    for i in range(n):
        format, content = whole[i % len(whole)]
        path = folder/f'{i}.png'
        path.write_bytes(damaged(content, rng))
        try: image = open_image(path, max_pixels=100_000)
        except ValueError as e: assert str(path) in str(e), e
        else: assert format in OURS and image.mode == 'RGB' and 0 < image.width * image.height <= 100_000, (path, format)
        path.unlink()
        yield


def try_idx(folder:Path, n:int, rng):
    "Bytes of the shape in the header, or refused by name."
    from course_lib.tools.datasets import read_idx
    values = rng.randbytes(600)
    for i in range(n):
        path = folder/f'{i}.gz'
        sizes = rng.choice([(6, 10, 10), (600,), (2**32 - 1,), (2**31, 2), (6, 100)])
        plain = bytes([0, 0, 8, len(sizes)]) + struct.pack(f'>{len(sizes)}I', *sizes) + values
        plain, squeezed = (damaged(plain, rng), False) if rng.random() < 0.4 else (plain, True)
        path.write_bytes(damaged(gzip.compress(plain), rng) if squeezed and rng.random() < 0.9 else gzip.compress(plain))
        if i == 7:                                                     # a bomb: 3 GB of zeros in a file of 3 MB
            with path.open('wb') as f:
                f.write(gzip.compress(bytes([0, 0, 8, 1]) + struct.pack('>I', 3000 * MB)) + gzip.compress(bytes(MB)) * 3000)
        try: found = read_idx(path)
        except ValueError as e: assert str(path) in str(e), e
        else: assert found.numel() <= 601 and (not squeezed or bytes(found.flatten().tolist()) == values), path
        path.unlink()
        yield


def try_progress(folder:Path, n:int, rng):
    "Progress of the form that all commands use, or refused by name; then a try is recorded, and a damaged file is kept aside."
    from course_lib.tools import study
    study._home = lambda: folder
    (folder/'my_answers').mkdir()
    path = folder/'my_answers'/'progress.json'
    whole = json.dumps({f'01-{i:02}': dict(tries=i, passed=i % 2 == 0, revealed=False, words='a word') for i in range(9)}, indent=1).encode()
    for i in range(n):
        content = rng.choice([b'[' * 100_000, b'{"01-01": {"tries": 1e999}}', b'{"01-01": {"tries": true}}', b'null', b'']) if rng.random() < 0.1 else damaged(whole, rng)
        path.write_bytes(content)
        try: found = study.read_progress()
        except ValueError as e: assert str(path) in str(e), e
        else: assert all(type(entry['tries']) is int for entry in found.values())
        if i % 10 == 0:
            study._record('01-01', tries=1)
            asides = list(path.parent.glob('progress-damaged-*'))
            assert study.read_progress()['01-01']['tries'] >= 1 and all(p.read_bytes() == content for p in asides)
            for p in asides: p.unlink()
        yield


TRIES = dict(archives=(try_archives, 2000), pictures=(try_pictures, 5000), idx=(try_idx, 500), progress=(try_progress, 500))


@pytest.mark.parametrize('kind', TRIES)
def test_damaged_files(kind, tmp_path):
    "In a process of its own, which tells the slowest case and the memory that all took."
    done = subprocess.run([sys.executable, __file__, kind, str(tmp_path)], env={**os.environ, 'PYTHONPATH': str(ROOT)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said['cases'] == TRIES[kind][1] and said['slowest'] < MOST_SECONDS and said['memory'] < MOST_MEMORY, said


def peak()->int:
    "The most memory that this process has had, bytes."
    import psutil
    info = psutil.Process().memory_info()
    if hasattr(info, 'peak_wset'): return info.peak_wset
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


if __name__ == '__main__':
    name, where = sys.argv[1:]
    run, n = TRIES[name]
    cases = run(Path(where), n, random.Random(0))
    next(cases)                                            # imports what it takes
    before, slowest, done, last = peak(), 0, 1, time.monotonic()
    for _ in cases:
        slowest, done, last = max(slowest, time.monotonic() - last), done + 1, time.monotonic()
    print(json.dumps(dict(cases=done, slowest=slowest, memory=peak() - before)))
