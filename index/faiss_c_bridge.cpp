// The functions of FAISS's C API that the store uses, over the C++ library: Debian ships the C headers without their code.
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/index_io.h>

#include <exception>
#include <string>

// After the C++ headers: both define METRIC_L2 and friends, so the C declarations live in names of their own here.
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace
{

thread_local std::string last_error;

template <typename F> int guarded(F f)
{
    try {
        f();
        return 0;
    } catch (const std::exception &e) {
        last_error = e.what();
    } catch (...) {
        last_error = "unknown exception";
    }
    return -1;
}

using faiss::Index;
typedef std::int64_t id; // Index::idx_t, or faiss::idx_t from 1.7.3 on

Index *index(void *p)
{
    return static_cast<Index *>(p);
}

const Index *index(const void *p)
{
    return static_cast<const Index *>(p);
}

faiss::IndexIVF *ivf(void *p)
{
    return static_cast<faiss::IndexIVF *>(index(p));
}

const faiss::IndexIVF *ivf(const void *p)
{
    return static_cast<const faiss::IndexIVF *>(index(p));
}

} // namespace

extern "C" {

const char *faiss_get_last_error()
{
    return last_error.c_str();
}

int faiss_IndexFlatL2_new_with(void **out, id d)
{
    return guarded([&] { *out = static_cast<Index *>(new faiss::IndexFlatL2(d)); });
}

int faiss_IndexIVFScalarQuantizer_new_with_metric(void **out, void *quantizer, size_t d, size_t nlist, int type, int metric, int residual)
{
    return guarded([&] {
        *out = static_cast<Index *>(new faiss::IndexIVFScalarQuantizer(index(quantizer), d, nlist,
                                                                       static_cast<faiss::ScalarQuantizer::QuantizerType>(type),
                                                                       static_cast<faiss::MetricType>(metric), residual != 0));
    });
}

void faiss_IndexIVFScalarQuantizer_set_nprobe(void *p, size_t nprobe)
{
    ivf(p)->nprobe = nprobe;
}

int faiss_IndexIVFScalarQuantizer_add_core(void *p, id n, const float *x, const id *ids, const id *lists)
{
    return guarded([&] { ivf(p)->add_core(n, x, ids, lists); });
}

int faiss_Index_train(void *p, id n, const float *x)
{
    return guarded([&] { index(p)->train(n, x); });
}

int faiss_Index_add(void *p, id n, const float *x)
{
    return guarded([&] { index(p)->add(n, x); });
}

int faiss_Index_search(const void *p, id n, const float *x, id k, float *distances, id *labels)
{
    return guarded([&] { index(p)->search(n, x, k, distances, labels); });
}

int faiss_IndexIVF_search_preassigned(const void *p, id n, const float *x, id k, const id *lists, const float *list_distances,
                                      float *distances, id *labels, int store_pairs)
{
    return guarded([&] { ivf(p)->search_preassigned(n, x, k, lists, list_distances, distances, labels, store_pairs != 0); });
}

size_t faiss_IndexIVF_get_list_size(const void *p, size_t list)
{
    return ivf(p)->get_list_size(list);
}

int faiss_write_index(const void *p, FILE *file)
{
    return guarded([&] { faiss::write_index(index(p), file); });
}

void faiss_Index_free(void *p)
{
    delete index(p);
}

} // extern "C"
