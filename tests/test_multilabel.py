"""Losses and measures for several labels against PyTorch's and scikit-learn's, on cases that hypothesis draws."""
import warnings

import pytest
import torch
import torch.nn.functional as F
from conftest import with_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score
from torch.testing import assert_close

from course_lib.multilabel import average_precision, binary_cross_entropy, binary_cross_entropy_with_logits, f1, precision, recall

same = dict(rtol=1e-10, atol=1e-12)


@st.composite
def questions(draw):
    "Scores (N, C) in float64 of a drawn size and spread, some of them exactly 0, and targets (N, C) of 0 and 1."
    n, c = draw(st.integers(1, 30)), draw(st.integers(1, 12))
    gen = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scores = torch.randn(n, c, dtype=torch.float64, generator=gen) * draw(st.sampled_from([0., 0.1, 1., 10., 100., 1e4]))
    scores[torch.rand(n, c, generator=gen) < 0.1] = 0
    target = (torch.rand(n, c, generator=gen) < draw(st.sampled_from([0., 0.1, 0.5, 0.9, 1.]))).double()
    return scores, target, torch.rand(c, dtype=torch.float64, generator=gen) * 9


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(questions(), st.sampled_from(['mean', 'sum', 'none']), st.booleans())
def test_losses_equal_torch(case, reduction, weighted):
    "Both forms, with class weights and without, values and gradients, relative 1e-10."
    scores, target, weight = case
    w = weight if weighted else None
    for mine, other in zip(with_gradient(lambda s: binary_cross_entropy_with_logits(s, target, w, reduction), scores),
                           with_gradient(lambda s: F.binary_cross_entropy_with_logits(s, target, pos_weight=w, reduction=reduction), scores)):
        assert_close(mine, other, **same)
    probs = scores.clamp(-10, 10).sigmoid()                     # nearer to 0 or 1 PyTorch's gradient has a floor of its own, 1e-12
    for mine, other in zip(with_gradient(lambda p: binary_cross_entropy(p, target, reduction), probs),
                           with_gradient(lambda p: F.binary_cross_entropy(p, target, reduction=reduction), probs)):
        assert_close(mine, other, **same)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([-1e4, -88., -30., -1., 0., 1., 30., 88., 1e4]), min_size=1, max_size=8), st.data())
def test_large_scores_in_float32(row, data):
    "Finite at scores of 1e4 either way in float32, and right: as in float64, within float32's own rounding; gradients too."
    target = torch.tensor([data.draw(st.sampled_from([0., 1.])) for _ in row])
    scores = torch.tensor(row, requires_grad=True)
    loss = binary_cross_entropy_with_logits(scores, target, reduction='none')
    loss.sum().backward()
    exact = binary_cross_entropy_with_logits(scores.detach().double(), target.double(), reduction='none')
    assert loss.isfinite().all()
    assert_close(loss.detach().double(), exact, rtol=1e-6, atol=1e-30)
    assert_close(scores.grad.double(), scores.detach().double().sigmoid() - target.double(), rtol=1e-6, atol=1e-7)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 8), st.sampled_from([0., 0.2, 0.5, 0.9, 1.]), st.integers(0, 2**31))
def test_measures_equal_sklearn(n, c, levels, common, seed):
    "Scores of a few levels, so that many are equal; labels that no row has, and labels that every row has."
    gen = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, levels, (n, c), generator=gen).double() / levels
    target = (torch.rand(n, c, generator=gen) < common).long()
    named = (scores > 0.5).long()
    theirs = lambda score: torch.tensor([score(target[:, i].numpy(), named[:, i].numpy(), zero_division=0.) for i in range(c)], dtype=torch.float64)
    for ours, score in ((precision, precision_score), (recall, recall_score), (f1, f1_score)):
        assert_close(ours(named, target, zero_division=0.), theirs(score), **same)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')                         # scikit-learn warns of labels that no row has
        found = [average_precision_score(target[:, i].numpy(), scores[:, i].numpy()) for i in range(c)]
    assert_close(average_precision(scores, target, zero_division=0.), torch.tensor(found, dtype=torch.float64), **same)


@pytest.mark.parametrize('shape', [(4,), (2, 3, 4)])
def test_average_precision_names_what_is_no_table(shape):
    with pytest.raises(ValueError, match='`scores` has shape'): average_precision(torch.zeros(shape), torch.ones(shape))
