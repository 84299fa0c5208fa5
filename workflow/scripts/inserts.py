#!/usr/bin/env python3
"""What -I is to say, from the summary of a run over the first pairs: MEAN,SD, or GIVEN; nothing where the run had no pairs to estimate from.

usage: inserts.py SUMMARY.json [GIVEN]
"""
import json
import sys

size = json.load(open(sys.argv[1]))["insert_size"]
given = "".join(sys.argv[2:])
print(given or f"{size['mean']:.2f},{size['sd']:.2f}" if size else "")
