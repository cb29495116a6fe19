"""A stand-in for an accelerator: a device named `standin` with real arithmetic, as strict as CUDA and MPS together.

A tensor on it wraps one of the CPU. Every operation passes through `run`, which refuses what an
accelerator refuses: operands on two devices, float64 (as MPS does), decompositions that MPS lacks,
`numpy`, a generator of the CPU. The device has a random stream of its own, and counts in `READS`
how often the CPU asked for a value, for which it would have to wait.

`install()` registers it with PyTorch, once a process. From then on a forked child cannot
differentiate, so the checks that use it run in a process of their own: `test_device.py` starts it."""
from collections import Counter
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils import backend_registration

NAME, READS = 'standin', Counter()
# Not in every version of MPS.
MISSING = {'linalg_qr', '_linalg_svd', '_linalg_eigh', '_linalg_eigvals', 'linalg_eig', 'linalg_lstsq',
           'linalg_inv_ex', '_linalg_solve_ex', '_linalg_det'}
MOVES = {'copy_', '_to_copy', '_copy_from', '_copy_from_and_resize'}
READERS = {'_local_scalar_dense', 'equal', 'is_nonzero', 'nonzero', 'masked_select'}
INDEXING = {'index', 'index_put', 'index_put_', '_index_put_impl_', '_unsafe_index'}


class OnStandin(Tensor):
    "A tensor of the device; `held` is the one of the CPU that has its values."
    @staticmethod
    def __new__(cls, held):
        if held.dtype in (torch.float64, torch.complex128):
            raise TypeError(f'Cannot convert a {NAME} Tensor to {held.dtype}: the device does not support it')
        self = Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(),
            dtype=held.dtype, device=torch.device(NAME, 0))
        self.held = held
        return self

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None): return run(func, *args, **kwargs or {})

    def __repr__(self): return f'{self.held}, on {NAME}'
    def tolist(self): return self.cpu().tolist()          # PyTorch refuses it for a subclass, not for a device
    def numpy(self, **_): raise TypeError(f"can't convert {NAME}:0 device type tensor to numpy. Use Tensor.cpu()")
    def __array__(self, *_, **__): return self.numpy()


def swap(f, x):
    "The same with `f` of each tensor in it."
    if isinstance(x, Tensor): return f(x)
    if isinstance(x, (list, tuple)): return type(x)(swap(f, part) for part in x)
    return {k: swap(f, v) for k, v in x.items()} if isinstance(x, dict) else x


def run(func, *args, **kwargs):
    "An operation with a tensor of the device, or one that makes such a tensor."
    name, tensors = func._schema.name.split('::')[1], []
    swap(tensors.append, (args, kwargs))
    ours, wanted = any(isinstance(t, OnStandin) for t in tensors), kwargs.get('device')
    here = ours if wanted is None else torch.device(wanted).type == NAME
    if name not in MOVES: refuse(func, name, args, kwargs, tensors)
    if ours and (name in READERS or name in MOVES and not (isinstance(args[0], OnStandin) and here)): READS[name] += 1
    held = lambda t: t.held if isinstance(t, OnStandin) else t
    inner_args, inner = swap(held, args), swap(held, kwargs)
    inner.pop('pin_memory', None)
    if wanted is not None: inner['device'] = torch.device('cpu')
    if name in ('_copy_from', '_copy_from_and_resize'):   # (source, target), by `torch.tensor(..., device=...)`
        inner_args[1].copy_(inner_args[0])
        return args[1]
    with own_stream(here and torch.Tag.nondeterministic_seeded in func.tags): out = func(*inner_args, **inner)
    same = {id(held(t)): t for t in tensors}              # changed in place: the same object comes back
    return swap(lambda t: same[id(t)] if id(t) in same else OnStandin(t) if here else t, out)


def refuse(func, name, args, kwargs, tensors):
    "Raise what an accelerator would raise, if it would."
    gen = kwargs.get('generator')
    if gen is not None: raise RuntimeError(f"Expected a '{NAME}' device type for generator but found '{gen.device.type}'")
    if torch.Tag.inplace_view in func.tags: raise NotImplementedError(f'the stand-in has no {name}')
    if not any(isinstance(t, OnStandin) for t in tensors): return
    if name in MISSING: raise NotImplementedError(f"The operator 'aten::{name}' is not implemented for {NAME}")
    strangers = [t for t in tensors if not isinstance(t, OnStandin)]
    if name in INDEXING:                                  # a tensor of the device may be indexed from the CPU
        strangers = [t for t in strangers if all(t is not i for i in args[1])]
    # numbers wrapped in a tensor may stand beside it, where an operation goes element by element
    if torch.Tag.pointwise in func.tags or name in {'where', 'fill_', 'masked_fill', *INDEXING}:
        strangers = [t for t in strangers if t.dim()]
    if strangers:
        raise RuntimeError(f'Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 '
                           f'and {strangers[0].device}, in {name}')


STREAM = [torch.Generator().manual_seed(0).get_state()]   # the device's random numbers


@contextmanager
def own_stream(wanted:bool):
    "Draw from the stream of the device, if wanted, and leave that of the CPU where it is."
    if not wanted: yield; return
    kept = torch.get_rng_state()
    torch.set_rng_state(STREAM[0])
    try: yield
    finally: STREAM[0] = torch.get_rng_state(); torch.set_rng_state(kept)


class Module(backend_registration._DummyBackendModule):
    "What `torch.standin` is, as `torch.cuda` for CUDA."
    def manual_seed_all(self, seed:int): STREAM[0] = torch.Generator().manual_seed(seed + 1).get_state()
    def get_rng_state(self, device=None): return STREAM[0].clone()
    def set_rng_state(self, state, device=None):
        if state.device.type != 'cpu': raise TypeError('expected a ByteTensor of the CPU')
        STREAM[0] = state.clone()


_LIBRARY = []


def install():
    "Register the device, once."
    if _LIBRARY: return
    backend_registration._setup_privateuseone_for_python_backend(NAME, backend_module=Module())
    _LIBRARY.append(torch.library.Library('_', 'IMPL'))
    _LIBRARY[0].fallback(run, 'PrivateUse1')
    _LIBRARY.append(torch.library.Library('aten', 'IMPL'))
    copy_from = torch.ops.aten._copy_from.default         # `torch.tensor(..., device=...)` calls it directly
    _LIBRARY[1].impl('_copy_from', lambda *args: run(copy_from, *args), 'PrivateUse1')
