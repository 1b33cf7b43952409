"""Runs every piece of SQL and Python of docs/data.md in the current folder, as a reader would, and
prints what each gave as a list of JSON rows."""

import json
import re
import sys

import duckdb
import pandas


def of_sql(text):
    answer = duckdb.sql(text)
    return [dict(zip(answer.columns, row)) for row in answer.fetchall()]


def of_python(text):
    names = {}
    exec(text, names)
    found = [value for name, value in names.items() if isinstance(value, (pandas.DataFrame, pandas.Series))]
    frame = found[-1].reset_index().astype(object)
    return frame.where(frame.notna(), None).to_dict(orient="records")


with open(sys.argv[1], encoding="utf-8") as page:
    pieces = re.findall(r"^```(sql|python)\n(.*?)^```", page.read(), re.DOTALL | re.MULTILINE)
answers = []
for language, text in pieces:
    rows = of_sql(text) if language == "sql" else of_python(text)
    answers.append({"text": text, "rows": rows})
print(json.dumps(answers, default=str))
