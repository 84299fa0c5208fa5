# CUDA to C++ that the stand-in compiles: launches become calls, and dynamic shared memory a pointer. -DFROM=... -DTO=...
file(READ ${FROM} text)
string(REGEX REPLACE "([A-Za-z_][A-Za-z0-9_]*(<[^<>;()]*>)?)<<<" "stand_in::launch(\\1, " text "${text}")
string(REPLACE ">>>(" ")(" text "${text}")
string(REGEX REPLACE "extern __shared__ ([a-z0-9_]+) ([a-z_]+)\\[\\]" "\\1 *const \\2 = reinterpret_cast<\\1 *>(stand_in::shared_memory())" text "${text}")
file(WRITE ${TO} "#line 1 \"${FROM}\"\n${text}")
