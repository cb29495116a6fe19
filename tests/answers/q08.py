"""Answers to the questions of lesson 08, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import numpy as np
import torch

from answers.forms import letter, number, several


def sized(f):
    "`f` where the films are as many as the columns."
    def slopes(ratings, user, film):
        if film.shape[0] != ratings.shape[1]: raise ValueError('not a film for each column')
        return f(ratings, user, film)
    return slopes
@sized
def by_where(ratings, user, film):
    errors = torch.where(ratings.isnan(), torch.zeros_like(ratings), user @ film.T - ratings)
    return 2 / (~ratings.isnan()).sum() * errors @ film
@sized
def by_loop(ratings, user, film):
    slopes, n = torch.zeros_like(user), ratings.isfinite().sum()
    for i in range(len(user)):
        for j in range(len(film)):
            if not ratings[i, j].isnan(): slopes[i] += 2 * (user[i] @ film[j] - ratings[i, j]) * film[j] / n
    return slopes
@sized
def by_copy(ratings, user, film):
    known, errors = ~torch.isnan(ratings), user @ film.T - ratings
    errors[~known] = 0
    return errors.mm(film).mul(2).div(known.sum())
@sized
def by_einsum(ratings, user, film):
    errors = (torch.einsum('uk,ik->ui', user, film) - ratings).nan_to_num(0.)
    return torch.einsum('ui,ik->uk', errors, film) * 2 / ratings.isfinite().sum()
@sized
def by_numpy(ratings, user, film):
    r, u, f = ratings.numpy(), user.numpy(), film.numpy()
    return torch.from_numpy(2 * np.nan_to_num(u @ f.T - r) @ f / np.isfinite(r).sum())
@sized
def in_lists(ratings, user, film): return by_einsum(ratings, user, film).tolist()
def unsized(ratings, user, film): return 2 * (user @ film.T - ratings).nan_to_num(0.) @ film / ratings.isfinite().sum()
def asserts(ratings, user, film):
    assert len(film) == ratings.shape[1]
    return unsized(ratings, user, film)
@sized
def of_films(ratings, user, film): return 2 * (user @ film.T - ratings).nan_to_num(0.).T @ user / ratings.isfinite().sum()
@sized
def with_nan(ratings, user, film): return 2 * (user @ film.T - ratings) @ film / ratings.isfinite().sum()
@sized
def in_place(ratings, user, film):
    ratings[ratings.isnan()] = 0.
    return by_einsum(ratings, user, film)
@sized
def by_rows(ratings, user, film): return 2 * (user @ film.T - ratings).nan_to_num(0.) @ film / ratings.isfinite().sum(1, keepdim=True)
@sized
def by_backward(ratings, user, film):
    leaf = user.clone().requires_grad_()
    (leaf @ film.T - ratings)[ratings.isfinite()].square().mean().backward()
    return leaf.grad
@sized
def by_func(ratings, user, film): return torch.func.grad(lambda u: (u @ film.T - ratings).nan_to_num(0.).square().sum() / ratings.isfinite().sum())(user)
@sized
def root(ratings, user, film): return by_einsum(ratings, user, film) / (user @ film.T - ratings).nan_to_num(0.).square().mean().sqrt()

ALL = {
'08-01': (letter('C'), ['A', 'B', 'D', 'E', 'BC', 'the solver', 3]),
'08-02': (several(180, 360), [(180, 180), (360, 180), (150, 300), (180, 361), (225, 450), (165, 330), 180, (180, 181), (12, 24)]),
'08-03': (number(0.25, '1/4', '25 %', 1 / 4), [4, 0.5, -0.25, 1, 0, 0.2, 'a quarter', '0,25']),
'08-04': (number(5 / 3, 1.67, 1.667, '5/3', '1.67'), [1.25, 1.29, 21.5, 5, 10, 1.7, 1.6, 28.67]),
'08-05': ([by_where, by_loop, by_copy, by_einsum, by_numpy, in_lists], [unsized, asserts, of_films, with_nan, in_place, by_rows, by_backward, by_func, root, lambda ratings, user, film: None]),
'08-06': ([lambda row: f'=B{row - 1}-learning_rate*X{row - 1}', lambda row: f'=b{row - 1} - LEARNING_RATE * x{row - 1}', lambda row: f'=$B{row - 1}-learning_rate*$X{row - 1}', lambda row: f'=-learning_rate*X{row - 1}+B{row - 1}',
           lambda row: f'=SUM(B{row - 1},-learning_rate*X{row - 1})', lambda row: f'=B{row - 1}-PRODUCT(X{row - 1}; learning_rate)', lambda row: '=B{0}-(X{0}*learning_rate)'.format(row - 1), lambda row: f'=sum(B{row - 1};-1*Learning_Rate*X{row - 1})'],
          [lambda row: f'=B{row - 1}-learning_rate*X{row}', lambda row: f'=X{row - 1}-learning_rate*B{row - 1}', lambda row: f'=B{row - 1}-learning_rate.real*X{row - 1}', lambda row: f'=B{row - 1}-learning_rate*X{row - 1}if 1 else 0',
           lambda row: f'=B{row - 1}-learning_rate@X{row - 1}', lambda row: f'=B{row - 1}-learning_rate*X{row - 1}**1', lambda row: f'==B{row - 1}-learning_rate*X{row - 1}', lambda row: f'=(B{row - 1},-learning_rate*X{row - 1})',
           lambda row: f'=B{row - 1}-learning_rate*1_0*X{row - 1}/10', lambda row: '=B[row-1]-learning_rate*X[row-1]', lambda row: f'=B{row + 1}-learning_rate*X{row + 1}', lambda row: f'B{row} = B{row - 1}-learning_rate*X{row - 1}',
           '=B2-learning_rate*X2', lambda row: f'=B{row - 1}-learning_rate*2', lambda row: f'=B{row - 1}-learning_rateX{row - 1}', lambda row: f'=B{row - 1}-0,1*X{row - 1}']),
'08-07': (several(2.6, 2.2), [(2.6, 2.25), (2.2, 2.6), (1.4, -0.2), (2.3, 1.6), (2.6, 2.248), 2.6, (2.61, 2.2), (3, 4)]),
'08-08': (['above', 'Above', "'above'", ' ABOVE ', ['above'], ('above',), 'above.'], ['below', 'alike', 'higher', 'above below', ('above', 'above'), 1.3, 'worse']),
'08-09': (several(75, 5), [(75, 1), (5, 75), (15, 1), (75, 15), (70, 5), 75, (225, 15), (150, 5)]),
'08-10': (several(7, 2), [(2, 2), (7, 7), (2, 7), (0, 2), (7, 8), 7, ('7', '=A1+1'), (1, 2)]),
'08-11': (number(0.25 ** 5, 0.00098, 0.000977, '1/1024', '0.098 %'), [0.001, 0.0009, 0.2373, 0.25, 0.05, 0.00068, 0.00127, 0.999, 1024, '0,00098']),
'08-12': (['explodes', 'Explodes', "'explodes'", 'explodes.', ['explodes'], ('EXPLODES',), ' explodes '], ['falls faster', 'stays', 'falls', 'it explodes', ('stays', 'explodes'), 20, 'explode']),
}
