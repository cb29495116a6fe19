"""Loaders beside PyTorch's: the same batches, worker processes; and pictures that a camera or a scanner makes."""
import math
from functools import partial

import numpy as np
import pytest
import torch
from benchmarks.loaders import write_photos
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader as TorchLoader
from torch.utils.data import RandomSampler, SequentialSampler, TensorDataset, WeightedRandomSampler

from course_lib.data import CategoryBlock, DataBlock, DataLoader, Dataset, ImageBlock, Mapped, Pipeline, RandomSplitter, RegexLabeller
from course_lib.tools.images import Resize, get_image_files, open_image, to_tensor


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 60), st.integers(1, 20), st.booleans(), st.integers(0, 2**31), st.sampled_from(['random', 'in order', 'weighted', 'part']))
def test_same_batches_as_torch(n, bs, drop_last, seed, kind):
    "With the same sampler; from tensors, from a list of pairs, and from PyTorch's own data set."
    x, y = torch.randn(n, 3), torch.arange(n)
    def sampler():
        gen = torch.Generator().manual_seed(seed)
        return dict(random=RandomSampler(range(n), generator=gen), part=RandomSampler(range(n), generator=gen, num_samples=(n + 1) // 2),
                    weighted=WeightedRandomSampler(torch.rand(n, generator=gen) + 0.1, n, generator=gen))[kind] if kind != 'in order' else SequentialSampler(range(n))
    if bs > len(sampler()):
        with pytest.raises(ValueError, match=f'`bs` is {bs}, expected at most {len(sampler())}'): DataLoader(Dataset(x, y), bs, sampler=sampler())
        return
    theirs = list(TorchLoader(TensorDataset(x, y), bs, sampler=sampler(), drop_last=drop_last))
    for dataset in (Dataset(x, y), list(zip(x, y.tolist())), TensorDataset(x, y)):
        ours = DataLoader(dataset, bs, sampler=sampler(), drop_last=drop_last)
        batches = list(ours)
        assert len(batches) == len(theirs) == len(ours)
        for mine, other in zip(batches, theirs): assert all(torch.equal(a, b) for a, b in zip(mine, other))


@pytest.mark.parametrize('bs', [7, 150])
@pytest.mark.parametrize('start', [0, 2])
def test_many_batches_from_one_fetch(bs, start):
    "Rows of tensors are fetched half a megabyte at a time, or a batch where that is larger; the batches are those of one fetch each."
    x, y = torch.rand(2000, 1000), torch.arange(2000)
    batches = list(DataLoader(Dataset(x, y), bs, sampler=range(1999, -1, -1)).batches(start))
    assert [yb.tolist() for _, yb in batches] == [rows.tolist() for rows in y.flip(0).split(bs)[start:]]
    assert all(torch.equal(xb, x[yb]) for xb, yb in batches)
    fetches = {xb.untyped_storage().data_ptr(): xb.untyped_storage().nbytes() for xb, _ in batches}
    assert max(fetches.values()) <= max(2**19, 4000 * bs)
    assert len(fetches) == (1 + math.ceil((len(batches) - 1) / 18) if bs == 7 else len(batches))


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    "A folder of 200 JPEG files of ten kinds, 96 by 80 pixels."
    folder = tmp_path_factory.mktemp('photos')
    write_photos(folder, 200)
    return folder


def test_workers_on_files(photos):
    "Two worker processes open 200 JPEG files and make the batches that PyTorch's loader makes."
    files = get_image_files(photos)
    dataset = Dataset(Mapped(files, Pipeline([open_image, Resize(64), to_tensor])), Mapped(files, Pipeline([RegexLabeller(r'kind(\d)_'), int])))
    order = torch.randperm(len(files)).tolist()
    loaders = (DataLoader(dataset, 64, sampler=order, num_workers=2), TorchLoader(dataset, 64, sampler=order, num_workers=2))
    batches = 0
    for (xb, yb), (x2, y2) in zip(*loaders):
        assert torch.equal(xb, x2) and torch.equal(yb, y2)
        batches += 1
    assert batches == 4 and yb.max() <= 9


def test_spawned_workers(photos):
    "Processes that are started afresh, as on macOS and Windows, find all that the library defines."
    block = DataBlock((ImageBlock, CategoryBlock), get_items=lambda folder: get_image_files(folder)[:40], get_y=RegexLabeller(r'(kind\d)_'),
                      splitter=RandomSplitter(seed=0), item_tfms=Resize(32))
    datasets = block.datasets(photos)
    load = partial(DataLoader, datasets.train, 16, item_tfms=block.item_tfms, batch_tfms=block.batch_tfms)
    for mine, other in zip(load(num_workers=1, context='spawn'), load()): assert all(torch.equal(a, b) for a, b in zip(mine, other))


def test_error_in_worker_names_the_file(photos, tmp_path):
    "What went wrong in a worker process is told in the main one, with the file's name."
    bad = tmp_path/'bad.jpg'
    bad.write_bytes(next(photos.iterdir()).read_bytes()[:-300])
    loader = DataLoader(Dataset(Mapped([bad] * 4, Pipeline([open_image, to_tensor]))), 2, num_workers=1)
    with pytest.raises(ValueError, match=r'bad\.jpg as an image: image file is truncated'): list(loader)
