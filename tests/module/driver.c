/* In the place of NVIDIA's libcuda.so.1, which the program looks for before it loads its module. */
extern const int anl_test_driver;
const int anl_test_driver = 1;
