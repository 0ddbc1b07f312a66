from setuptools import setup

setup()  # the metadata stands in pyproject.toml
