"""Ratings that are odd, the laws of ranking, folding in and asking, and the lines of code that students know."""
import math
import warnings

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score
from torch import nn

from course_lib.collab import (CollabDataLoaders, CollabLearner, CollabNN, DotProductBias, MeanForUnknown, NegativeSampling, UserItem, bpr_loss,
                               canonical_correlations, collab_learner, emb_sz_rule, factors_and_biases, fold_in, hit_rate, most_telling, ndcg, ranks,
                               sigmoid_range)
from course_lib.tools.core import set_seed
from course_lib.tools.films import film_ratings
from course_lib.learner import load_learner
from course_lib.tools.store import load_tensors

FEW = pd.DataFrame([('ann', 10, 4.), ('bob', 10, 3.5), ('ann', 30, 1.), ('cat', 20, 5.), ('bob', 20, 0.5), ('cat', 30, 2.)], columns=['who', 'what', 'stars'])
LATER = pd.DataFrame([('bob', 30, 3.), ('dan', 10, 4.), ('ann', 99, 2.), ('eve', 77, 1.)], columns=['who', 'what', 'stars'])


def loaders(**how):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return CollabDataLoaders.from_df(FEW, valid=LATER, **{**dict(bs=2), **how})


def trained(**how):
    set_seed(0)
    learn = collab_learner(loaders(), 3, y_range=(0, 5.5), **how)
    with learn.no_logging(): learn.fit(2, 0.05)
    return learn


def test_places_of_names_and_numbers():
    "Sorted ids have the places 1, 2, 3; others 0; by row or by table; columns may lie anywhere."
    dls = loaders()
    assert (dls.user_item.users, dls.user_item.items, dls.sizes) == (['ann', 'bob', 'cat'], [10, 20, 30], (4, 4))
    assert dls.train.dataset.parts[0].tolist() == [[1, 1], [2, 1], [1, 3], [3, 2], [2, 2], [3, 3]] and dls.train.dataset.parts[1].tolist() == FEW.stars.tolist()
    assert dls.valid.dataset.parts[0].tolist() == [[2, 3], [0, 1], [1, 0], [0, 0]] and dls.valid.dataset.parts[1].tolist() == LATER.stars.tolist()
    assert dls.unknown == dict(who=2, what=2) and dls.rating_name == 'stars' and (dls.train.bs, dls.valid.bs, dls.train.shuffle, dls.valid.shuffle) == (2, 2, True, False)
    assert [dls.user_item(row).tolist() for _, row in LATER.iterrows()] == dls.user_item.of_table(LATER).tolist()
    moved = CollabDataLoaders.from_df(FEW[['stars', 'what', 'who']], valid=FEW, user_name='who', item_name='what', rating_name='stars', bs=2)
    assert moved.train.dataset.parts[0].equal(dls.train.dataset.parts[0]) and moved.unknown == dict(who=0, what=0)
    lists = UserItem(['x'], ['y', 'z'], 'a', 'b')
    assert (lists.users, lists.items, lists.user_name, lists.item_name) == (['x'], ['y', 'z'], 'a', 'b') and lists(dict(a='x', b='z')).tolist() == [1, 2]


def test_unknown_ids_are_counted_and_reported():
    "Never seen is row 0: a warning with the counts, through training, validation, prediction and recommendation."
    with pytest.warns(UserWarning, match=r"not in the training set.*\{'who': 2, 'what': 2\}"): dls = CollabDataLoaders.from_df(FEW, valid=LATER, bs=2)
    learn = trained()
    assert math.isfinite(learn.validate()[0])
    with pytest.warns(UserWarning, match=r"\{'who': 1, 'what': 1\}"): pred, _ = learn.predict(dict(who='zoe', what=-5))
    with pytest.warns(UserWarning, match=r"\{'who': 4, 'what': 4\}"): test = dls.test_dl(LATER.assign(who='?', what='?'), with_labels=True)
    assert test.dataset.parts[0].tolist() == [[0, 0]] * 4 and test.dataset.parts[1].tolist() == LATER.stars.tolist() and len(dls.test_dl(FEW.drop(columns='stars')).dataset.parts) == 1
    users, items = learn.model.users.weight, learn.model.items.weight
    assert users[0].allclose(users[1:].mean(0)) and items[0].allclose(items[1:].mean(0))
    score = (users[0] * items[0]).sum() + learn.model.user_bias.weight[0, 0] + learn.model.item_bias.weight[0, 0]
    assert pred.allclose(sigmoid_range(score, 0, 5.5)) and learn.recommend('zoe').shape == (3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        learn.predict(dict(who='ann', what=20))


@pytest.mark.parametrize('change, how, said', [
    (lambda df: df.assign(stars=[1, 2, math.nan, 4, 5, 1]), {}, "'stars' is empty in row 2"),
    (lambda df: df.assign(who=['a', None, 'b', 'a', 'b', 'c']), {}, "'who' is empty in row 1"),
    (lambda df: df.assign(stars=[1, 2, math.inf, 4, 5, 1]), {}, "'stars' holds -?inf in row 2, expected a finite number"),
    (lambda df: df.assign(stars=[1, 2, -math.inf, 4, 5, 1]), {}, "'stars' holds -inf in row 2, expected a finite number"),
    (lambda df: df.assign(stars=['good', 'bad', 'x', 'y', 'z', 'w']), {}, "column 'stars' holds 'good' in row 0, expected a finite number"),
    (lambda df: df.assign(stars=['4', '3.5', 1, 5, 'none', 2]), {}, "column 'stars' holds 'none' in row 4"),
    (lambda df: df.assign(stars=['4,5'] * 6), {}, "column 'stars' holds '4,5' in row 0"),
    (lambda df: df[:0], {}, 'the table has no row'), (lambda df: df[['who', 'what']], {}, 'the table has 2 columns, expected three'),
    (lambda df: df.assign(what=[1, '1'] * 3, who=range(6)), {}, r"column 'what' holds 1 \(int\) and '1' \(str\), expected ids of one kind"),
    (lambda df: pd.concat([df, df.who], axis=1), {}, "there are 2 columns 'who', expected one"),
    (lambda df: df, dict(item_name='who'), r"are columns \['who', 'who', 'stars'\], expected three different ones"),
    (lambda df: df.assign(at=1)[['at', 'what', 'who', 'stars']], {}, "column 'who' holds 'ann' in row 0"),
    (lambda df: df.assign(at=1)[['at', 'what', 'stars', 'who']], {}, "at 1 rates what 10 twice.*Are these the right columns. Users are read from 'at', items from 'what', ratings from 'stars'"),
    (lambda df: pd.concat([df, df[3:]]), {}, 'who cat rates what 20 twice, one of 3 such rows'),
    (lambda df: df.assign(who='ann', what=range(6)), {}, "column 'who' has one value, ann, expected at least two"),
    (lambda df: df.assign(what=7, who=range(6)), {}, "column 'what' has one value, 7, expected at least two"),
    (lambda df: df, dict(item_name='film'), "no column 'film', expected one of who, what, stars"),
    (lambda df: df, dict(rating_name='marks'), "no column 'marks'"),
    (lambda df: df, dict(valid=LATER.drop(columns='what')), "no column 'what', expected one of who, stars"),
    (lambda df: df, dict(valid=LATER[:0]), '`valid` has no row'), (lambda df: df, dict(valid_pct=0), '`valid_pct` is 0'), (lambda df: df, dict(valid_pct=1), '`valid_pct` is 1'),
    (lambda df: df, dict(bs=7, valid=FEW), '`bs` is 7, expected at most 6')])
def test_odd_tables(change, how, said):
    "Each is refused, with what came and what was expected."
    with pytest.raises(ValueError, match=said): CollabDataLoaders.from_df(change(FEW), **{**dict(bs=2), **how})


def test_numbers_that_come_as_text():
    "Texts and decimals are read as the numbers that they are."
    from decimal import Decimal
    for kind in (str, Decimal):
        dls = CollabDataLoaders.from_df(FEW.assign(stars=[kind(str(v)) for v in FEW.stars]), valid=FEW, bs=2)
        assert dls.train.dataset.parts[1].tolist() == FEW.stars.tolist()


def test_ids_of_another_type():
    "Where no id of a column is known and the types differ, the warning says so; a few newcomers are no reason."
    dls = loaders()
    with pytest.warns(UserWarning, match=r"No 'what' at all is known: are they of another type\? \('10' is str, 10 int\)"): dls.test_dl(FEW.assign(what=FEW.what.astype(str)))
    with pytest.warns(UserWarning) as said: dls.test_dl(LATER)
    assert 'type' not in str(said[0].message)
    with pytest.raises(ValueError, match='`items` is empty'): dls.test_dl([])


def test_ids_are_shown(capsys):
    "A batch and results show the ids as they were given, with '#na#' for the unknown; `classes` has them by row."
    learn = trained()
    assert learn.dls.classes == dict(who=['#na#', 'ann', 'bob', 'cat'], what=['#na#', 10, 20, 30])
    learn.dls.show_batch(2)
    shown = capsys.readouterr().out.split('\n')
    assert shown[0].split() == ['who', 'what', 'stars'] and len(shown) == 4 and shown[1].split()[0] in ('ann', 'bob', 'cat')
    learn.show_results()
    shown = [line.split() for line in capsys.readouterr().out.strip().split('\n')]
    assert shown[0] == ['who', 'what', 'stars', 'prediction'] and [row[:3] for row in shown[1:]] == [['bob', '30', '3.0'], ['#na#', '10', '4.0']]
    assert [float(row[3]) for row in shown[1:]] == pytest.approx([learn.item_scores('bob')[2].item(), learn.item_scores('dan')[0].item()], abs=0.006)


def test_names_of_fastai():
    "Tables by the names that its students know; sizes as pairs; layers want a network."
    learn = trained()
    model = learn.model
    assert (model.u_weight, model.i_weight, model.u_bias, model.i_bias) == (model.users, model.items, model.user_bias, model.item_bias)
    net = collab_learner(loaders(), use_nn=True, emb_szs=[(4, 5), (4, 7)], layers=[100, 50])
    assert net.model.emb_szs == (5, 7) and net.model.layers == (100, 50) and net.model.items.weight.shape == (4, 7)
    for how in (dict(layers=[100, 50]), dict(emb_szs=(3, 4))):
        with pytest.raises(ValueError, match='are for a network, expected use_nn=True'): collab_learner(loaders(), **how)
    for wrong in ([(4, 5), (5, 7)], (3,), (3, 4, 5)):
        with pytest.raises(ValueError, match='expected factors for 4 users and 4 items'): collab_learner(loaders(), use_nn=True, emb_szs=wrong)


def test_bpr_by_a_loop():
    "Each chosen score against each random one of the same user; scores that any user adds to all cancel."
    gen = torch.Generator().manual_seed(0)
    chosen, random = torch.randn(6, generator=gen).double(), torch.randn(3, 6, generator=gen).double()
    scores, target = torch.cat([chosen, random.flatten()]), torch.cat([torch.ones(6), torch.zeros(18)])
    by_loop = sum(-math.log(1 / (1 + math.exp(random[k, i] - chosen[i]))) for k in range(3) for i in range(6)) / 18
    assert bpr_loss(scores, target).item() == pytest.approx(by_loop)
    assert bpr_loss(scores + torch.arange(6.).repeat(4), target).item() == pytest.approx(by_loop)
    for bad in (target.flip(0), torch.zeros(24), target[:23]):
        with pytest.raises(ValueError): bpr_loss(scores, bad)


def test_ratings_outside_the_range():
    for y_range in ((1, 6), (0, 4.5), (0.6, 5)):
        with pytest.raises(ValueError, match='`y_range` is .*, expected to hold all of 0.5 to 5'): collab_learner(loaders(), y_range=y_range)
    collab_learner(loaders(), y_range=(0.5, 5))
    collab_learner(loaders())
    for name in ('wd', 'bias_wd'):
        with pytest.raises(ValueError, match=f'`{name}` is -0.1'): collab_learner(loaders(), **{name: -0.1})


def test_how_many_are_shown():
    "Ten to recommend and five that are alike, if nothing else is said."
    df = pd.DataFrame([(user, film, 3.) for user in range(4) for film in range(30) if user or film < 5], columns=['user', 'film', 'rating'])
    learn = collab_learner(CollabDataLoaders.from_df(df, valid=df[:8], bs=16), 2)
    assert (len(learn.recommend(0)), len(learn.recommend(0, 99)), len(learn.similar(3))) == (10, 25, 5)


def test_the_random_split():
    "As many rows as asked for, none twice, drawn anew with another seed."
    ratings = film_ratings(300)[0]
    n = len(ratings)
    parts = {}
    for seed in (0, 0, 1):
        dls = CollabDataLoaders.from_df(ratings, 0.25, seed=seed)
        assert (len(dls.train.dataset), len(dls.valid.dataset), dls.train.bs, dls.valid.bs) == (n - int(0.25 * n), int(0.25 * n), 64, 64)
        rows = [tuple(row) for part in (dls.train, dls.valid) for row in zip(*part.dataset.parts[0].T.tolist(), part.dataset.parts[1].tolist())]
        assert len(set(rows)) == n
        parts.setdefault(seed, []).append(dls.valid.dataset.parts[0])
    assert parts[0][0].equal(parts[0][1]) and not parts[0][0].equal(parts[1][0])
    assert len(CollabDataLoaders.from_df(ratings).valid.dataset) == int(0.2 * n)


def test_what_the_learner_is_made_of():
    "Decay by group, factors, range, loss; AdamW; the callback for the unknown; a network when asked for."
    learn = trained(wd=0.3, bias_wd=0.05, lr=0.7)
    assert [g['weight_decay'] for g in learn.opt.param_groups] == [0.3, 0.05] and isinstance(learn.opt, torch.optim.AdamW) and learn.lr == 0.7
    assert [[tuple(p.shape) for p in g['params']] for g in learn.opt.param_groups] == [[(4, 3), (4, 3)], [(4, 1), (4, 1)]]
    plain = collab_learner(loaders())
    assert plain.model.n_factors == 50 and plain.model.y_range is None and plain.loss_func is F.mse_loss and sum(isinstance(cb, MeanForUnknown) for cb in plain.cbs) == 1
    plain.create_opt()
    assert [g['weight_decay'] for g in plain.opt.param_groups] == [0.1, 0.01]
    net = collab_learner(loaders(), use_nn=True, layers=[7, 5], y_range=(0, 6), wd=0.2)
    net.create_opt()
    assert [g['weight_decay'] for g in net.opt.param_groups] == [0.2] and isinstance(net, CollabLearner)
    assert [tuple(layer.weight.shape) for layer in net.model.body if isinstance(layer, nn.Linear)] == [(7, 2 * emb_sz_rule(4)), (5, 7), (1, 5)]
    assert 0 < net.model(torch.tensor([[1, 1]])).item() < 6 and collab_learner(loaders(), use_nn=True).model.layers == (50,)
    default = CollabNN(30, 40)
    assert (default.users.weight.shape, default.items.weight.shape, default.n_out, default.y_range) == ((30, emb_sz_rule(30)), (40, emb_sz_rule(40)), 1, None)
    assert default.users.weight.std() < 0.012 and [type(layer) for layer in default.body] == [nn.Linear, nn.ReLU, nn.Linear] and default.layers == (50,)
    groups = factors_and_biases(plain.model)
    assert {id(p) for group in groups for p in group} == {id(p) for p in plain.model.parameters()}


def test_lines_that_students_know(tmp_path):
    "collab_learner as in design.md; save, load, export, load_learner, without ratings in the file."
    learn = trained()
    with learn.no_logging(): learn.fit_one_cycle(1, 5e-3, wd=0.1)
    learn.lr_find(num_it=30, show_plot=False)
    learn.path = tmp_path
    want, _ = learn.predict(dict(who='cat', what=10))
    again = load_learner(learn.export('model'))
    assert again.predict(dict(who='cat', what=10))[0].equal(want) and again.get_preds(again.dls.test_dl(FEW))[0].shape == (6,)
    assert not any('stars' in str(v) for v in load_tensors(learn.file_of('model'))[1].values())
    assert learn.get_preds(learn.dls.test_dl([dict(who='cat', what=10)]))[0].allclose(want)
    net = collab_learner(loaders(), use_nn=True, y_range=(0, 5.5), path=tmp_path)
    assert load_learner(net.export('net')).predict(dict(who='cat', what=10))[0].equal(net.predict(dict(who='cat', what=10))[0])
    with pytest.raises(ValueError, match="the model has no 'item_bias', expected a DotProductBias"): net.bias()
    learn.save('here'); learn.load('here')


def test_reading_a_model():
    learn = trained()
    assert learn.ids() == [10, 20, 30] and learn.ids(is_item=False) == ['ann', 'bob', 'cat']
    model = learn.model
    for is_item, table, bias, ids, places in ((True, model.items, model.item_bias, [30, 10], [3, 1]), (False, model.users, model.user_bias, ['bob'], [2])):
        assert learn.weight(ids, is_item).equal(table.weight[places]) and learn.bias(ids, is_item).equal(bias.weight[places, 0])
        assert learn.weight(is_item=is_item).equal(table.weight[1:]) and learn.bias(is_item=is_item).equal(bias.weight[1:, 0])
        assert not learn.weight(ids, is_item).requires_grad
    assert learn.bias('ann', is_item=False).shape == (1,)
    with pytest.raises(ValueError, match='`ids` has 99, expected users or items of the training set'): learn.weight([10, 99])
    near = learn.similar(20, 2)
    cosine = F.cosine_similarity(model.items.weight[[1, 3]], model.items.weight[2], dim=1)
    assert near['item'].tolist() == [[10, 30][i] for i in cosine.argsort(descending=True)] and near.cosine.tolist() == pytest.approx(cosine.sort(descending=True).values.tolist())
    assert len(learn.similar(20)) == 2 and 20 not in learn.similar(20)['item'].tolist()
    assert learn.recommend('ann')['item'].tolist() == [20] and learn.recommend('bob')['item'].tolist() == [30]
    scores = learn.item_scores('ann')
    assert scores.allclose(model(torch.tensor([[1, 1], [1, 2], [1, 3]]))) and learn.recommend('ann').score.tolist() == [scores[1].item()] and not model.training


cases = st.integers(0, 10**6)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_ranks_equal_a_loop(seed):
    "Random tables with many ties, hidden items and items out of the race."
    gen = torch.Generator().manual_seed(seed)
    n, i = (int(torch.randint(1, 8, (), generator=gen)) for _ in range(2))
    scores, target = torch.randint(0, 4, (n, i), generator=gen).float(), torch.randint(0, i, (n,), generator=gen)
    seen = torch.rand(n, i, generator=gen) < 0.4
    by_loop = [sum(row[j] >= row[t] for j in range(i) if j != t and not out[j]) for row, t, out in zip(scores.tolist(), target.tolist(), seen.tolist())]
    places = ranks(scores, target, seen)
    assert places.tolist() == by_loop and places.dtype == torch.long
    for k in (1, 3, 10):
        assert hit_rate(places, k) == pytest.approx(sum(p < k for p in by_loop) / n)
        assert ndcg(places, k) == pytest.approx(sum(1 / math.log2(p + 2) for p in by_loop if p < k) / n)
    lone = torch.rand(n, i + 2, generator=gen)
    assert ndcg(ranks(lone, target, torch.zeros(n, i + 2).bool())) == pytest.approx(ndcg_score(F.one_hot(target, i + 2), lone, k=10))
    assert hit_rate(torch.tensor([9, 10])) == 0.5 and ndcg(torch.tensor([9, 10])) == pytest.approx(0.5 / math.log2(11))


def small_model(seed, y_range=(0, 5.5)):
    set_seed(seed)
    return DotProductBias(40, 12, 3, y_range, std=0.7)


def test_ranks_want_a_mark_for_each_score():
    with pytest.raises(ValueError, match='`seen` has shape'): ranks(torch.zeros(2, 3), torch.tensor([0, 1]), torch.zeros(1, 3).bool())


@settings(max_examples=15, deadline=None)
@given(cases)
def test_folding_in_finds_the_most_probable(seed):
    "No other optimizer gets lower; without answers it is the mean; with a single answer the prediction moves towards it."
    model = small_model(seed)
    items, said = torch.randint(1, 12, (5, 4)), torch.randint(1, 11, (5, 4)) / 2
    known = torch.cat([model.users.weight, model.user_bias.weight], 1)[1:].detach().double()
    mean, precision = known.mean(0), torch.linalg.inv(torch.cov(known.T))
    def surprise(users):
        score = torch.stack([torch.stack([(u[:-1] * model.items.weight[i].double()).sum() + u[-1] + model.item_bias.weight[i, 0] for i in row]) for u, row in zip(users, items)])
        return ((said - sigmoid_range(score, *model.y_range))**2).sum() / 0.8**2 + ((users - mean) @ precision * (users - mean)).sum()
    found = fold_in(model, items, said, 0.8, 50)
    other = mean.repeat(5, 1).requires_grad_()
    opt = torch.optim.LBFGS([other], max_iter=60, line_search_fn='strong_wolfe')
    def closure(): opt.zero_grad(); loss = surprise(other); loss.backward(); return loss
    opt.step(closure)
    assert surprise(found).item() <= surprise(other).item() + 1e-4 and found.dtype == torch.float64
    assert fold_in(model, items[:, :0], said[:, :0].double(), 0.8).allclose(mean)


@settings(max_examples=15, deadline=None)
@given(cases)
def test_the_most_telling_by_trying_all(seed):
    "Each step's item is the one whose answer leaves least variance over all predictions, found by inverting the precision for each."
    model = small_model(seed)
    known = torch.cat([model.users.weight, model.user_bias.weight], 1)[1:].detach().double()
    mean, cov, noise = known.mean(0), torch.cov(known.T), 0.6
    factors = torch.cat([model.items.weight.detach()[1:], torch.ones(11, 1)], 1).double()
    score = factors @ mean + model.item_bias.weight.detach()[1:, 0]
    slopes = factors * (5.5 * score.sigmoid() * (1 - score.sigmoid()))[:, None]
    precision, asked = cov.inverse(), []
    for _ in range(4):
        left = [math.inf if i in asked else ((slopes @ (precision + slopes[i].outer(slopes[i]) / noise**2).inverse()) * slopes).sum().item() for i in range(11)]
        asked.append(min(range(11), key=left.__getitem__))
        precision = precision + slopes[asked[-1]].outer(slopes[asked[-1]]) / noise**2
    assert (most_telling(model, 4, noise) - 1).tolist() == asked
    assert sorted(most_telling(model, 11, noise).tolist()) == list(range(1, 12))
    for bad in (0, 12):
        with pytest.raises(ValueError, match=f'`n` is {bad}, expected 1 to 11'): most_telling(model, bad, noise)
    for wrong in (lambda: most_telling(model, 1, 0), lambda: fold_in(model, torch.ones(1, 1).long(), torch.ones(1, 1), -1)):
        with pytest.raises(ValueError, match='`noise` is'): wrong()


def test_negatives_are_drawn_from_all_but_the_unknown():
    class Seen: xb, yb = torch.stack([torch.arange(5000), torch.ones(5000).long()], 1), None
    set_seed(0)
    NegativeSampling(7).before_batch(Seen)
    assert len(Seen.xb) == 25_000 and Seen.yb.tolist() == [1.] * 5000 + [0.] * 20_000 and Seen.xb[5000:, 0].tolist() == list(range(5000)) * 4
    counts = Seen.xb[5000:, 1].bincount()
    assert counts[0] == 0 and len(counts) == 7 and counts[1:].min() > 3000
    class Elsewhere: xb, yb = torch.ones(5, 2, dtype=torch.long, device='meta'), None                 # a device that every machine has
    NegativeSampling(7).before_batch(Elsewhere)
    assert Elsewhere.xb.device.type == Elsewhere.yb.device.type == 'meta' and Elsewhere.xb.shape == (25, 2)
    for bad in (dict(n_items=1), dict(n=0)):
        with pytest.raises(ValueError): NegativeSampling(**{**dict(n_items=5), **bad})


def test_correlations_of_spaces():
    gen = torch.Generator().manual_seed(0)
    a, b = torch.randn(50, 4, generator=gen).double(), torch.randn(50, 2, generator=gen).double()
    corrs = canonical_correlations(a, b)
    assert corrs.shape == (2,) and corrs[0] >= corrs[1] and corrs.allclose(canonical_correlations(b, a)) and corrs.allclose(canonical_correlations(3 * a - 5, b))
    assert canonical_correlations(a[:, :1], b[:, :1])[0].allclose(torch.corrcoef(torch.stack([a[:, 0], b[:, 0]]))[0, 1].abs())
    assert canonical_correlations(a, a).max() <= 1 and canonical_correlations(a, torch.cat([a[:, :1], b], 1))[0].allclose(torch.ones(1).double())
