"""Answers to all questions that are tried: {id: (right, wrong)}."""
from importlib import import_module
from pathlib import Path

ALL = {}
for path in sorted(Path(__file__).parent.glob('q*.py')): ALL |= import_module(f'answers.{path.stem}').ALL
