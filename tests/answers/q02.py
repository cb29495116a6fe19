"""Answers to the questions of lesson 02, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import math

import numpy as np
import torch
from torch import tensor

from answers.forms import number, several, whole

ALL = {
'02-01': (number(-0.5), [0.5, math.log(2), -math.log(2), 0.693, 1, 0]),
'02-02': (number(math.e, 2.72, 2.718, '2.718'), [2, 1, math.e ** 2, 2.7, 1 / math.e, 3]),
'02-03': (number(0.1, '10 %', '1/10'), [0, 0.5, 0.09, 1, 0.11, 10, '10']),
'02-04': ([([3.320, 1.350, 0.223], [0.679, 0.276, 0.046]), [(3.32, 1.35, 0.223), (0.679, 0.276, 0.046)], (tensor([3.3201, 1.3499, 0.2231]), tensor([0.6786, 0.2759, 0.0456])),
           (np.exp([1.2, 0.3, -1.5]), np.array([0.679, 0.276, 0.046])), ('3.320, 1.350, 0.223', '0.679, 0.276, 0.046'), (tensor([1.2, 0.3, -1.5]).exp(), tensor([1.2, 0.3, -1.5]).softmax(0))],
          [([3.320, 1.350, 0.223], [1., 0.407, 0.067]), ([0.679, 0.276, 0.046], [3.320, 1.350, 0.223]), ([3.3, 1.3, 0.2], [0.68, 0.28, 0.05]), [3.320, 1.350, 0.223], ([3.320, 1.350], [0.679, 0.276]),
           ([3.320, 1.350, 0.223], [0.333, 0.333, 0.333])]),
'02-05': (several(0.6, 0.1), [(0.6, 0.7), (0.1, 0.2), (0.6, 0.3), 0.6, (0.1, 0.6), (1, 2)]),
'02-06': ([(math.nan, complex(math.log(2), math.pi)), (float('nan'), 0.693 + 3.142j), [math.nan, 0.6931 + 3.1416j], (tensor(math.nan), complex(0.693, 3.1416)), (np.nan, np.log(-2 + 0j)),
           ('nan', 0.69315 + 3.14159j)],
          [(0., complex(math.log(2), math.pi)), (math.nan, math.log(2)), (math.nan, 0.693 - 3.142j), (math.nan, 3.142j), (-0.693, 0.693 + 3.142j), math.nan, (math.nan, 0.7 + 3j)]),
'02-07': (number(1 / 3, 0.333, 0.33, '1/3'), [1, 0.25, 0.5, 0.3, 0.36, 3]),
'02-08': (whole(8), [160, 20, 1, 7, 9, 28]),
'02-09': (number(math.log(10), 2.30, 2.303, '2.303'), [0.1, math.log2(10), 10, -math.log(10), 2.2, 2.31, '2,303']),
'02-10': (whole(88), [89, 709, 127, 38, 87, 88.5, 88.7]),
'02-11': ([lambda s: s.max() + (s - s.max()).exp().sum().log(), lambda s: (s - s.amax()).exp().sum().log() + s.amax(), lambda s: torch.log(torch.sum(torch.exp(s - torch.max(s)))) + torch.max(s),
           lambda s: max(v.item() for v in s) + math.log(sum(math.exp(v.item() - max(w.item() for w in s)) for v in s)), lambda s: s.max().detach() + (s - s.max().detach()).exp().sum().log(),
           lambda s: s.sort().values[-1] + torch.exp(s - s.sort().values[-1]).sum().log()],
          [lambda s: torch.logsumexp(s, 0), lambda s: torch.special.logsumexp(s, 0), lambda s: s.exp().sum().log(), lambda s: s.double().exp().sum().log(), lambda s: s.max() + math.log(len(s)),
           lambda s: (s.max() + (s - s.max()).exp().sum().log())[None], lambda s: (s[0] - s.log_softmax(0)[0])]),
'02-12': (several(-0.5, 0.5), [(0.5, 0.5), (0.5, -0.5), (-1, 1), (0, 0), (-0.25, 0.25), -0.5]),
}
