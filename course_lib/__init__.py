"""The modules of the lessons, in reading order. Behind them stand the tools, in `tools`.

01  training     From the pixels of one image to a trained network, by hand
02  losses       One number that says how wrong a choice among many is
03  multilabel   A yes or a no for each label, and how to judge the answers
04  data         From files and tables to batches that a model can take, and back to something you can look at
05  learner      The loop of lesson 01, grown into a machine that later lessons only have to steer
06  optim        What an optimizer does with gradients, and which rate to give it; adds `undone`, `lr_find`, `fit_one_cycle` and more to `Learner`
07  collab       Fill the gaps of a table of ratings, with factors that nobody had to name
08  spreadsheet  Matrix factorization in a workbook with live formulas, step by step and by solvers
"""
__version__ = "0.1.0"
