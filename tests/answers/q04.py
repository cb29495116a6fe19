"""Answers to the questions of lesson 04, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import os
import random
import re
from pathlib import Path

import numpy as np
import torch
from fastcore.foundation import L
from torch import tensor
from torch.utils.data import DataLoader as TorchLoader
from torch.utils.data import TensorDataset

from answers.forms import number, several
from course_lib.data import ColReader, DataLoader, Dataset, RegexLabeller, parent_label

files = L('b_2.jpg', 'a_1.png', 'c_3.jpg', 'd_4.png')
suffixes, jpgs, ends = L('.jpg', '.png'), L('b_2', 'c_3'), L('b_2.jpg', 'd_4.png')
paths = files.map(Path)

def counted(n_text=lambda files: sum(p.suffix == '.txt' for p in files), folders=lambda folder: sorted(p.name for p in folder.iterdir() if p.is_dir()),
            stem=lambda files: max(files, key=lambda p: p.stat().st_size).stem):
    "A function of a folder, with a way to count, to list and to pick."
    def look(folder):
        files = [p for p in Path(folder).rglob('*') if p.is_file()]
        return n_text(files), folders(Path(folder)), stem(files)
    return look
def by_walk(folder):
    found = [Path(top)/name for top, _, names in os.walk(folder) for name in names]
    return [len([p for p in found if p.name.endswith('.txt')]), sorted(next(os.walk(folder))[1]), max(found, key=os.path.getsize).stem]
def by_glob(folder):
    texts = [p for p in folder.glob('**/*.txt') if p.is_file()]
    below = [p.name for p in folder.glob('*') if p.is_dir()]
    files = [p for p in folder.glob('**/*') if p.is_file()]
    return len(texts), tuple(sorted(below)), sorted(files, key=lambda p: p.stat().st_size)[-1].stem
def by_l(folder):
    files = L(folder.rglob('*')).filter(Path.is_file)
    folders = L(folder.iterdir()).filter(Path.is_dir).attrgot('name').sorted()
    return files.attrgot('suffix').filter(lambda s: s == '.txt').__len__(), folders, files[files.map(lambda p: p.stat().st_size).argwhere(lambda n: n == max(files.map(lambda p: p.stat().st_size)))[0]].stem
def recursive(folder):
    n, big, names = 0, None, []
    for path in folder.iterdir():
        if path.is_dir():
            names.append(path.name)
            more = recursive_files(path)
        else: more = [path]
        n += sum(p.suffix == '.txt' for p in more)
        for p in more:
            if big is None or p.stat().st_size > big.stat().st_size: big = p
    return n, sorted(names), big.stem
def recursive_files(folder): return [q for p in folder.iterdir() for q in (recursive_files(p) if p.is_dir() else [p])]

def by_pattern(pattern, flags=0):
    "A labeller that searches the name."
    def label(path):
        found = re.search(pattern, Path(path).name, flags)
        if not found: raise ValueError(f'{path} does not fit')
        return found[1]
    return label
def by_match(path):
    found = re.fullmatch(r'(.+)_[0-9]+\.jpg', Path(path).name)
    if found is None: raise ValueError
    return found.group(1)
def by_groups(path):
    found = re.match(r'.*/(?P<breed>[^/]+)_\d+\.jpg$', '/' + str(path))
    if found: return found['breed']
    raise ValueError(str(path))
def by_split(path):
    breed, under, number = Path(path).stem.rpartition('_')
    if Path(path).suffix != '.jpg' or not breed or not number.isdigit(): raise ValueError(path)
    return breed
class Labeller:
    def __init__(self, pattern): self.regex = re.compile(pattern)
    def __call__(self, path):
        if found := self.regex.search(Path(path).as_posix()): return found.group(1)
        raise ValueError(path)
def by_findall(path):
    breed, = re.findall(r'([^/]+)_\d+\.jpg$', Path(path).as_posix())       # which raises ValueError itself
    return breed
def by_name_only(path): return Path(path).stem.rsplit('_', 1)[0]
def key_error(path):
    found = re.search(r'([^/]+)_\d+\.jpg$', Path(path).as_posix())
    if found is None: raise KeyError(path)
    return found.group(1)
def of_text_only(path):
    found = re.search(r'([^/]+)_\d+\.jpg$', path)
    if found is None: raise ValueError(path)
    return found.group(1)
def none_raises(path): return re.search(r'([^/]+)_\d+\.jpg$', Path(path).as_posix()).group(1)
def whole_match(path):
    found = re.search(r'([^/]+)_\d+\.jpg$', Path(path).as_posix())
    if found is None: raise ValueError(path)
    return found.group(0)

def in_order_of(order): return lambda x, y, bs, gen: [(x[rows], y[rows]) for rows in order(len(x), gen).split(bs)]
def by_ranks(x, y, bs, gen):
    order = torch.rand(len(x), generator=gen).argsort()
    return tuple(zip(x[order].split(bs), y[order].split(bs)))
def by_slices(x, y, bs, gen):
    order, out = torch.randperm(len(x), generator=gen), []
    for start in range(0, len(x), bs):
        rows = order[start:start + bs]
        out.append([x[rows], y[rows]])
    return out
def by_swaps(x, y, bs, gen):
    order = list(range(len(x)))
    for i in range(len(order) - 1, 0, -1):
        j = torch.randint(i + 1, (), generator=gen).item()
        order[i], order[j] = order[j], order[i]
    return [(torch.stack([x[i] for i in rows]), torch.stack([y[i] for i in rows])) for rows in (order[i:i + bs] for i in range(0, len(order), bs))]
def by_draws(x, y, bs, gen):
    order = torch.multinomial(torch.ones(len(x)), len(x), generator=gen)
    return [(x[order[i:i + bs]], y[order[i:i + bs]]) for i in range(0, len(x), bs)]
def by_python(x, y, bs, gen):
    order = torch.tensor(random.Random(int(torch.randint(2 ** 31, (), generator=gen))).sample(range(len(x)), len(x)))
    return list(zip(x[order].split(bs), y[order].split(bs)))
def sorts_in_place(x, y, bs, gen):
    order = torch.randperm(len(x), generator=gen)
    x[:], y[:] = x[order], y[order]
    return list(zip(x.split(bs), y.split(bs)))
def backward(n, gen): return torch.randperm(n, generator=gen).flip(0) if torch.rand((), generator=gen) < 0 else torch.arange(n).flip(0)
def first_stays(n, gen): return torch.cat([tensor([0]), 1 + torch.randperm(n - 1, generator=gen)])
def python_random(n, gen): return tensor(random.sample(range(n), n))
def reseeded(n, gen): return torch.randperm(n, generator=gen.manual_seed(0))
def neighbors(n, gen):
    order = torch.arange(n)
    for i in range(0, n - 1, 2):
        if torch.rand((), generator=gen) < 0.5: order[[i, i + 1]] = order[[i + 1, i]]
    return order
def by_torch_loader(x, y, bs, gen): return [tuple(batch) for batch in TorchLoader(TensorDataset(x, y), bs, shuffle=True, generator=gen)]
def by_course_loader(x, y, bs, gen): return [*DataLoader(Dataset(x, y), bs, shuffle=True, gen=gen, device='cpu')]
def only_inputs(x, y, bs, gen): return [x[rows] for rows in torch.randperm(len(x), generator=gen).split(bs)]
def targets_first(x, y, bs, gen): return [(y[rows], x[rows]) for rows in torch.randperm(len(x), generator=gen).split(bs)]
def rest_first(x, y, bs, gen):
    order = torch.randperm(len(x), generator=gen)
    first = len(x) % bs or bs
    return [(x[rows], y[rows]) for rows in (order[:first], *order[first:].split(bs)) if len(rows)]
def yields(x, y, bs, gen):
    for rows in torch.randperm(len(x), generator=gen).split(bs): yield x[rows], y[rows]

ALL = {
'04-01': (several(100, 4), [(100, 3), (100, 100), (4, 100), (100, 32), (100, 3.125), 100, (99, 4), (100, 4, 32)]),
'04-02': (several(5, 2), [(8, 2), (5, 5), (10, 2), (2, 5), (7, 3), 7, (5, 3), ([0, 1, 2, 3, 4], [5, 6])]),
'04-03': (several(2, 1), [(3, 1), (2, 0), (4, 1), (64, 20), (1, 2), (2.5, 0.625), 2, (80, 20)]),
'04-04': (['BDE', 'bde', 'b, d, e', 'B, D and E', ['b', 'd', 'e'], {'E', 'B', 'D'}, ('d', 'e', 'b'), 'b d e.', 'EDB'],
          ['BE', 'BD', 'ABDE', 'BCDE', 'B', 'E', 'DE', 'AC', 'ABCDE', 'lambda', '', 3, ['b', 'd', 'e', 'a']]),
'04-05': (several(10, 2), [(5, 2), (10, 1), (2, 10), 10, (5, 5), (10, 5), (10, 0), (10, 2, 5)]),
'04-06': ([('parent_label', 'ColReader'), ['parent_label', 'ColReader'], (parent_label, ColReader), ('parent_label()', "ColReader('label')"), ('Parent_Label', 'colreader'), ("`parent_label`", '`ColReader`'),
           (parent_label, ColReader('label'))],
          [('RegexLabeller', 'ColReader'), ('ColReader', 'parent_label'), ('parent_label', 'ColSplitter'), 'ColReader', ('parent_label', 'parent_label'), ('GrandparentSplitter', 'ColReader'), ('ColReader', 'ColReader'),
           (RegexLabeller(r'([^/]+)/\d+'), ColReader('label')), ('folder', 'column'), (parent_label, 'label'), (1, 2)]),
'04-07': (several(2, 0.7) + [(2, 0.7), ('2.0', '0.7'), (2., '70 %')], [(0.7, 0.7), (2, 2), (7, 0.7), (0.2, 0.7), (0.7, 2), 2, (-2, 0.7), (5, 0.7), (2, 178.5)]),
'04-08': (['all labels', 'All labels', "'all labels'", ['all labels'], ' ALL LABELS. ', ('all labels',)], ['splitter', 'target: RegexLabeller', 'collate', 'labels', 'target: Categorize', ('all labels', 'collate'), 3, 'all']),
'04-09': (number(1.5, '3/2', '1.50'), [30, 0.03, 0.6, 0, 1, 2, 5, '1,5', 1.52, 0.05]),
'04-10': ([(suffixes, jpgs, ends), [suffixes, jpgs, ends], (paths.attrgot('suffix').unique().sorted(), paths.filter(lambda p: p.suffix == '.jpg').attrgot('stem'), files[0, -1]),
           (L(*{Path(f).suffix for f in files}).sorted(), L(f[:-4] for f in files if f[-3:] == 'jpg'), L(files[0], files[-1])),
           (files.map(lambda f: '.' + f.split('.')[1]).unique().sorted(), L(f.removesuffix('.jpg') for f in files if f.endswith('.jpg')), files[[True, False, False, True]]),
           (files.map(lambda f: f[-4:]).sorted().unique(), files.filter(lambda f: '.jpg' in f).map(lambda f: f.replace('.jpg', '')), files[[0, 3]])],
          [(L('.png', '.jpg'), jpgs, ends), (L('jpg', 'png'), jpgs, ends), (suffixes, L('c_3', 'b_2'), ends), (suffixes, L('b_2.jpg', 'c_3.jpg'), ends), (suffixes, jpgs, L('b_2', 'd_4')), (suffixes, jpgs, files[:2]), (suffixes, jpgs),
           (list(suffixes), list(jpgs), list(ends)), suffixes, (suffixes, jpgs, files), (suffixes, L('b_2', 'a_1', 'c_3', 'd_4'), ends), (suffixes, jpgs, files.sorted()[[0, -1]])]),
'04-11': ([counted(), by_walk, by_glob, by_l, recursive, counted(folders=lambda folder: sorted(os.path.basename(p) for p in folder.iterdir() if os.path.isdir(p)))],
          [counted(lambda files: len(files)), counted(lambda files: sum('.txt' in p.name for p in files)), counted(lambda files: sum('txt' in p.suffix for p in files) + 1), counted(lambda files: sum('.text' in p.name or p.suffix == '.txt' for p in files)),
           counted(folders=lambda folder: [p.name for p in folder.iterdir() if p.is_dir()][::-1] + ['']), counted(folders=lambda folder: sorted(p.name for p in folder.rglob('*') if p.is_dir())), counted(folders=lambda folder: sorted(p.name for p in folder.iterdir())),
           counted(folders=lambda folder: sorted(p for p in folder.iterdir() if p.is_dir())), counted(stem=lambda files: sorted(files)[-1].stem), counted(stem=lambda files: max((p for p in files if p.suffix == '.txt'), key=os.path.getsize).stem),
           counted(stem=lambda files: max(files, key=os.path.getsize).name.split('.')[0]), counted(stem=lambda files: max(files, key=os.path.getsize).name), counted(stem=lambda files: max(files, key=lambda p: len(p.name)).stem), counted(stem=lambda files: min(files, key=os.path.getsize).stem),
           counted(stem=lambda files: max(files, key=os.path.getsize)), (8, ['a', 'b', 'c.txt'], 'large.old'), lambda folder: 8]),
'04-12': ([by_pattern(r'^(.+)_\d+\.jpg$'), by_match, by_groups, by_split, Labeller(r'([^/]+)_\d+\.jpg$'), by_findall, RegexLabeller(r'([^/]+)_\d+\.jpg$'), RegexLabeller(r'([^/]+)_[0-9]+[.]jpg$')],
          [by_name_only, key_error, of_text_only, none_raises, whole_match, by_pattern(r'^(.+)_\d*\.jpg$'), by_pattern(r'^(.*)_\d+\.jpg$'), by_pattern(r'^(.+?)_.*\d+\.jpg$'), by_pattern(r'^(.+)_\d+\.jpg'), by_pattern(r'^(.+)_\d+.jpg$'), by_pattern(r'^(.+)_\d+'),
           by_pattern(r'^([a-z]+)_\d+\.jpg$'), by_pattern(r'^([a-z_]+)_\d+\.jpg$'), by_pattern(r'^(.+)_.+\.jpg$'), by_pattern(r'^(.+)\d+\.jpg$'), parent_label, RegexLabeller(r'(.+)_\d+\.jpg$'), 'great_pyrenees']),
'04-13': (several(938, 937), [(937, 937), (938, 938), (937, 938), (937.5, 937), (938, 936), 938, (937.5, 937.5), (64, 937)]),
'04-14': ([in_order_of(lambda n, gen: torch.randperm(n, generator=gen)), by_ranks, by_slices, by_swaps, by_draws, by_python],
          [in_order_of(backward), in_order_of(first_stays), in_order_of(python_random), in_order_of(reseeded), in_order_of(neighbors), sorts_in_place, by_torch_loader, by_course_loader, only_inputs, targets_first, rest_first, yields,
           lambda x, y, bs, gen: (x[torch.randperm(len(x), generator=gen)], y), lambda x, y, bs, gen: (by_slices(x, y, bs, gen)[:1])]),
}
