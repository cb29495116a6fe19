"""One competitor of collab.py in a process and an environment of its own: `recipes` fits the five folds of MovieLens 100k and
answers with seconds and RMSE; `ranking` learns what people watch, and writes its scores of all films to a file.

    python collab_worker.py surprise|quick|recommended|popularity|ours|als|bpr FD          answers are lines of JSON, as in worker.py"""
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.tasks import read_movielens                         # noqa: E402
from benchmarks.worker import serve                                 # noqa: E402

RECIPES = dict(quick=dict(n_factors=20, bs=2048, n_epochs=3, lr=0.03, wd=0.5),
               recommended=dict(n_factors=50, bs=256, n_epochs=8, lr=6e-3, wd=0.5))


def ratings(): return pd.DataFrame(read_movielens().numpy(), columns=['user', 'film', 'rating', 'time']).astype(dict(rating=float))


def folds(rows):
    "The five folds of the data set: training set and test set of each."
    for test in np.array_split(np.arange(len(rows)), 5): yield rows.drop(index=test), rows.iloc[test]


def last_out(rows, back:int):
    "What each user rated before their last film (`back` 1) or their last but one (2), and this film."
    place = rows.sort_values('time', kind='stable').groupby('user').cumcount(ascending=False).reindex(rows.index)
    return rows[place >= back], rows[place == back - 1]


def surprise(train, test):
    "Seconds of the fit of Surprise's SVD with its own settings, and predictions, which it cuts to the scale."
    from surprise import SVD, Dataset, Reader
    columns = ['user', 'film', 'rating']
    known = Dataset.load_from_df(train[columns], Reader(rating_scale=(1, 5))).build_full_trainset()
    model = SVD()
    start = time.perf_counter()
    model.fit(known)
    seconds = time.perf_counter() - start
    return seconds, np.array([guess.est for guess in model.test(test[columns].values.tolist())])


def recipe(train, test, n_factors, bs, n_epochs, lr, wd):
    "The same of `collab_learner`, as in lesson 07."
    from course_lib.collab import CollabDataLoaders, collab_learner
    dls = CollabDataLoaders.from_df(train, valid=test, bs=bs)
    learn = collab_learner(dls, n_factors, y_range=(0, 5.5), wd=wd)
    start = time.perf_counter()
    with learn.no_logging(): learn.fit_one_cycle(n_epochs, lr)
    seconds = time.perf_counter() - start
    return seconds, learn.get_preds()[0].clamp(1, 5).numpy()


def recipes(who):
    "Mean of the five folds: seconds of a fit, and RMSE on the test set; and the RMSE of each."
    seconds, errors = [], []
    for train, test in folds(ratings()):
        spent, guesses = surprise(train, test) if who == 'surprise' else recipe(train, test, **RECIPES[who])
        seconds.append(spent); errors.append(float(np.sqrt(((guesses - test.rating.to_numpy())**2).mean())))
    return dict(fit=sum(seconds) / 5, rmse=sum(errors) / 5, folds=[round(e, 4) for e in errors])


def popularity(train, n):
    "How many saw each film, the same scores for all: (users, films)."
    return np.tile(np.bincount(train.film, minlength=n[1]).astype('float32'), (n[0], 1))


def watched(train, n, n_factors=50, n_epochs=10, lr=0.01, wd=0.1, n_negatives=4):
    "The model of what is watched of lesson 07."
    from course_lib.collab import CollabDataLoaders, NegativeSampling, collab_learner
    from course_lib.multilabel import binary_cross_entropy_with_logits
    dls = CollabDataLoaders.from_df(train.assign(watched=1.), rating_name='watched', valid=train[:64].assign(watched=1.), bs=1024)
    learn = collab_learner(dls, n_factors, wd=wd, loss_func=binary_cross_entropy_with_logits, cbs=NegativeSampling(dls.sizes[1], n_negatives))
    with learn.no_logging(): learn.fit_one_cycle(n_epochs, lr)
    scores = np.full(n, -np.inf, 'float32')
    for user in dls.user_item.users: scores[user, learn.ids()] = learn.item_scores(user).numpy()
    return scores


def implicit(model):
    "Scores of a model of implicit: its factors are made from a table of users by films, 1 where somebody saw a film."
    def scores(train, n, **how):
        from scipy.sparse import csr_matrix
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
        made = dict(als=AlternatingLeastSquares, bpr=BayesianPersonalizedRanking)[model](**how, num_threads=torch.get_num_threads(), random_state=torch.initial_seed())
        made.fit(csr_matrix((np.ones(len(train), 'float32'), (train.user, train.film)), n), show_progress=False)
        return made.user_factors @ made.item_factors.T
    return scores


RANKERS = dict(popularity=popularity, ours=watched, als=implicit('als'), bpr=implicit('bpr'))
SURPRISE, OURS, IMPLICIT = ['scikit-surprise', 'numpy'], ['torch'], ['implicit', 'numpy']
PACKAGES = dict(surprise=SURPRISE, quick=OURS, recommended=OURS, popularity=['numpy'], ours=OURS, als=IMPLICIT, bpr=IMPLICIT)


def ranking(who, back, out, **how):
    "Seconds, with loading; scores of all users and films go to the file `out`."
    rows = ratings()
    train, _ = last_out(rows, back)
    start = time.perf_counter()
    scores = RANKERS[who](train, (rows.user.max() + 1, rows.film.max() + 1), **how)
    np.save(out, scores)
    return dict(seconds=time.perf_counter() - start)


def work(who, task, seed, **what):
    np.random.seed(seed); torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')                             # films that only the test set has
        return dict(recipes=recipes, ranking=ranking)[task](who, **what)


if __name__ == '__main__': serve(work, PACKAGES)
