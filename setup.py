"""The package, as settings.ini describes it."""
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup

here = Path(__file__).parent
parser = ConfigParser(delimiters=['='])
parser.read(here / 'settings.ini', encoding='utf-8')
cfg = parser['DEFAULT']
lines = lambda key: [line for line in cfg[key].splitlines() if line]

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], license='Apache-2.0',
    author=cfg['author'], author_email=cfg['author_email'], packages=[cfg['lib_path'], f"{cfg['lib_path']}.tools"],
    url=f"https://github.com/{cfg['user']}/{cfg['repo']}", python_requires=f">={cfg['min_python']}",
    long_description=(here / 'README.md').read_text(encoding='utf-8'), long_description_content_type='text/markdown',
    install_requires=lines('requirements'), extras_require={'dev': lines('dev_requirements')},
    entry_points={'console_scripts': lines('console_scripts')},
)
