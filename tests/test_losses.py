"""The losses against PyTorch's, on shapes, reductions and smoothings that hypothesis draws."""
import torch
import torch.nn.functional as F
from conftest import with_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from course_lib.losses import cross_entropy, log_softmax, logsumexp, nll_loss, softmax

same = dict(rtol=1e-10, atol=1e-12)


@st.composite
def batches(draw):
    "Scores (N, C) in float64 of a drawn size and spread, and targets (N,)."
    n, c = draw(st.integers(1, 40)), draw(st.integers(1, 60))
    gen = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scores = torch.randn(n, c, dtype=torch.float64, generator=gen) * draw(st.sampled_from([0., 0.1, 1., 10., 100., 1e4]))
    return scores + draw(st.sampled_from([0., -1e4, 1e4])), torch.randint(0, c, (n,), generator=gen)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(batches(), st.sampled_from(['mean', 'sum', 'none']), st.floats(0, 1))
def test_equal_to_torch(batch, reduction, smoothing):
    "Values and gradients in float64, relative 1e-10."
    scores, target = batch
    pairs = [(lambda s: cross_entropy(s, target, smoothing, reduction), lambda s: F.cross_entropy(s, target, reduction=reduction, label_smoothing=smoothing)),
             (lambda s: nll_loss(s, target, reduction), lambda s: F.nll_loss(s, target, reduction=reduction)),
             (softmax, lambda s: F.softmax(s, 1)), (log_softmax, lambda s: F.log_softmax(s, 1)),
             (logsumexp, lambda s: torch.logsumexp(s, 1, keepdim=True))]
    for ours, theirs in pairs:
        for mine, other in zip(with_gradient(ours, scores), with_gradient(theirs, scores)): assert_close(mine, other, **same)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
       st.lists(st.sampled_from([-float('inf'), -6e4, -1., 0., 1., 6e4]), min_size=2, max_size=6), st.data())
def test_extreme_scores_as_torch(dtype, row, data):
    "Classes ruled out by a score of minus infinity, and the ends of half precision: the same values as torch's, infinities too."
    if max(row) == -float('inf'): row = [0., *row]
    scores, target = torch.tensor([row], dtype=dtype), torch.tensor([data.draw(st.integers(0, len(row) - 1))])
    loose = dict(rtol=1e-2, atol=1e-2) if dtype in (torch.float16, torch.bfloat16) else dict(rtol=2e-6, atol=1e-6)
    assert_close(cross_entropy(scores, target), F.cross_entropy(scores, target), **loose)
    assert_close(softmax(scores), F.softmax(scores, 1), **loose)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([-1e4, -1., 0., 1., 1e4]), min_size=2, max_size=8), st.data())
def test_large_scores_in_float32(row, data):
    "Finite at scores of 1e4 either way in float32, and right: as in float64, within float32's own rounding."
    target = torch.tensor([data.draw(st.integers(0, len(row) - 1))])
    for f in (softmax, log_softmax, logsumexp, lambda s: cross_entropy(s, target), lambda s: cross_entropy(s, target, 0.1)):
        single, gradient = with_gradient(lambda s: f(s.float()).double(), torch.tensor([row], dtype=torch.float64))
        double, right = with_gradient(f, torch.tensor([row], dtype=torch.float64))
        assert single.isfinite().all() and gradient.isfinite().all()
        assert_close(single, double, rtol=2e-6, atol=1e-7)
        assert_close(gradient, right, rtol=2e-5, atol=1e-6)
