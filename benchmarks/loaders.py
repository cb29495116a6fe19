"""Time a pass of our DataLoader beside PyTorch's: rows of tensors, 64 at a time, and 5,000 JPEG files opened by two worker processes.

    python benchmarks/loaders.py [--rounds 7] [--out benchmarks/loaders.json]

Both have the same data in the same order; the two take turns, and who comes first changes."""
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader as TorchLoader
from torch.utils.data import TensorDataset
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.judge import LIMITS                                 # noqa: E402
from benchmarks.race import arguments, finish                       # noqa: E402
from course_lib.tools.core import versions                                # noqa: E402
from course_lib.data import DataLoader, Dataset, Mapped, Pipeline, RegexLabeller   # noqa: E402
from course_lib.tools.images import Resize, get_image_files, open_image, to_tensor       # noqa: E402


def of_rows(width, n):
    "Loaders of `n` rows of tensors."
    parts = torch.rand(n, width), torch.arange(n)
    return dict(ours=DataLoader(Dataset(*parts), 64, shuffle=True), torch=TorchLoader(TensorDataset(*parts), 64, shuffle=True))


def write_photos(folder, n):
    "JPEG files of ten kinds, 96 by 80 pixels."
    rng = np.random.default_rng(0)
    for i in range(n):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 10, 3), dtype='uint8'))
        coarse.resize((96, 80), Image.Resampling.BICUBIC).save(folder/f'kind{i % 10}_{i}.jpg', quality=85)


def of_files(folder):
    "Loaders of the photos in a folder."
    files = get_image_files(folder)
    dataset = Dataset(Mapped(files, Pipeline([open_image, Resize(64), to_tensor])), Mapped(files, Pipeline([RegexLabeller(r'kind(\d)_'), int])))
    order = torch.randperm(len(files), generator=torch.Generator().manual_seed(0)).tolist()
    return {who: loader(dataset, 64, sampler=order, num_workers=2) for who, loader in dict(ours=DataLoader, torch=TorchLoader).items()}


def seconds(loader):
    "Time of one pass."
    start = time.perf_counter()
    for _ in loader: pass
    return time.perf_counter() - start


def main():
    parser = arguments(__doc__, rounds=7)
    parser.add_argument('--share', type=float, default=1., help='share of the rows and files, for a quick try')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as tmp:
        write_photos(Path(tmp), int(5000 * args.share))
        tasks = {f'rows of {width}': of_rows(width, int(60_000 * args.share)) for width in (64, 784)} | {'JPEG files': of_files(Path(tmp))}
        turns = [(task, i, who) for task, loaders in tasks.items() for i in range(-1, args.rounds) for who in ([*loaders] if i % 2 else [*loaders][::-1])]
        times = [dict(task=task, round=i, who=who, **{'pass': seconds(tasks[task][who])}) for task, i, who in tqdm(turns, disable=None)]
    times = [t for t in times if t['round'] >= 0]
    packages = dict(part.split(' ') for part in versions('pillow').split(' | ')[1:])
    finish(args.out, times, LIMITS['loaders'], args.threads, share=args.share, versions=dict(ours=packages))


if __name__ == '__main__': main()
