#!/usr/bin/env python3
"""The GPU and the CPU make the same index and the same records; without a GPU, what --device says."""
from lib import *

check("auto, cpu, cuda or cuda:N" in run("align", "--device", "tpu", "x", "y", status=2)[1], "--device tpu: not refused")
if "\ncuda:0\t" not in run("devices")[0]:
    anl = index("none.anl")
    refused("index", "--device", "cuda", "-o", path("x.anl"), GENOME, says="--device cuda: ")
    refused("align", "--device", "cuda", "-o", path("x.bam"), anl, R1, R2, says="--device cuda: ")
    one, _ = subset(1)
    check("aligning on the CPU: " in run("align", "-v", 3, anl, one)[1], "auto: does not say why it runs on the CPU")
    skip("no NVIDIA GPU")

check(digest(index("cpu.anl", GENOME, "--device", "cpu")) == digest(index("gpu.anl", GENOME, "--device", "cuda", "-t", 2)), "another index")
for reads in ((R1,), (R1, R2)):
    want = body(run("align", "--device", "cpu", path("cpu.anl"), *reads)[0])
    for options in (("-t", 1), ("-t", 3), ("-K", 200000), ("-k", 5)):
        reference = want if options[0] == "-t" else body(run("align", "--device", "cpu", *options, path("cpu.anl"), *reads)[0])
        got = body(run("align", "--device", "cuda", *options, path("cpu.anl"), *reads)[0])
        check(got == reference, f"{options}, {len(reads)} files: other records")
