"""Lines that students of fastai bring: each works here, or is refused with a sentence that names our way.

`test_calls.py` tries them; the site's page "Ours, fastai, PyTorch" shows them. A line is run where `learn` has been
trained, and `dls`, `model`, `x` (an item), `accuracy`, `Learner`, `Callback` are known."""
from typing import NamedTuple


class Call(NamedTuple):
    lesson:str     # its number
    line:str       # as they write it; several, where it takes a class
    refused:str    # what the refusal says instead; '' if the line works
    note:str = ''  # what differs, where it works


OLD_CALLBACK = '''class Old(Callback):
    def after_step(self): print(self.learn.loss)
learn.fit(1, cbs=Old())'''

CALLS = [
    Call('05', 'Learner(dls, model, metrics=[error_rate, rmse])', '', '`from course_lib.tools.metrics import error_rate, rmse`'),
    Call('05', 'learn.create_opt()', ''),
    Call('05', 'with learn.no_bar(): learn.fit(1)', ''),
    Call('05', 'with learn.no_logging(): learn.fit(1, 1e-2, wd=0.1)', ''),
    Call('05', 'learn.add_cbs([Callback()]); learn.remove_cbs(learn.cbs[0])', ''),
    Call('05', 'learn.validate(ds_idx=0)', '', 'the items to train on, each once and as those for validation'),
    Call('05', 'learn.validate(dl=dls.valid)', ''),
    Call('05', 'learn.get_preds(ds_idx=0)', '', 'in their order, each once'),
    Call('05', 'learn.get_preds(0)', ''),
    Call('05', 'preds, target, losses = learn.get_preds(with_loss=True)', ''),
    Call('05', 'preds, target, decoded, losses = learn.get_preds(ds_idx=1, with_decoded=True, with_loss=True)', '', 'decoded: labels, as `predict` gives them'),
    Call('05', 'learn.get_preds(ds_idx=2)', '`ds_idx` is 2, expected 0 (training) or 1 (validation)'),
    Call('05', 'learn.show_results(max_n=2, figsize=(3, 3))', ''),
    Call('05', 'learn.summary()', '', 'a table'),
    Call('05', 'learn.recorder.plot_loss(skip_start=2)', ''),
    Call('05', 'learn.recorder.values, learn.recorder.metric_names', ''),
    Call('05', 'learn.export()', ''),
    Call('05', OLD_CALLBACK, 'write `def after_step(self, learn)`, and `learn` where others write `self.learn`'),
    Call('05', 'learn.fit(1, [1e-3, 1e-2])', '`lr` is [0.001, 0.01], expected a number'),
    Call('05', "Learner(dls, model, metrics='accuracy')", "`metrics` holds 'accuracy', expected a function such as accuracy"),
    Call('05', 'from course_lib.learner import error_rate, rmse', '`from course_lib.tools.metrics import error_rate`'),
    Call('05', 'from course_lib.learner import ReduceLROnPlateau', 'exercise 2 of lesson 05 builds it'),
    Call('05', 'from course_lib.learner import EarlyStoppingCallback', 'ours is `EarlyStopping(patience)`'),
    Call('05', 'from course_lib.learner import SaveModelCallback', 'ours is `SaveModel(name)`; then `learn.load(name)`'),
    Call('05', 'from course_lib.learner import F1Score', 'write a metric with state (lesson 05), or call a function of scikit-learn'),
    Call('05', 'from course_lib.learner import CSVLogger', '`from course_lib.tools.progress import CSVLogger`'),
]
