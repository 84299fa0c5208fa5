#include "base_code.h"

#define ROW 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4
#define UPPER 4, 0, 4, 1, 4, 4, 4, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4
const uint8_t anl_base_code[256] = {ROW, ROW, ROW, ROW, UPPER, UPPER, ROW, ROW, ROW, ROW, ROW, ROW, ROW, ROW};
