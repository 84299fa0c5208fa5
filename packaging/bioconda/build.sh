#!/bin/bash
set -euo pipefail
mkdir -p include/faiss
cp -r faiss/c_api include/faiss/
# shellcheck disable=SC2086  # CMAKE_ARGS are several
cmake -S . -B build-conda -G Ninja ${CMAKE_ARGS:-} -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_INSTALL_LIBDIR=lib \
  -DCMAKE_PREFIX_PATH="$PREFIX" -DFAISS_INCLUDE="$PWD/include" -DANNEAL_TESTS=OFF -DANNEAL_BENCHMARKS=OFF -DANNEAL_CUDA=OFF
cmake --build build-conda -j "${CPU_COUNT:-1}"
cmake --install build-conda
